"""The pages for the owner of a box are true: twins agree, drawings are those of their code, shell lines do as told.

The lines of a page are run in their order by `sh` on a copy of the files that they change: every absolute path is one
of a folder, and what would touch the machine (`systemctl`, `raspi-config`, `reboot`…) is noted instead of done.
"""

from __future__ import annotations

import importlib.util
import io
import math
import re
import shlex
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest
from PIL import Image

from linkymonitor.commands.parser import parse
from linkymonitor.commands.table import COMMANDS
from linkymonitor.language import LANGUAGES
from linkymonitor.model.terms import Ejp
from linkymonitor.outputs.led import PATTERNS
from tests.support.markdown import FENCE, blocks

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
IMAGES = DOCS / "images"
PAGES = (
    "doctor",
    "first-start",
    "hardware",
    "pi",
    "power-cuts",
    "questions",
    "serve",
    "setup",
    "units",
    "upgrade",
)
FILES = [DOCS / f"{page}{ending}" for page in PAGES for ending in (".md", ".fr.md")]

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


def name(page: Path) -> str:
    return page.name


def program(file: str) -> ModuleType:
    """Return a program of docs/images as a module."""
    spec = importlib.util.spec_from_file_location(file.removesuffix(".py"), IMAGES / file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shape(page: Path) -> list[str]:
    """Return the kinds of the headings, rows, lists and pictures of *page*, in their order."""
    prose = FENCE.sub("```", page.read_text("utf-8"))
    return [mark[0] for line in prose.splitlines() if (mark := re.match(r"#+ |\||- |\d+\. |```|!\[", line))]


def shell(page: Path) -> Iterator[str]:
    """Yield the blocks of *page* that a reader pastes into a shell."""
    yield from (block.text for block in blocks(page) if block.kind == "sh")


def without_comments(block: str) -> list[str]:
    return [re.sub(r"(^|\s+)#.*", "", line).rstrip() for line in block.splitlines()]


@pytest.mark.parametrize("page", PAGES)
def test_twins_have_the_same_headings_tables_pictures_and_commands(page):
    english, french = DOCS / f"{page}.md", DOCS / f"{page}.fr.md"
    assert shape(english) == shape(french)
    assert [without_comments(block) for block in shell(english)] == [
        without_comments(block) for block in shell(french)
    ]
    bare = [[block.text for block in blocks(file) if block.kind == ""] for file in (english, french)]
    assert bare[0] == bare[1]
    assert f"]({french.name})" in english.read_text("utf-8")
    assert f"]({english.name})" in french.read_text("utf-8")


@pytest.mark.parametrize("page", FILES, ids=name)
def test_each_language_links_to_pages_of_its_language(page):
    """A French page links to the French twin of a page that has one."""
    french = page.name.endswith(".fr.md")
    for link in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8").partition("\n\n##")[2]):
        target = (page.parent / link).resolve()
        if not french:
            assert ".fr." not in target.name, link
        elif target.suffix in (".md", ".svg", ".png") and ".fr." not in target.name:
            twin = target.with_name(f"{target.stem}.fr{target.suffix}")
            assert not twin.exists(), f"{link}: {twin.name} is there"


def test_the_drawings_are_those_of_their_code():
    draw_wiring = program("draw_wiring.py")
    for drawing, draw in draw_wiring.DRAWINGS.items():
        for lang in LANGUAGES:
            assert "var(" not in draw(lang).svg(), "some viewers know no variables"
            kept = (IMAGES / f"{drawing}{draw_wiring.ENDINGS[lang]}").read_text("utf-8")
            assert kept == draw(lang).svg(), (
                f"{drawing}: run python docs/images/draw_wiring.py, and look at it"
            )


def test_the_screens_of_the_first_start_are_those_of_the_display():
    draw_oled = program("draw_oled.py")
    for screen in draw_oled.SCREENS:
        for lang, ending in (("en", ".png"), ("fr", ".fr.png")):
            with Image.open(IMAGES / f"screen-{screen}{ending}") as kept:
                same = (
                    kept.convert("RGB").tobytes() == draw_oled.screen(screen, lang).convert("RGB").tobytes()
                )
            assert same, f"{screen}: run python docs/images/draw_oled.py, and look at the pictures"


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, as WCAG counts it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["LIGHT", "DARK"])
def test_the_texts_of_the_drawings_can_be_read_in_both_themes(theme):
    colours = getattr(program("draw_wiring.py"), theme)
    for text in ("ink", "soft", "danger"):
        for ground in ("ground", "card"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_text_of_a_drawing_leaves_it(lang):
    """A letter of the widest usual font takes 0.62 of its height."""
    draw_wiring = program("draw_wiring.py")
    for drawing, draw in draw_wiring.DRAWINGS.items():
        for text in ElementTree.fromstring(draw(lang).svg()).iter("{http://www.w3.org/2000/svg}text"):
            classes = text.get("class", "").split()
            wide = 15 * 0.62 * len(text.text or "")
            left = float(text.get("x", "")) - wide * (1 if "r" in classes else 0.5 if "c" in classes else 0)
            assert left >= 0, (drawing, text.text)
            assert left + wide <= draw_wiring.WIDTH + 6, (drawing, text.text)


def numbers_of(cells: str) -> set[int]:
    return set(map(int, re.findall(r"\d+", cells)))


def test_the_header_is_drawn_as_the_table_of_the_readme_says():
    draw_wiring = program("draw_wiring.py")
    table = re.findall(
        r"^\| (.*?) \| .*? \| ([\d, ]+) \| (.*?) \|$", (ROOT / "README.md").read_text("utf-8"), re.M
    )
    told = {what.split()[0].strip(","): numbers_of(pins) for what, pins, _ in table}
    words = {"TIC": "receiver", "OLED": "display", "EJP": "lamp", "relay": "relay", "button": "button"}
    drawn: dict[str, set[int]] = {}
    for use in draw_wiring.PIN_USES:
        drawn.setdefault(use.part.en, set()).add(use.pin)
    assert drawn == {words[what]: pins for what, pins in told.items()}


def test_the_values_of_the_receiver_are_those_of_the_hardware_page():
    for lang, page in (("en", "hardware.md"), ("fr", "hardware.fr.md")):
        drawn = program("draw_wiring.py").receiver(lang).svg()
        text = (DOCS / page).read_text("utf-8")
        for part in ("R1", "R2"):
            (row,) = re.findall(rf"^\| {part} \| (.*?) \| (.*?) \|", text, re.MULTILINE)
            for value in row:
                assert value in drawn, (part, value)


def test_the_drawing_of_the_lamp_shows_the_patterns_of_its_code():
    draw_wiring = program("draw_wiring.py")
    seconds = {state: list(draw_wiring.lit(state)) for state, _ in draw_wiring.STATES}
    assert set(seconds) == {*PATTERNS, None}
    assert seconds[None] == []
    assert seconds[Ejp.PEAK] == [(0, 32)]
    assert len(seconds[Ejp.NOTICE]) == 16
    assert [begin for begin, _ in seconds[Ejp.NORMAL]] == [0, 30]
    assert len(seconds[Ejp.UNKNOWN]) == 16
    assert all(not math.isinf(end) for flashes in seconds.values() for _, end in flashes)


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
            words = shlex.split(part)
            while words[:1] == ["sudo"]:
                words = words[3:] if words[1:2] == ["-u"] else words[1:]
            if words:
                yield words[0]


@pytest.mark.parametrize("page", FILES, ids=name)
def test_a_page_names_only_programs_that_this_test_knows(page):
    for block in shell(page):
        assert set(words_of(block)) <= {*NOTED, *REAL, "zcat", "."}, block


@pytest.mark.parametrize("page", FILES, ids=name)
def test_a_command_within_a_sentence_is_understood(page):
    """Such as `sudo linkymonitor setup --only serial`; those of blocks are parsed by test_docs.py."""
    prose = FENCE.sub("", page.read_text("utf-8"))
    for line in re.findall(r"`((?:sudo (?:-u \w+ )?)?linkymonitor [a-z][^`…]*)`", prose):
        words = shlex.split(line)
        while words[0] == "sudo":
            words = words[3:] if words[1] == "-u" else words[1:]
        if len(words) == 2 and words[1] in COMMANDS:
            continue  # the name of a command alone
        with redirect_stderr(io.StringIO()) as said:
            try:
                parse(words[1:])
            except SystemExit:
                pytest.fail(f"{line}: {said.getvalue()}")


@pytest.mark.parametrize("page", FILES, ids=name)
def test_the_units_that_a_page_names_are_shipped(page):
    shipped = {unit.name for unit in (ROOT / "etc/systemd").iterdir()}
    told = page.read_text("utf-8")
    for line in re.findall(r"systemctl [^`\n#]*", told):
        for unit in re.findall(r"\blinkymonitor[-.\w]*", line):
            assert {unit, f"{unit}.service"} & shipped, line
    for unit in re.findall(r"\blinkymonitor[-\w]*\.(?:service|timer)\b", told):
        assert unit in shipped, unit


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


@pytest.mark.parametrize("page", ["pi.md", "pi.fr.md"])
def test_the_packages_of_the_pi_are_those_that_the_installers_install(page):
    control = (ROOT / "packaging/debian/control").read_text("utf-8")
    needed = "".join(re.findall(r"^(?:Depends|Recommends): (.*)$", control, re.MULTILINE))
    text = (DOCS / page).read_text("utf-8")
    told = set(re.findall(r"\bpython3-[a-z0-9.-]*[a-z0-9]", text))
    assert told - {"python3-venv"} <= set(re.findall(r"python3-[a-z0-9.-]+", needed))
