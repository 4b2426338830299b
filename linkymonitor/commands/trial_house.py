"""The simulated house of a trial: its folder, the facts of its life, its past in the log, and its live meter."""

# Strategy
#
# - A house lives now, and keeps its folder: each run makes the records since the newest one. A house that was asked
#   for at another time (day=, at=, speed=) has a clock of its own, and begins again with each run.
# - The facts (simulator/life.py) are a file in the folder of the log, written before what follows from them. So a run
#   may be cut at any instant: the next run goes on from the newest record.
# - A house that begins again does not remove anything: its folder is renamed, and only what an earlier run had renamed
#   makes room for it.

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkymonitor.commands import folders
from linkymonitor.commands.shared import sim_options
from linkymonitor.daily_log.files import files
from linkymonitor.daily_log.search import last_before
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.errors import LinkyMonitorError, StorageError, UsageError
from linkymonitor.language import Text, written_date
from linkymonitor.simulator.house import House
from linkymonitor.simulator.life import Life
from linkymonitor.simulator.options import PARIS, Options
from linkymonitor.simulator.past import records
from linkymonitor.simulator.seasons import local
from linkymonitor.simulator.wire import HouseClock, SimSource
from linkymonitor.source.base import SIMULATED
from linkymonitor.source.replay import WireSource
from linkymonitor.system.clock import Clock, SystemClock, WireClock
from linkymonitor.system.troubles import trouble

if TYPE_CHECKING:
    from linkymonitor.daily_log.section import Settings as LogSettings
    from linkymonitor.model.terms import Mode
    from linkymonitor.source.base import Source
    from linkymonitor.system.storage import Storage

#: The days before the first run that a house has.
PAST = 40
#: Lines of the past are written each time that so much time of the house has passed: lines that a power cut takes are
#: made again.
_SYNC_EVERY = timedelta(hours=6)
#: A newest record that is later than now by more than this was dated by a wrong clock.
_FUTURE = timedelta(minutes=2)
#: Wh by which the log may differ from the house: live, an index is logged one frame late.
_TOLERANCE = 50
_A_DAY = timedelta(days=1)


class TrialHouse:
    """The simulated house of a trial, in its folder.

    Args:
        folder: the folder of the house.
        spec: what was asked for, as the user wrote it.
        mode: the mode, if it was asked for besides.
        settings: of the log.
        lang: the language of the log.
        storage: writes the files.
        clock: the real clock.

    Raises:
        UsageError: *spec* is not understood, or would have the house live in the future.
    """

    def __init__(
        self,
        folder: Path,
        spec: str,
        mode: Mode | None,
        *,
        settings: LogSettings,
        lang: str,
        storage: Storage,
        clock: Clock | None = None,
    ) -> None:
        self.folder = folder
        self.log_dir = folder / "log"
        self._spec = spec.removeprefix(SIMULATED) + (f",{mode.value}" if mode else "")
        self._asked = sim_options(self._spec)
        self._settings = replace(settings, dir=self.log_dir, sync_every=_SYNC_EVERY)
        self._lang = lang
        self.storage = storage
        self._clock = clock or SystemClock()
        self._elsewhen = _elsewhen(spec, self._asked, self._clock.now())
        self._life = Life(self._asked, date.min, date.min)
        self._house: House | None = None
        self._living: Clock | None = None

    def now(self) -> datetime:
        """Return the time of the house, in UTC; before its meter is open, the time at which the meter will begin."""
        return self._living.now() if self._living else self._elsewhen or self._clock.now()

    def begins_again(self, past: int | None, *, fresh: bool) -> Text | None:
        """Return why the folder has to make room for this house, None when the house goes on from its log.

        Args:
            past: the days before the first run that were asked for; None: as many as there are.
            fresh: whether the user asked for a new beginning.

        Raises:
            LinkyMonitorError: the log has records that are later than now.
            UsageError: the folder is that of a meter, or was not made by a trial.
        """
        folders.keep_to(self.log_dir, folders.SIMULATED)
        facts = folders.facts(self.log_dir)
        if not facts:
            if files(self.log_dir, self.storage):
                raise UsageError(
                    Text(
                        f"{self.log_dir} : ce journal n'est pas d'un essai ; nommez un autre dossier avec --dir",
                        f"{self.log_dir}: this log is not of a trial; name another folder with --dir",
                    )
                )
            return None
        if fresh or self._elsewhen:
            return Text("La maison recommence", "The house begins again")
        life = _life(facts)
        if life is None or life.asked != self._asked:
            return Text(
                f"Une autre maison était là ({facts.get('house', '?')})",
                f"Another house was there ({facts.get('house', '?')})",
            )
        days = (life.first_run - life.since).days
        if past is not None and past != days:
            return Text(
                f"La maison a {days} {'jours' if days > 1 else 'jour'} de passé",
                f"The house has a past of {days} {'day' if days == 1 else 'days'}",
            )
        newest = self._newest()
        if newest is None:
            return None
        if newest > self.now() + _FUTURE:
            on = written_date(newest.date())
            raise LinkyMonitorError(
                Text(
                    f"{self.log_dir} : le journal va jusqu'au {on.fr} à {newest:%H:%M} UTC, après l'heure qu'il est ; "
                    "mettez l'horloge à l'heure, ou recommencez avec --fresh",
                    f"{self.log_dir}: the log goes on until {on.en} at {newest:%H:%M} UTC, which is later than now; "
                    "set the clock, or begin again with --fresh",
                )
            )
        last = last_before(self.log_dir, newest, storage=self.storage)
        truth = House(life.options(newest)).truth(newest)
        if last and any(
            abs(truth.indexes.get(code, 0) - wh) > _TOLERANCE for code, wh in last.indexes.items()
        ):
            return Text("La maison a été simulée autrement", "The house was simulated in another way")
        return None

    def make_room(self) -> Path:
        """Rename the folder of the house; return its new name.

        Raises:
            StorageError: it cannot be renamed.
        """
        before = self.folder.with_name(self.folder.name + ".before")
        try:
            if folders.facts(before / "log"):
                shutil.rmtree(before)
            self.folder.rename(before)
        except OSError as error:
            raise trouble(self.folder, error) from error
        return before

    def move_in(self, past: int | None) -> None:
        """Read the facts of the house, or make those of a new one with *past* days before today, and keep them.

        Args:
            past: None stands for PAST.

        Raises:
            StorageError: they cannot be kept.
        """
        now = self.now()
        life = _life(folders.facts(self.log_dir))
        if life is None:
            today = now.astimezone(PARIS).date()
            life = Life(self._asked, today - (PAST if past is None else past) * _A_DAY, today)
        self._keep(life.looked_at(now, self._newest()))
        self._house = House(self._life.options(now))

    def make_past(self, progress: Callable[[int, int], object], stopped: Callable[[], bool]) -> None:
        """Log what is missing until now.

        Args:
            progress: called with how many days are made, and how many there are to make.
            stopped: returns True when no more is to be made; what is made then is whole.

        Raises:
            StorageError: the disk refuses the log; what it took is whole.
        """
        assert self._house is not None
        now = self.now()
        begin = max(self._newest() or now - 40000 * _A_DAY, local(self._life.since, 0))
        first, made = begin.astimezone(PARIS).date(), -1
        days = (now.astimezone(PARIS).date() - first).days + 1
        clock = WireClock(begin)
        log = self._log(clock)
        try:
            for record in records(self._house, begin, now, self._life.silences):
                clock.advance((record.ended_at - clock.now()).total_seconds())
                log.append(record)
                log.tick(clock.monotonic())
                day = (record.ended_at.astimezone(PARIS).date() - first).days
                if day > made:
                    made = day
                    progress(made, days)
                if stopped() or log.refused:
                    break
        finally:
            log.close()
        if log.pending:
            raise StorageError(
                Text(
                    f"{self.log_dir} : le disque ne prend pas la suite du passé ; faites de la place, puis relancez : "
                    "ce qui est fait est entier",
                    f"{self.log_dir}: the disk does not take the rest of the past; free some space, then start again: "
                    "what is made is whole",
                )
            )

    def open(self) -> tuple[Source, Clock]:
        """Return the live meter of the house from now on, and its clock.

        Raises:
            StorageError: the start cannot be kept.
        """
        assert self._house is not None
        now = self.now()
        self._keep(self._life._replace(starts=(*self._life.starts, now)))
        for load in self._life.loads_of_run(now):
            self._house.switch_on(load)
        self._house.skip_to(now)
        source, self._living = self._opened(self._house, now)
        return source, self._living

    def _opened(self, house: House, now: datetime) -> tuple[Source, Clock]:
        speed = self._asked.speed
        if self._elsewhen is None:
            return SimSource(house.options, self._clock, house=house), self._clock
        if speed is None:
            wire = WireClock(now)
            source = SimSource(house.options, self._clock, None, house=house)
            return WireSource(source, wire, house.options.mode, dated=False), wire
        clock = HouseClock(now, self._clock, speed)
        return SimSource(house.options, clock, 1.0, clock.sleep, house=house), clock

    def _newest(self) -> datetime | None:
        """Return the stamp of the newest record of the log, None when there is none."""
        log = self._log(WireClock(self.now()))
        try:
            return log.last_stamp
        finally:
            log.close()

    def _log(self, clock: Clock) -> DailyLog:
        salt = folders.salt(self.storage, self.log_dir)
        return DailyLog(self.storage, self._settings, clock, salt=salt, lang=self._lang)

    def _keep(self, life: Life) -> None:
        self._life = life
        facts = {
            "house": self._spec,
            "since": str(life.since),
            "first_run": str(life.first_run),
            "starts": [start.isoformat() for start in life.starts],
            "special": sorted(map(str, life.special)),
        }
        folders.keep_facts(self.storage, self.log_dir, folders.SIMULATED, facts)


def _life(facts: dict[str, Any]) -> Life | None:
    """Return the life made of *facts*; None when there are no facts, or they cannot be read."""
    try:
        return Life(
            sim_options(facts["house"]),
            date.fromisoformat(facts["since"]),
            date.fromisoformat(facts["first_run"]),
            tuple(map(datetime.fromisoformat, facts["starts"])),
            frozenset(map(date.fromisoformat, facts["special"])),
        )
    except (KeyError, TypeError, ValueError, UsageError):
        return None


def _elsewhen(spec: str, asked: Options, now: datetime) -> datetime | None:
    """Return the time at which the house begins if that is not the present; None for the present.

    Raises:
        UsageError: the house would get records of the future.
    """
    if asked.day is not None:
        return asked.start
    if asked.at is not None:
        today = now.astimezone(PARIS).date()
        start = replace(asked, day=today).start
        return start if start <= now else replace(asked, day=today - _A_DAY).start
    if asked.speed == 1.0:
        return None
    if asked.duration is None:
        raise UsageError(
            Text(
                f"{spec} : irait plus vite que le temps, donc dans l'avenir ; ajoutez duration=1h ou day=2026-01-13",
                f"{spec}: would run faster than time, into the future; add duration=1h or day=2026-01-13",
            )
        )
    return (now - asked.duration).replace(microsecond=0)
