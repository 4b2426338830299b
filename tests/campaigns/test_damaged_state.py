"""Every file of acquire, damaged in every way: acquire starts and goes on, and its log can be read back.

The short form damages some offsets, the full form each.
"""

from __future__ import annotations

import gzip
import logging
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from linkymonitor import cli
from linkymonitor.daily_log.files import file_of, records
from linkymonitor.errors import StorageError
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.system.lock import LOCK_NAME
from linkymonitor.system.own_files import ASIDE
from tests.support.extent import FULL, extent

START = datetime(2025, 12, 1, 11, tzinfo=UTC)
DAY = START.date()
FRAMES = 24


@pytest.fixture(scope="module")
def wire() -> bytes:
    """A minute of a meter."""
    house = House(parse_spec("ejp,day=2025-12-01,at=12:00,pv"))
    return b"".join(one for _, one in islice(house.frames(), FRAMES))


class Home:
    """The folders of one installation, and one start of acquire in them."""

    def __init__(self, root: Path, wire: bytes) -> None:
        self.root, self.log, self.run = root, root / "log", root / "run"
        self._source = root / "meter.tic"
        self._source.write_bytes(wire)
        self.ini = root / "linkymonitor.ini"
        self.ini.write_text(f"[general]\nlang = en\nruntime_dir = {self.run}\n")

    @property
    def words(self) -> list[object]:
        return ["-c", self.ini, "-i", self._source, "--log-dir", self.log, "--at", START.isoformat()]

    def acquire(self, at: datetime = START) -> int:
        return cli.main(["acquire", *map(str, self.words[:-1]), at.isoformat()])

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.log.iterdir() if path.is_file()}

    def records(self) -> int:
        return sum(1 for _ in records(self.log, START - timedelta(days=9), START + timedelta(days=9)))


@pytest.fixture
def home(tmp_path, wire):
    return Home(tmp_path, wire)


@pytest.fixture(autouse=True)
def _no_traceback(caplog):
    caplog.set_level(logging.ERROR)
    yield
    assert not caplog.records, "a part raised"


@pytest.fixture(scope="module")
def before(tmp_path_factory, wire) -> dict[str, bytes]:
    """The files of an installation that has run for two days: role → content."""
    home = Home(tmp_path_factory.mktemp("before"), wire)
    assert home.acquire(START - timedelta(days=1)) == 0
    assert home.acquire(START - timedelta(minutes=5)) == 0
    held = home.files()
    yesterday = file_of(home.log, DAY - timedelta(days=1)).name
    held[f"{yesterday}.gz"] = gzip.compress(held.pop(yesterday), mtime=0)
    return held


def roles(home: Home) -> dict[str, Path]:
    """Every file that acquire reads or writes, but the configuration."""
    yesterday = file_of(home.log, DAY - timedelta(days=1))
    return {
        "salt": home.log / "salt",
        "lock": home.log / LOCK_NAME,
        "log of the day": file_of(home.log, DAY),
        "log of the day before, compressed": yesterday.with_name(yesterday.name + ".gz"),
        "left over from a cut": home.log / f".{yesterday.name}.gz.77.tmp",
        "log of tomorrow": file_of(home.log, DAY + timedelta(days=1)),
        "latest.json": home.run / "latest.json",
    }


def _directory(path: Path, good: bytes) -> None:
    path.mkdir()
    (path / "in it").write_bytes(b"x")


def _file(content: Callable[[bytes], bytes]) -> Callable[[Path, bytes], object]:
    return lambda path, good: path.write_bytes(content(good))


DAMAGES: dict[str, Callable[[Path, bytes], object]] = {
    "absent": lambda path, good: None,
    "empty": _file(lambda good: b""),
    "NUL bytes": _file(lambda good: bytes(len(good) or 64)),
    "one long NUL": _file(lambda good: bytes(1 << 20)),
    "garbage": _file(lambda good: random.Random(7).randbytes(len(good) or 64)),
    "garbage with lines": _file(lambda good: random.Random(8).randbytes(4000).replace(b"e", b"\n") + b"\n"),
    "from the future": _file(lambda good: good.replace(b"2026/", b"2031/")),
    "twice": _file(lambda good: good + good),
    "a directory": _directory,
    "half, then NUL bytes": _file(lambda good: good[: len(good) // 2] + bytes(4096 - len(good) // 2 % 4096)),
}


def damaged(home: Home, before: dict[str, bytes], role: str, damage: Callable[[Path, bytes], object]) -> None:
    home.log.mkdir()
    home.run.mkdir()
    for name, data in before.items():
        (home.log / name).write_bytes(data)
    path = roles(home)[role]
    good = path.read_bytes() if path.exists() else next(iter(before.values()))
    path.unlink(missing_ok=True)
    damage(path, good)


def started_well(home: Home) -> None:
    """Start twice with the files as they are: both starts are logged, and no wrong record is read."""
    try:
        before = home.records()
    except StorageError:  # a directory stands in the place of a log
        before = 0
    assert home.acquire() == 0
    assert home.acquire(START + timedelta(minutes=10)) == 0
    assert home.records() >= before + 2 * (FRAMES // 8), "what was read was not logged"
    held = home.files()
    assert len(held["salt"].strip()) >= 16
    own = held[file_of(home.log, DAY).name]
    assert own.endswith(b"\n")
    assert own.count(b"Starting: ") >= 2
    assert len([name for name in held if ".bad-" in name]) <= ASIDE


@pytest.mark.campaign
@pytest.mark.parametrize("damage", list(DAMAGES))
@pytest.mark.parametrize(
    "role",
    [
        "salt",
        "lock",
        "log of the day",
        "log of the day before, compressed",
        "left over from a cut",
        "log of tomorrow",
        "latest.json",
    ],
)
def test_no_damage_keeps_acquire_from_its_work(home, before, role, damage):
    damaged(home, before, role, DAMAGES[damage])
    started_well(home)
    if role == "latest.json":
        assert not (home.run / "latest.json").exists(), "a stop leaves no stale reading"


@pytest.mark.campaign
@pytest.mark.parametrize("role", ["salt", "lock", "log of the day", "log of the day before, compressed"])
def test_a_file_may_be_cut_at_any_offset(tmp_path, wire, before, role):
    probe = Home(tmp_path, wire)
    size = len(before[roles(probe)[role].name])
    offsets = range(size + 1) if FULL else sorted({0, 1, size // 3, size - 2, size - 1, size})
    for offset in offsets:
        root = tmp_path / str(offset)
        root.mkdir()
        home = Home(root, wire)
        damaged(home, before, role, _file(lambda good, offset=offset: good[:offset]))
        started_well(home)


def test_everything_damaged_at_once(home, before):
    home.log.mkdir()
    home.run.mkdir()
    for role, path in roles(home).items():
        DAMAGES["garbage" if role == "salt" else "a directory"](path, b"x" * 64)
    assert home.acquire() == 0
    assert home.acquire(START + timedelta(minutes=10)) == 0
    held = home.files()
    assert held[file_of(home.log, DAY).name].count(b"\tDATA\t") >= 2


def test_a_salt_that_a_cut_has_emptied_is_drawn_anew_and_kept(home, before):
    damaged(home, before, "salt", DAMAGES["NUL bytes"])
    assert home.acquire() == 0
    salt = (home.log / "salt").read_bytes()
    assert home.acquire(START + timedelta(minutes=10)) == 0
    assert (home.log / "salt").read_bytes() == salt
    assert (home.log / "salt.bad-1").read_bytes() == bytes(len(salt))


GIGABYTES = 2 << 30
#: The huge files: a function that makes so many bytes, and how many.
HUGE: dict[str, tuple[Callable[[Path, int], object], int]] = {
    "NUL bytes": (lambda path, size: _sparse(path, size), extent(64 << 20, GIGABYTES)),
    "one line": (lambda path, size: _repeated(path, b"x" * 65536, size), extent(16 << 20, GIGABYTES)),
    "lines of the day": (
        lambda path, size: _repeated(path, b"2026/12/01 10:00:00\tINFO\t%s\n" % (b"y" * 300), size),
        extent(4 << 20, 128 << 20),
    ),
}
#: Runs a command, then prints its largest memory itself: os.wait4 would count the memory of the parent, too.
_PEAK = """
import sys
from linkymonitor import cli
code = cli.main(sys.argv[1:])
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
sys.exit(code)
"""


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def _repeated(path: Path, piece: bytes, size: int) -> None:
    block = piece * ((1 << 20) // len(piece))
    with path.open("wb") as file:
        while file.tell() < size:
            file.write(block)


def peak(*words: object) -> int:
    """Run a command that succeeds and prints at most one sentence; return its largest memory in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, *map(str, words)], capture_output=True, text=True, check=True
    )
    assert len(done.stderr.splitlines()) <= 1, done.stderr
    return int(done.stdout.split()[-1]) * 1024


def peaks(home: Home, day: date) -> tuple[int, int]:
    """Return the largest memory, in bytes, of report for *day*, and of acquire after it."""
    report = ("report", "-c", home.ini, "--log-dir", home.log, "-o", home.root / "pages", "-s", day)
    home.log.mkdir(exist_ok=True)
    return peak(*report), peak("acquire", *home.words)


@pytest.fixture(scope="module")
def usual(tmp_path_factory, wire) -> tuple[int, int]:
    """The largest memory of report and of acquire when there is no log yet."""
    return peaks(Home(tmp_path_factory.mktemp("usual"), wire), DAY)


@pytest.mark.campaign
@pytest.mark.parametrize("what", list(HUGE))
@pytest.mark.parametrize("day", [DAY, DAY - timedelta(days=1)], ids=["today", "yesterday"])
def test_a_huge_foreign_file_takes_no_more_memory_than_none(home, usual, what, day):
    """Two gigabytes under the name of a log; in the short form, some megabytes."""
    home.log.mkdir()
    path = file_of(home.log, day)
    make, size = HUGE[what]
    try:
        make(path, size)
        huge = peaks(home, day)
        for more, most in zip(huge, usual, strict=True):
            assert more <= most + (4 << 20)
            assert more <= 64_000_000
        assert home.records() >= FRAMES // 8
    finally:
        path.unlink()
