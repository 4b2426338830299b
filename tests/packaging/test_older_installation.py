"""The installation by hand of version 0.1.0 makes room, whichever installer comes: it is moved aside, and told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

STEPS = Path(__file__).parents[2] / "packaging" / "steps.sh"
UNIT = "[Unit]\nDescription=Reads the meter\n[Service]\nExecStart=/opt/linkymonitor/bin/linkymonitor acquire --led\n"
CRON = "10 1 * * * linkymonitor nice -n 15 /opt/linkymonitor/bin/linkymonitor report\n"


def put(root: Path, name: str, content: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


@pytest.fixture
def root(tmp_path):
    """Return a system that was set up word for word by the README of version 0.1.0."""
    put(tmp_path, "etc/systemd/system/linkymonitor.service", UNIT)
    put(tmp_path, "etc/cron.d/linkymonitor", CRON)
    put(tmp_path, "etc/linkymonitor.ini", "[general]\nlanguage = en\n")
    put(tmp_path, "opt/linkymonitor/pyvenv.cfg", "home = /usr/bin\n")
    put(tmp_path, "opt/linkymonitor/bin/linkymonitor", "#!/opt/linkymonitor/bin/python\n")
    put(tmp_path, "var/log/linkymonitor/2026_01_01_linkymonitor.log", "a day\n")
    link = tmp_path / "usr/local/bin/linkymonitor"
    link.parent.mkdir(parents=True)
    link.symlink_to("/opt/linkymonitor/bin/linkymonitor")
    return tmp_path


def move(root: Path, *, keep_ours: str = "") -> str:
    """Run the step, and return what it prints."""
    script = f'set -eu; ROOT=$1; KEEP_OURS={keep_ours}; . "$2"; move_older_installation'
    return subprocess.run(
        ["sh", "-c", script, "sh", str(root), str(STEPS)], capture_output=True, text=True, check=True
    ).stdout


def there(root: Path) -> set[str]:
    """Return the files below *root* but for those that were moved aside."""
    return {
        str(path.relative_to(root))
        for path in root.rglob("*")
        if not path.is_dir() and not path.is_relative_to(root / "var/backups")
    }


def aside(root: Path) -> set[str]:
    """Return the names of what was moved aside, without the folder with the date."""
    return {
        str(path.relative_to(folder))
        for folder in (root / "var/backups/linkymonitor").glob("by-hand-*")
        for path in folder.rglob("*")
        if not path.is_dir()
    }


MOVED = {
    "etc/systemd/system/linkymonitor.service",
    "etc/cron.d/linkymonitor",
    "opt/linkymonitor/pyvenv.cfg",
    "opt/linkymonitor/bin/linkymonitor",
    "usr/local/bin/linkymonitor",
}
STAYS = {"etc/linkymonitor.ini", "var/log/linkymonitor/2026_01_01_linkymonitor.log"}


def test_it_is_moved_aside_and_told_in_both_languages(root):
    told = move(root)
    assert aside(root) == MOVED
    assert there(root) == STAYS
    french, english = told.splitlines()
    assert (
        "une installation faite à la main a été mise de côté dans /var/backups/linkymonitor/by-hand-"
        in french
    )
    assert "/etc/cron.d/linkymonitor" in english
    assert english.endswith("the log and the settings stay in place.")


def test_the_second_time_there_is_nothing_to_move(root):
    move(root)
    assert move(root) == ""
    assert aside(root) == MOVED


def test_a_move_that_was_cut_off_is_completed(root):
    """The unit has moved, then the power went."""
    folder = root / "var/backups/linkymonitor/by-hand-20260101-000000/etc/systemd/system"
    folder.mkdir(parents=True)
    (root / "etc/systemd/system/linkymonitor.service").rename(folder / "linkymonitor.service")
    move(root)
    assert aside(root) == MOVED
    assert there(root) == STAYS


def test_files_of_others_stay(tmp_path):
    put(
        tmp_path,
        "etc/systemd/system/linkymonitor.service",
        "[Service]\nExecStart=/usr/bin/perl LinkyAcq.pl\n",
    )
    put(tmp_path, "etc/cron.d/linkymonitor", "# nothing yet\n")
    before = there(tmp_path)
    assert move(tmp_path) == ""
    assert there(tmp_path) == before


def test_a_line_for_cron_stays_where_an_owner_prefers_it_to_the_timer(tmp_path):
    """With the path of the environment, beside an installation from a clone; and as docs/units.md has it."""
    put(tmp_path, "var/lib/systemd/linkymonitor-units", "")
    put(tmp_path, "etc/cron.d/linkymonitor", CRON)
    assert move(tmp_path, keep_ours="yes") == ""
    put(tmp_path, "etc/cron.d/linkymonitor", "10 1 * * * linkymonitor nice -n 15 linkymonitor report\n")
    assert move(tmp_path) == ""


def test_a_unit_that_was_switched_on_is_noted_before_it_makes_room(root):
    """Its link leads nowhere then. The unit that its owner has switched off is not noted."""
    mark = "# Written by packaging/install of linkymonitor.\n"
    for unit in ("linkymonitor", "linkymonitor-serve"):
        put(root, f"etc/systemd/system/{unit}.service", UNIT + mark)
    link = root / "etc/systemd/system/multi-user.target.wants/linkymonitor.service"
    link.parent.mkdir()
    link.symlink_to("/etc/systemd/system/linkymonitor.service")
    put(root, "var/lib/systemd/linkymonitor-units", "")
    move(root)
    assert (root / "var/lib/systemd/linkymonitor-units").read_text() == "linkymonitor.service\n"
    assert not link.is_symlink()


def test_an_owner_who_went_back_may_change_over_again(root):
    """The newer version was removed, which notes what was switched on, and the old files were put back."""
    put(root, "var/lib/systemd/linkymonitor-units", "linkymonitor.service\n")
    move(root, keep_ours="yes")
    assert aside(root) == MOVED


def test_a_unit_that_starts_the_link_of_the_readme_is_one_by_hand_too(tmp_path):
    put(tmp_path, "etc/systemd/system/linkymonitor.service", UNIT.replace("/opt/linkymonitor", "/usr/local"))
    move(tmp_path)
    assert aside(tmp_path) == {"etc/systemd/system/linkymonitor.service"}


def test_what_make_install_wrote_stays_for_make_install_and_makes_room_for_the_package(root):
    mark = "# Written by packaging/install of linkymonitor.\n"
    put(root, "etc/systemd/system/linkymonitor.service", UNIT + mark)
    put(root, "opt/linkymonitor/installed-by", mark)
    (root / "etc/cron.d/linkymonitor").unlink()
    assert move(root, keep_ours="yes") == ""
    move(root)
    assert there(root) == STAYS


def test_what_a_first_make_install_has_left_half_made_is_removed_and_not_kept(tmp_path):
    put(tmp_path, "opt/linkymonitor/installed-by", "# Written by packaging/install of linkymonitor.\n")
    put(tmp_path, "opt/linkymonitor/pyvenv.cfg", "home = /usr/bin\n")
    assert move(tmp_path, keep_ours="yes") == ""
    assert there(tmp_path) == {"opt/linkymonitor/installed-by", "opt/linkymonitor/pyvenv.cfg"}
    assert move(tmp_path) == ""
    assert there(tmp_path) == set()
    assert aside(tmp_path) == set()


def test_what_an_upgrade_has_left_half_made_is_kept(root):
    """An owner may have put libraries of his own there."""
    put(root, "opt/linkymonitor/installed-by", "# Written by packaging/install of linkymonitor.\n")
    move(root)
    assert "opt/linkymonitor/bin/linkymonitor" in aside(root)
