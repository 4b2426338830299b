"""The shell lines of the pages for the owner of a box do as told.

The lines of a page are run in their order by `sh` on a copy of the files that they change: every absolute path is one
of a folder, and what would touch the machine (`systemctl`, `raspi-config`, `reboot`…) is noted instead of done.
"""

from __future__ import annotations

import re
import shlex
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.owner_pages import DOCS, FILES, name, shell, without_comments, without_sudo

#: The programs that a page may name, and that only note how they were called.
NOTED = (
    "apt",
    "i2cdetect",
    "journalctl",
    "linkymonitor",
    "make",
    "mkfs.ext4",
    "mount",
    "raspi-config",
    "reboot",
)
NOTED += ("sudoedit", "systemctl", "adduser", "rsync", "scp", "ssh", "git", "timedatectl", "vcgencmd")
#: The programs that really run, on the copies.
REAL = (
    "cat",
    "cp",
    "du",
    "echo",
    "grep",
    "gzip",
    "ls",
    "mkdir",
    "mv",
    "printf",
    "sed",
    "sh",
    "tail",
    "tar",
    "tee",
    "true",
)


class Card:
    """A folder with copies of the files of a card, and a shell whose absolute paths are in that folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.programs = root / "programs"
        self.programs.mkdir(parents=True)
        for noted in NOTED:
            self._write(noted, f'printf "%s\\n" "{noted} $*" >> {shlex.quote(str(root))}/noted')
        noted = shlex.quote(f"{root}/noted")
        bound = r"s/^\([^ ]*\) \([^ ]*\) none bind.*/\1 \2 ext4 rw 0 0/p"
        mounts = f"sed -n '{bound}' {root}/etc/fstab >>{root}/proc/mounts"
        overlay = f"grep -q '^overlayroot=tmpfs:recurse=0 ' {root}/boot/firmware/cmdline.txt || exit 0"
        self._write("mount", f'echo "mount $*" >>{noted}\n[ "$1" != -a ] || {mounts}')
        self._write(
            "reboot",
            f"echo reboot >>{noted}\n{overlay}\necho 'overlay / overlay rw 0 0' >>{root}/proc/mounts",
        )
        self._write("sudo", '[ "$1" = -u ] && shift 2\nexec "$@"')
        for real in REAL:
            where = shutil.which(real)
            if where:
                (self.programs / real).symlink_to(where)
        fstab = (
            "proc            /proc           proc    defaults          0       0\n"
            "PARTUUID=4e639091-01  /boot/firmware  vfat    defaults          0       2\n"
            "PARTUUID=4e639091-02  /               ext4    defaults,noatime  0       1\n"
        )
        self.put("etc/fstab", fstab)
        self.put("etc/linkymonitor.ini", "[meter]\nport = /dev/ttyAMA0\n")
        self.put("etc/systemd/journald.conf", "[Journal]\n#Storage=auto\n")
        self.put("boot/firmware/config.txt", "[all]\nenable_uart=1\n")
        self.put(
            "boot/firmware/cmdline.txt",
            "console=serial0,115200 console=tty1 root=PARTUUID=4e639091-02 rootwait\n",
        )
        self.put("var/log/linkymonitor/salt", "0123456789abcdef\n")
        self.put(
            "var/log/linkymonitor/2026_01_13_linkymonitor.log", "2026/01/13 17:58:00\tINFO\tContrat: …\n"
        )
        self.put("var/log/linkymonitor/quarantine.log", "2026/01/13 17:59:00\tcross\tPAPP 29990 +\n")
        self.put("var/lib/linkymonitor/report/today.html", "<!doctype html>\n")
        self.put("var/backups/linkymonitor/by-hand-2026-01-13/etc/cron.d/linkymonitor", "10 1 * * *\n")
        self.put("dev/ttyAMA0", "")
        self.put("proc/mounts", "/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n")
        for folder in ("var/log/linkymonitor", "var/lib/linkymonitor"):
            (root / folder).chmod(0o750)

    def _write(self, program: str, script: str) -> None:
        path = self.programs / program
        path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        path.chmod(0o755)

    def put(self, file: str, text: str) -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def text(self, file: str) -> str:
        return (self.root / file).read_text("utf-8")

    def run(self, block: str) -> str:
        """Run *block*; return what it prints."""
        inside = re.sub(
            r"(?<!grep )(?<![\w/.*}\\])/(?=(?:etc|boot|var|run|dev|opt|usr|data|mnt|sys|proc)\b)",
            f"{self.root}/",
            block,
        )
        # What a line writes into a file names the paths of the box, and not those of this folder.
        inside = re.sub(
            r"(printf|echo) .*?(?=\| sudo tee)",
            lambda line: line[0].replace(f"{self.root}/", "/"),
            inside,
            flags=re.DOTALL,
        )
        inside = inside.replace(" -C /", f" -C {self.root}").replace("/. /\n", f"/. {self.root}/\n")
        self._stays_inside(inside)
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", inside],
            cwd=self.root,
            env={"PATH": str(self.programs), "HOME": str(self.root), "USER": "marie", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _stays_inside(self, block: str) -> None:
        """Refuse a path that would be one of this machine; a pattern and a text to be printed are none."""
        for line in without_comments(block):
            if not line.startswith(("grep ", "echo ", "printf ")):
                outside = [word for word in shlex.split(line) if word.startswith("/")]
                assert all(word.startswith(f"{self.root}/") or word == str(self.root) for word in outside), (
                    line
                )

    def noted(self) -> list[str]:
        return self.text("noted").splitlines()


@pytest.fixture
def card(tmp_path) -> Card:
    return Card(tmp_path / "card")


def words_of(block: str) -> Iterator[str]:
    """Yield the program of each command of *block*."""
    for line in without_comments(block):
        for part in re.split(r"\s(?:\||&&|;)\s", line):
            yield from without_sudo(shlex.split(part))[:1]


@pytest.mark.parametrize("page", FILES, ids=name)
def test_a_page_names_only_programs_that_this_test_knows(page):
    for block in shell(page):
        assert set(words_of(block)) <= {*NOTED, *REAL, "zcat", "."}, block


@pytest.mark.parametrize("page", FILES, ids=name)
def test_every_shell_line_of_a_page_runs_on_a_copy_of_a_card(page, card):
    """In their order, for the English page and the French: comments with an apostrophe are among them."""
    for block in shell(page):
        card.run(block)


@pytest.mark.parametrize("page", ["power-cuts.md", "power-cuts.fr.md"])
def test_the_lines_that_spare_the_card_can_be_typed_twice(page, card):
    wear = list(shell(DOCS / page))[1]
    card.run(wear)
    once = card.text("etc/fstab")
    assert re.search(r"^PARTUUID=4e639091-02 +/ +ext4 +defaults,noatime,commit=60 +0 +1$", once, re.MULTILINE)
    assert once.count("commit=60") == 1
    assert len(once.splitlines()) == 3
    assert card.text("etc/systemd/journald.conf.d/volatile.conf").startswith("[Journal]\nStorage=volatile\n")
    card.run(wear)
    assert card.text("etc/fstab") == once


@pytest.mark.parametrize("page", ["power-cuts.md", "power-cuts.fr.md"])
def test_a_read_only_card_keeps_log_and_state_on_their_own_partition_and_can_be_undone(page, card):
    before = card.text("boot/firmware/cmdline.txt")
    _, _, partition, move, overlay, proof, undo, _ = shell(DOCS / page)
    for block in (partition, move, overlay):
        card.run(block)
    lines = [line.split() for line in card.text("etc/fstab").splitlines()]
    # Five or six columns each: overlayroot takes a line without its last number for a mistake.
    assert [(line[0], line[1]) for line in lines if len(line) == 6][-3:] == [
        ("LABEL=linkydata", "/data"),
        ("/data/log", "/var/log/linkymonitor"),
        ("/data/lib", "/var/lib/linkymonitor"),
    ]
    assert card.text("data/log/salt") == card.text("var/log/linkymonitor/salt")
    assert card.text("data/lib/report/today.html") == card.text("var/lib/linkymonitor/report/today.html")
    for new, old in (("data/log", "var/log/linkymonitor"), ("data/lib", "var/lib/linkymonitor")):
        kept, moved = (card.root / old).stat(), (card.root / new).stat()
        assert stat.S_IMODE(moved.st_mode) == stat.S_IMODE(kept.st_mode) == 0o750
        assert (moved.st_uid, moved.st_gid) == (kept.st_uid, kept.st_gid)
    assert card.text("boot/firmware/cmdline.txt") == f"overlayroot=tmpfs:recurse=0 {before}"
    noted = card.noted()
    stopped = noted.index(
        "systemctl stop linkymonitor linkymonitor-deliver linkymonitor-serve linkymonitor-report.timer"
    )
    started = noted.index("systemctl start linkymonitor linkymonitor-serve linkymonitor-report.timer")
    assert (
        stopped < noted.index("mount -a") < started < noted.index("apt install overlayroot") < len(noted) - 1
    )
    assert noted[-1].strip() == "reboot"
    assert "/var/log/linkymonitor" in card.run(proof)
    card.run(undo)
    assert card.text("boot/firmware/cmdline.txt") == before


def test_a_backup_has_what_is_worth_keeping(card):
    (backup,) = [block for block in shell(DOCS / "upgrade.md") if " czf " in block]
    card.run(backup)
    with tarfile.open(card.root / "linkymonitor-backup.tar.gz") as archive:
        members = [Path(member.name).name for member in archive.getmembers()]
    assert {"linkymonitor.ini", "salt", "2026_01_13_linkymonitor.log", "today.html"} <= set(members)


def test_a_line_that_is_no_shell_is_found(card):
    """A control of the test above: a page whose line the shell refuses does not pass."""
    with pytest.raises(AssertionError, match="echo"):
        card.run("echo it is not so; false\n")


def test_a_line_that_leaves_the_copy_is_not_run(card):
    with pytest.raises(AssertionError, match="/home/marie"):
        card.run("cp /etc/fstab /home/marie/fstab\n")
