"""Whatever becomes of the log and of the summaries, the days that are kept are those that the log has.

The log grows, is cut, compressed, moved away and brought back, and lines of an hour that has passed are added to it;
the files of the summaries are cut, damaged, removed and brought back. After each report its days are compared with
those of a report that has the log alone.
"""

from __future__ import annotations

import gzip
import random
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report.gather import LogDays
from linkymonitor.report.history import History
from linkymonitor.summaries.day import DaySummary
from linkymonitor.summaries.store import FOLDER
from linkymonitor.system.storage import Storage
from tests.report.house import PARIS, contract, local, records, write_log
from tests.report.test_history import DAY, ONE
from tests.support.extent import extent

STEPS = 30
FIRST = DAY - ONE


class Walk:
    """One log and its summaries, to which *chance* does something at each step."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.logs = folder / "logs"
        self.away = folder / "away"
        self.alone = folder / "alone"
        self.added = folder / "added"
        self.logs.mkdir()
        self.away.mkdir()
        self.chance = chance
        self.now = local(FIRST, 5)
        self.wh = 1_000_000

    def step(self) -> None:
        """Do one thing."""
        acts = (
            self.grow,
            self.grow,
            self.grow,
            self.report,
            self.report,
            self.cut,
            self.pack,
            self.move_away,
        )
        more = (self.bring_back, self.repeat, self.damage, self.lose, self.silence)
        self.chance.choice((*acts, *more))()

    def grow(self) -> None:
        self._log(self.now, self.now + timedelta(minutes=self.chance.randrange(10, 900)))

    def silence(self) -> None:
        self.now += timedelta(hours=self.chance.randrange(1, 30))

    def repeat(self) -> None:
        """A clock that was set back writes lines of an hour that has passed."""
        now, begin = self.now, self.now - timedelta(hours=self.chance.randrange(1, 30))
        self._log(begin, begin + timedelta(minutes=40))
        self.now = now

    def cut(self) -> None:
        for path in self._some(self.logs.glob("*.log")):
            content = path.read_bytes()
            path.write_bytes(content[: content.rfind(b"\n", 0, -self.chance.randrange(2, 900)) + 1])

    def pack(self) -> None:
        for path in self._some(self.logs.glob("*.log")):
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()

    def move_away(self) -> None:
        for path in self._some(self.logs.glob("*.log*")):
            path.rename(self.away / path.name)

    def bring_back(self) -> None:
        for path in self.away.iterdir():
            if not any((self.logs / name).exists() for name in _names(path.name)):
                path.rename(self.logs / path.name)

    def damage(self) -> None:
        for path in self._some((self.logs / FOLDER).glob("*.jsonl")):
            content = bytearray(path.read_bytes())
            at = self.chance.randrange(len(content) + 1)
            if self.chance.random() < 0.5:
                del content[at:]
            elif at < len(content):
                content[at] ^= 1 << self.chance.randrange(8)
            path.write_bytes(content)

    def lose(self) -> None:
        """Remove a file of summaries, or bring back the one that was removed before."""
        for path in self._some((self.logs / FOLDER).glob("*.jsonl")):
            old = self.away / f"{path.name}.old"
            content = old.read_bytes() if old.exists() else b""
            old.write_bytes(path.read_bytes())
            path.write_bytes(content)

    def report(self) -> None:
        """Compare the days with those of the log alone; not while a part of it is away, which a summary outlives."""
        kept = _days(self.logs, self.now)
        if any(path.name.endswith((".log", ".gz")) for path in self.away.iterdir()):
            return
        shutil.copytree(self.logs, self.alone, ignore=lambda folder, names: {FOLDER} & set(names))
        assert kept == _days(self.alone, self.now)
        shutil.rmtree(self.alone)

    def _log(self, begin: datetime, end: datetime) -> None:
        rows = records(begin, end, step=1800, contract=contract("BASE"), indexes={"TH": self.wh})
        self.now = end
        self.wh = rows[-1].indexes["TH"]
        write_log(self.added, rows)
        for part in self.added.iterdir():
            path = self.logs / part.name
            packed = path.with_name(path.name + ".gz")
            if packed.exists():  # as the log does before it writes to such a file
                path.write_bytes(gzip.decompress(packed.read_bytes()))
                packed.unlink()
            with path.open("ab") as file:
                file.write(part.read_bytes())
            part.unlink()

    def _some(self, paths: object) -> list[Path]:
        there = sorted(paths)  # type: ignore[call-overload]
        return [self.chance.choice(there)] if there else []


def _names(name: str) -> tuple[str, str]:
    plain = name.removesuffix(".gz")
    return plain, f"{plain}.gz"


def _days(logs: Path, now: datetime) -> dict[object, DaySummary]:
    source = LogDays(logs, tz=PARIS, now=now, storage=Storage())
    return dict(History(source, PriceBook(Prices()), pytest.fail).between(FIRST - 9 * ONE, FIRST + 99 * ONE))


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(extent(2, 1000)))
def test_the_days_are_those_of_the_log_whatever_becomes_of_it(tmp_path, seed):
    walk = Walk(tmp_path, random.Random(seed))
    for _ in range(STEPS):
        walk.step()
    walk.bring_back()
    walk.report()
