"""`packaging/install --root`: a card with an installation by hand, installed twice, removed, purged.

The card is a folder; its /usr is that of this machine, and cannot be written there. Its mounts end with the process
that made them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import NamedTuple

import hatchling
import pytest

from linkymonitor import __version__

ROOT = Path(__file__).parents[2]
STORY = """
set -eu
root=$1 install=$2
mount --bind /usr "$root/usr"
mount -o remount,bind,ro "$root/usr"
mount --bind "$root/local" "$root/usr/local"
mount --bind "$3" "$root/libraries"
export PYTHONPATH=/libraries PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8
step() { # name, command: what it prints and how it ends, and then what there is of ours
	name=$1; shift
	"$@" >"$root/../$name.out" 2>&1 && echo 0 >"$root/../$name.status" || echo $? >"$root/../$name.status"
	(cd "$root" && find etc opt usr/local/bin var -path '*/backups/*' -prune -o ! -type d ! -name '*.pyc' \\
		! -path 'var/lib/apt/*' -printf '%p %l %m %u %T@\\n' | sort) >"$root/../$name.files"
}
step old env PATH=/old-python:$PATH "$install" --root "$root"
step first "$install" --root "$root"
step again "$install" --root "$root"
mkdir "$root/victim"
rm -rf "$root/var/lib/linkymonitor/report"
ln -s /victim "$root/var/lib/linkymonitor/report"
step linked "$install" --root "$root"
step victim stat -c '%U %a' "$root/victim"
rm "$root/var/lib/linkymonitor/report"
echo another >"$root/opt/linkymonitor/version"
printf '#!/bin/sh\nexit 1\n' >"$root/opt/linkymonitor/bin/pip"
step half "$install" --root "$root"
for cut in opt/linkymonitor/version etc/systemd/system/linkymonitor-report.timer var/lib/systemd/linkymonitor-units; do
	rm -f "$root/$cut"
done
echo 3.10 >"$root/opt/linkymonitor/python" # as of the Debian before
chroot "$root" systemctl disable --quiet linkymonitor-serve.service || true
step completed "$install" --root "$root"
chroot "$root" /usr/local/bin/linkymonitor setup --yes --only serial
chroot "$root" gpasswd -a root linkymonitor # as setup does for the owner
step removed "$install" --uninstall --root "$root"
step purged "$install" --purge --root "$root"
mkdir -p "$root/tmp/without/hatchling"
echo 'raise ImportError' >"$root/tmp/without/hatchling/__init__.py"
step offline env PYTHONPATH=/tmp/without PIP_NO_INDEX=1 "$install" --root "$root"
packaging=$(dirname "$install")
cp "$packaging"/../etc/systemd/*.service "$packaging"/../etc/systemd/*.timer "$root/etc/systemd/system"
for name in postinst prerm; do
	sed -e "/^#STEPS#/r $packaging/steps.sh" "$packaging/debian/$name" >"$root/tmp/$name"
done
mkdir "$root/tmp/bin" # what compiles asks dpkg for the files of the package, and there is no dpkg here
for name in py3compile py3clean; do
	printf '#!/bin/sh\\n' >"$root/tmp/bin/$name"
	chmod 755 "$root/tmp/bin/$name"
done
export PATH=/tmp/bin:$PATH
step packaged chroot "$root" sh /tmp/postinst configure
step newer chroot "$root" sh /tmp/postinst configure 0.0.1
step leaving chroot "$root" sh /tmp/prerm remove
step staying chroot "$root" sh /tmp/postinst abort-remove
"""


class Step(NamedTuple):
    """What a call of the installer printed, how it ended, and the files that are then there: path → all of its line."""

    said: str
    status: int
    files: dict[str, str]


def may_mount() -> bool:
    """Return whether this process may mount, out of sight of all others."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return tried.returncode == 0


def has_python() -> bool:
    """Return whether Debian's Python can make an environment, and is of the version of the libraries of the tests."""
    tried = subprocess.run(
        ["/usr/bin/python3", "-c", "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
    )
    return tried.stdout.strip() == sysconfig.get_python_version()


pytestmark = [
    pytest.mark.skipif(not may_mount(), reason="only root may mount, and not in every container"),
    pytest.mark.skipif(
        not (shutil.which("adduser") and shutil.which("apt-get")), reason="this is no Debian system"
    ),
    pytest.mark.skipif(
        not Path("/usr/bin/python3").exists() or not has_python(),
        reason="/usr/bin/python3 has no ensurepip, or is another version than that of the tests",
    ),
]


def lay(root: Path) -> None:
    """Make the card in *root*, with an installation by the README of version 0.1.0."""
    for name in (
        "dev",
        "proc",
        "usr",
        "tmp",
        "local/bin",
        "run",
        "libraries",
        "etc/systemd/system",
        "var/tmp",
        "var/lib/systemd",
    ):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        if Path("/", name).exists():
            (root / name).symlink_to(f"usr/{name}")
    put(root, "etc/resolv.conf", "")
    put(root, "boot/firmware/config.txt", "[all]\n")
    put(root, "etc/login.defs", "USERGROUPS_ENAB yes\n")
    put(root, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    put(root, "etc/group", "root:x:0:\ndialout:x:20:\n")
    put(root, "etc/linkymonitor.ini", "[general]\nlang = en\n\n# mine\n")
    put(
        root,
        "etc/cron.d/linkymonitor",
        "10 0 * * * linkymonitor nice -n 15 /opt/linkymonitor/bin/linkymonitor report\n",
    )
    put(
        root,
        "etc/systemd/system/linkymonitor.service",
        "[Service]\nExecStart=/opt/linkymonitor/bin/linkymonitor acquire --led\nUser=linkymonitor\n"
        "[Install]\nWantedBy=multi-user.target\n",
    )
    link = root / "etc/systemd/system/multi-user.target.wants/linkymonitor.service"
    link.parent.mkdir()
    link.symlink_to("/etc/systemd/system/linkymonitor.service")
    put(root, "opt/linkymonitor/pyvenv.cfg", "home = /usr/bin\n")
    (root / "local/bin/linkymonitor").symlink_to("/opt/linkymonitor/bin/linkymonitor")
    put(root, "var/log/linkymonitor/2026_01_01_linkymonitor.log", "a day\n")
    put(root, "old-python/python3", "#!/bin/sh\nexit 1\n")
    (root / "old-python/python3").chmod(0o755)


def put(root: Path, name: str, content: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(content)


@pytest.fixture(scope="module")
def steps(tmp_path_factory) -> dict[str, Step]:
    """Live through the story once; the tests look at its steps."""
    folder = tmp_path_factory.mktemp("card")
    root = folder / "root"
    lay(root)
    # hatchling is there, and with it all that linkymonitor needs: nothing is fetched.
    libraries = Path(hatchling.__file__).parents[1]
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", STORY, "story",
         str(root), str(ROOT / "packaging/install"), str(libraries)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    return {
        path.stem: Step(
            path.with_suffix(".out").read_text(),
            int(path.with_suffix(".status").read_text()),
            {line.split(" ", 1)[0]: line for line in path.read_text().splitlines()},
        )
        for path in folder.glob("*.files")
    }


PROGRAM = {"usr/local/bin/linkymonitor", "opt/linkymonitor/bin/linkymonitor"}
UNITS = {f"etc/systemd/system/{path.name}" for path in (ROOT / "etc/systemd").iterdir()}
SWITCHED_ON = {
    "etc/systemd/system/multi-user.target.wants/linkymonitor.service",
    "etc/systemd/system/multi-user.target.wants/linkymonitor-serve.service",
    "etc/systemd/system/timers.target.wants/linkymonitor-report.timer",
}
OWNERS = {"etc/linkymonitor.ini", "var/log/linkymonitor/2026_01_01_linkymonitor.log"}


def test_a_python_that_is_too_old_is_refused_before_anything_is_touched(steps):
    old = steps["old"]
    assert old.status == 1
    assert old.said.splitlines()[1] == (
        "linkymonitor: python3 is older than Python 3.11: Debian Bookworm or newer is needed"
    )
    assert "etc/cron.d/linkymonitor" in old.files
    assert "var/lib/systemd/linkymonitor-units" not in old.files


def test_it_is_installed_and_what_was_made_by_hand_has_made_room(steps):
    first = steps["first"]
    assert first.status == 0, first.said
    assert first.said.count("moved aside") == first.said.count("mise de côté") == 1
    assert set(first.files) >= PROGRAM | UNITS | SWITCHED_ON | OWNERS
    assert "etc/cron.d/linkymonitor" not in first.files
    for name in OWNERS:
        assert first.files[name] == steps["old"].files[name]


def test_the_second_time_nothing_changes(steps):
    again = steps["again"]
    assert again.status == 0, again.said
    assert again.said == (
        f"linkymonitor : à jour, version {__version__}\nlinkymonitor: up to date, version {__version__}\n"
    )
    assert again.files == steps["first"].files
    assert "installed. What is next: sudo linkymonitor setup" in steps["first"].said


def test_what_an_upgrade_that_was_cut_off_leaves_counts_as_no_version(steps):
    """Whoever goes back to the version of before gets it whole, and not what the upgrade has left."""
    half = steps["half"]
    assert half.status == 1
    assert "call this again with the network" in half.said
    assert "opt/linkymonitor/version" not in half.files


def test_an_installation_that_was_cut_off_is_completed(steps):
    """The version, a unit, and the note of what is switched on were missing; Python was another one."""
    completed = steps["completed"]
    assert completed.status == 0, completed.said
    assert set(completed.files) == set(steps["first"].files)
    environment = "opt/linkymonitor/pyvenv.cfg"
    assert completed.files[environment] != steps["first"].files[environment]


def test_root_follows_no_link_that_the_user_of_the_services_has_put_into_its_folder(steps):
    assert (steps["linked"].status, steps["victim"].said) == (0, "root 755\n")


def test_a_removal_of_the_package_that_is_broken_off_leaves_its_services_switched_on(steps):
    switched = [SWITCHED_ON & steps[name].files.keys() for name in ("packaged", "leaving", "staying")]
    assert switched == [SWITCHED_ON, set(), SWITCHED_ON]
    assert "setup" not in steps["staying"].said


def test_a_newer_package_says_its_version_and_that_of_before(steps):
    assert steps["newer"].said == (
        "linkymonitor : mis à jour, version 0.0.1 → @VERSION@\n"
        "linkymonitor: upgraded, version 0.0.1 → @VERSION@\n"
    )
    assert "installed. What is next: sudo linkymonitor setup" in steps["packaged"].said


def test_a_removal_names_what_setup_has_changed_before_anything_else(steps):
    changed = "/boot/firmware/config.txt /etc/systemd/system/serial-getty@ttyAMA0.service"
    french, english, *_ = steps["removed"].said.splitlines()
    assert french.startswith(f"linkymonitor : ce que setup a changé reste : {changed}")
    assert english.endswith(
        "; to take it back, install again, then 'sudo linkymonitor setup --undo', then remove"
    )
    _, english, *_ = steps["purged"].said.splitlines()
    assert english.startswith(f"linkymonitor: what setup has changed stays: {changed}")
    assert english.endswith(
        "; 'sudo linkymonitor setup --undo' had to come before; now it is to be taken back by hand"
    )


def test_a_purge_removes_the_group_of_which_the_owner_is_a_member_in_silence(steps):
    assert [line.partition(":")[0].rstrip() for line in steps["purged"].said.splitlines()] == [
        "linkymonitor"
    ] * 4


def test_a_removal_keeps_the_settings_and_the_log(steps):
    removed = steps["removed"]
    assert removed.status == 0, removed.said
    assert not (PROGRAM | UNITS | SWITCHED_ON) & set(removed.files)
    for name in OWNERS:
        assert removed.files[name] == steps["first"].files[name]


def test_a_purge_keeps_nothing(steps):
    purged = steps["purged"]
    assert purged.status == 0, purged.said
    assert not [name for name in purged.files if "linkymonitor" in name]


def test_a_first_installation_without_network_is_one_sentence_with_what_it_needs(steps):
    offline = steps["offline"]
    assert offline.status == 1
    told = [line for line in offline.said.splitlines() if line.startswith("linkymonitor")]
    assert len(told) == 2
    assert "besoin du réseau ou du paquet python3-hatchling ; rétablissez le réseau" in told[0]
    assert "needs the network or the package python3-hatchling; call this again" in told[1]
    assert "Traceback" not in offline.said
    assert not PROGRAM & set(offline.files)
