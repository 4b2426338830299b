"""The whole path of acquire: a meter's bytes to the pins, the display, latest.json and the daily log."""

# Strategy
#
# - One thread, one loop. A read waits until something is due: bytes, an output's next deadline, a sync.
# - A reading passes the parts in the order of the calls in _pass(): pins first, then the display, files last.
# - Each part is guarded from the others: a part that raises is logged with its traceback, and is called again with
#   the next reading. Whatever acts after some time goes by the monotonic clock.

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from linkymonitor.language import Text, counted
from linkymonitor.meter.meter import Heard, Meter
from linkymonitor.meter.watch import ClockWatch, LineWatch, SilenceWatch
from linkymonitor.model import counts
from linkymonitor.model.reading import DayTotals, Reading, Record, TariffState, View
from linkymonitor.model.terms import TRUSTED_FOR
from linkymonitor.state.contract import Journal
from linkymonitor.state.tariff import TariffFold
from linkymonitor.state.today import Today
from linkymonitor.system.clock import Clock
from linkymonitor.system.guard import Guard

if TYPE_CHECKING:
    from linkymonitor.daily_log.writer import DailyLog
    from linkymonitor.live.latest import Latest
    from linkymonitor.meter.quarantine import Quarantine
    from linkymonitor.outputs.base import Output
    from linkymonitor.state.aggregate import Aggregator
    from linkymonitor.state.ledger import Ledger
    from linkymonitor.state.month import Month
    from linkymonitor.system.timeline import Timeline

T = TypeVar("T")

#: A part whose tick raised is ticked again after this long, in seconds.
_RETRY = 1.0


class Appliance:
    """Everything that follows one meter, in the order in which a reading reaches it.

    Args:
        timeline: the time of the house, which dates readings and records; the timeline of the log when not given.
        quarantine: keeps the groups that acceptance held back; None keeps nothing.
        outputs: relays and lamps before displays, so that pins are set before anything slower.
        callbacks: called with each reading.
        month: counts the month of a display that shows it.
        silence: the meter is called silent after this many seconds without a believed frame.
    """

    def __init__(
        self,
        *,
        meter: Meter,
        clock: Clock,
        log: DailyLog,
        aggregator: Aggregator,
        ledger: Ledger,
        latest: Latest,
        timeline: Timeline | None = None,
        quarantine: Quarantine | None = None,
        outputs: Sequence[Output] = (),
        callbacks: Sequence[Callable[[Reading], object]] = (),
        silence: float = 10.0,
        tariff: TariffFold | None = None,
        journal: Journal | None = None,
        month: Month | None = None,
    ) -> None:
        self.meter = meter
        self.clock = clock
        self.log = log
        self.aggregator = aggregator
        self.latest = latest
        self.timeline = timeline or log.timeline
        self.quarantine = quarantine
        self.outputs = outputs
        self.callbacks = callbacks
        self.silence = silence
        self.tariff = tariff or TariffFold()
        self.today = Today(ledger, self.timeline, log.day_so_far)
        self.journal = journal or Journal()
        self.month = month
        self.view: View | None = None
        self._guard = Guard().call
        self._silence_watch = SilenceWatch(silence, clock.monotonic())
        self._line_watch = LineWatch()
        self._clock_watch = ClockWatch()
        self._stopping = False
        self._deadline = -math.inf

    def stop(self) -> None:
        """Ask the loop to end; safe in a signal handler."""
        self._stopping = True

    def run(self, until: float = math.inf) -> None:
        """Follow the meter as follow() does, then close every part."""
        try:
            self.follow(until)
        finally:
            self.close()

    def follow(self, until: float = math.inf, turned: Callable[[float], None] = lambda now: None) -> None:
        """Follow the meter until the input ends, stop() is called, or the monotonic time *until*.

        Args:
            until: when to end.
            turned: called after each turn of the loop, with the monotonic time.
        """
        while not self._stopping and self.clock.monotonic() < until:
            due = min(self._tick(), until)
            timeout = min(max(due - self.clock.monotonic(), 0.0), self.meter.longest_wait)
            frames = self.meter.frames(timeout)
            if frames is None:
                self._watch(self.clock.monotonic())
                return
            for heard in frames:
                self._take(heard)
            turned(self.clock.monotonic())

    def use_prices(self, ledger: Ledger, month: Month | None) -> None:
        """Count the day anew, from the log, with the prices of *ledger*, and the month with *month*."""
        self.today = Today(ledger, self.timeline, self.log.day_so_far)
        self.month = month
        self._deadline = -math.inf

    def _take(self, heard: Heard) -> None:
        """Pass the reading of one frame on, and give the groups that are not believed to the quarantine."""
        if heard.reading is None:
            self._guard(self.aggregator.miss, heard.refused)
        else:
            self._pass(self._dated(heard.reading), heard)
        if heard.held and self.quarantine is not None:
            self._guard(self.quarantine.hold, heard.held, self.timeline.read(), self.clock.monotonic())
        self._deadline = -math.inf

    def _dated(self, reading: Reading) -> Reading:
        """Return *reading* with the time of the house, which the clock of the meter may confirm or set."""
        if reading.meter_clock is not None and not reading.meter_clock_degraded:
            taken_at = self.timeline.hear_meter(reading.meter_clock)
        else:
            taken_at = self.timeline.read()
        return reading._replace(taken_at=taken_at, dated=self.timeline.settled)

    def _pass(self, reading: Reading, heard: Heard) -> None:
        """Pass *reading* on: this is the path of a reading."""
        now = self.clock.monotonic()
        if self.meter.live and self.view is not None and now - self.view.now > TRUSTED_FOR:
            self._guard(self.tariff.age)
        # A part that raises leaves its state unknown: a lamp shows that, and a relay must not wait for the part.
        tariff = self._guard(self.tariff.update, reading) or TariffState()
        today = self._guard(self.today.update, reading, heard.short) or DayTotals()
        view = View(reading=reading, tariff=tariff, health=self.meter.health, today=today, now=now)
        if self.month is not None:
            contract = reading.contract or tariff.contract
            power = contract.subscribed_power if contract else None
            view = view._replace(month=self._guard(self.month.update, today, power))
        self.view = view
        for output in self.outputs:
            self._guard(output.update, view)
        self._guard(self.latest.write, view)
        for callback in self.callbacks:
            self._guard(callback, reading, section="callbacks")
        self._note(self._guard(self._clock_watch.notes, self.timeline.meter_ahead, now))
        if heard.short:
            at, overload = reading.taken_at, reading.overload
            self._record(self._guard(self.aggregator.add_overload, at, overload, heard.refused))
        else:
            self._record(self._guard(self.aggregator.add, reading, heard.refused))
            self._note(self._guard(self.journal.update, reading, self.today.ledger.disagreement))

    def _record(self, records: Iterable[Record] | None) -> None:
        for record in records or ():
            self._guard(self.log.append, record)
            self._guard(self.today.settle, record)

    def _note(self, notes: Iterable[tuple[str, Text | str]] | None) -> None:
        for status, text in notes or ():
            self._guard(self.log.note, status, text)

    def _tick(self) -> float:
        """Call each part that is due; return the monotonic time at which the next one is."""
        now = self.clock.monotonic()
        if now < self._deadline:
            return self._deadline
        age = self._watch(now)
        deadlines = [self._due(output.tick, now, age) for output in self.outputs]
        deadlines.append(self._due(self.log.tick, now))
        self._note(self._guard(self.today.follow))
        if self.quarantine is not None:
            deadlines.append(self._due(self.quarantine.tick, now))
        deadlines.append(self._silence_watch.deadline)
        self._deadline = min(deadlines)
        return self._deadline

    def _due(self, tick: Callable[..., float], *args: float) -> float:
        """Return when *tick* is due next: soon when it raised, as the fail state of a relay may depend on it."""
        due = self._guard(tick, *args)
        return args[0] + _RETRY if due is None else due

    def _watch(self, now: float) -> float:
        """Log changes of the line and of the meter; return the age of the last reading in seconds."""
        heard = self.meter.last_heard
        age = math.inf if heard is None else now - heard
        self._note(self._guard(self._silence_watch.notes, self.meter, now))
        self._note(self._guard(self._line_watch.notes, self.meter, now))
        return age

    def close(self) -> None:
        """Close every part: pins first, then the last record, then the log."""
        for output in self.outputs:
            self._guard(output.close)
        last = self._guard(self.aggregator.close)
        self._record([] if last is None else [last])
        self._guard(self._note_health)
        self._guard(self.log.close)
        if self.quarantine is not None:
            self._guard(self.quarantine.close)
        self._guard(self.latest.remove)
        self._guard(self.meter.close)

    def _note_health(self) -> None:
        health = self.meter.health
        bad = sum(health.rejected.values())
        damaged = Text(
            f" (dont {health.unframed} à la borne abîmée)", f" ({health.unframed} with a damaged border)"
        )
        self.log.note(
            "WARN" if bad else "INFO",
            Text("Arrêt : ", "Stopping: ")
            + counts.complete(health.frames)
            + (damaged if health.unframed else "")
            + ", "
            + counts.incomplete(health.incomplete)
            + ", "
            + counts.valid(health.groups)
            + ", "
            + counted(bad, Text("refusé", "rejected"), Text("refusés", "rejected")),
        )
