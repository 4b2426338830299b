"""The whole path of acquire: a meter's bytes to the pins, the display, latest.json and the daily log."""

# Strategy
#
# - One thread, one loop. A read waits until something is due: bytes, an output's next deadline, a sync.
# - The order of a reading is the order of the calls in _pass(): pins first, display after, files last.
# - Each part is guarded from the others: one that raises is logged with its traceback and called again with
#   the next reading. Everything that acts looks at the monotonic clock.

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, cast

from linkymonitor.errors import LinkyMonitorError, StorageError
from linkymonitor.language import Text
from linkymonitor.meter.acceptance.agreement import CONTRACT, FIRM, METER, METERS, ORDER
from linkymonitor.meter.acceptance.frames import Acceptance, Held
from linkymonitor.meter.hunt import Hunter
from linkymonitor.model.reading import DayTotals, Health, Reading, TariffState, View
from linkymonitor.model.terms import Mode, code
from linkymonitor.state.contract import Journal
from linkymonitor.state.tariff import TariffFold
from linkymonitor.system.clock import Clock, Timeline
from linkymonitor.system.diagnostics import Sparing
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.detect import ENOUGH, count_valid
from linkymonitor.tic.frame import Frame
from linkymonitor.tic.interpret import Stamped, interpret

if TYPE_CHECKING:
    from linkymonitor.daily_log.writer import DailyLog
    from linkymonitor.live.latest import Latest
    from linkymonitor.meter.quarantine import Quarantine
    from linkymonitor.outputs.base import Output
    from linkymonitor.state.aggregate import Aggregator
    from linkymonitor.state.ledger import Ledger

log = logging.getLogger(__name__)
T = TypeVar("T")

#: The loop looks around at least this often while it really waits, so that a stop is heard; in seconds.
_LONGEST_WAIT = 0.5
#: A part whose tick raised is ticked again after this long, in seconds.
_RETRY = 1.0
#: What rounding may cost a deadline, in seconds: on a clock that only moves by waiting, one that is reached too
#: early would be waited for for ever.
_NUDGE = 1e-6
#: A meter that draws at least so much, in VA, and repeats itself for so long, in seconds, no longer measures.
STANDSTILL_POWER, STANDSTILL = 500, 600.0
#: A step of the time that the energy of the day follows.
_STEP = timedelta(seconds=2)
#: A difference between the meter's clock and the time of the house that is worth a line.
_TOLD_APART = timedelta(minutes=1)
#: Seconds that two frames are apart at most to be heard without a pause.
_HEARD_ON = 30.0
#: After so many seconds without a complete frame it is asked whether groups are heard all the same.
_FRAMELESS = 5.0
#: When nothing was read for so many seconds more than was meant, what the kernel has kept meanwhile is old.
_STALLED = 5.0
#: After so many seconds without a reading peaks and periods are unknown until a frame has them; a relay has let go.
_AGED = 15.0
#: Why nothing is believed of groups that come without frames; of frames, acceptance has the causes.
_BORDERS = "borders"
#: Why nothing is passed on of frames with the meter's address alone.
_STANDBY = "standby"


class Source(Protocol):
    """Where bytes come from: a port, a file on the time of the wire, a simulated meter."""

    name: str

    def read(self, timeout: float) -> bytes | None:
        """Return bytes, b"" when none came within *timeout* seconds, None at the end."""

    def close(self) -> None:
        """Let go of what is open."""


class Port(Source, Protocol):
    """A source whose speed can be set: a real meter's."""

    def set_speed(self, speed: int) -> None:
        """Read raw, at *speed* baud."""

    def settle(self) -> None:
        """Let the kernel cut the groups, now that the speed is right."""

    def discard(self) -> None:
        """Throw away what has come and was not read yet."""


class Standstill:
    """Notices a meter that repeats itself: power is drawn, and all that it sends stays the same but the time of day.

    At 500 VA an index moves every few seconds; ten minutes without is 83 of its steps. A value that varies is the
    sign of a meter that measures: an old one whose power flows out behind it counts nothing. And an index that is
    not read cannot be said to stand, so a frame without the register in force, and without the total, proves
    nothing. A power that is only estimated from the current does not count: it may be injected, which no index of
    such a meter shows. Nor does a silence: the power may have been cut, and the first frame after it need not have
    an index.
    """

    def __init__(self) -> None:
        self._values: dict[str, object] = {}
        #: Seconds for which the meter was heard to repeat itself; None while it does not.
        self._same: float | None = None
        self._heard = 0.0

    def update(self, reading: Reading, now: float) -> bool:
        """Take *reading* into account; return whether the meter stands still at the monotonic time *now*."""
        values = {**self._values, **reading.values}
        values.pop("DATE", None)  # a clock of its own: it may go on where nothing else does
        varies = values != self._values and _undated(values) != _undated(self._values)
        self._values = values  # a group that a frame has lost is no value that has changed
        idle = reading.apparent_power is not None and reading.apparent_power < STANDSTILL_POWER
        period = reading.tariff_period
        counts = reading.total_index is not None or (period is not None and code(period) in reading.indexes)
        if varies or idle or reading.apparent_power_estimated:
            self._same, self._heard = None, now
        elif counts:
            passed, self._heard = min(now - self._heard, _HEARD_ON), now
            if self._same is not None:
                self._same += passed
            elif reading.apparent_power is not None:
                self._same = 0.0
        return self._same is not None and self._same >= STANDSTILL


def _undated(values: Mapping[str, object]) -> dict[str, object]:
    """Return *values* without their horodates, which follow the meter's clock."""
    return {label: value.value if isinstance(value, Stamped) else value for label, value in values.items()}


class Heard(NamedTuple):
    """One frame, what it says when it is complete and believed, and what of it was not believed."""

    frame: Frame
    reading: Reading | None
    held: tuple[Held, ...] = ()

    @property
    def refused(self) -> int:
        """How many groups are not believed, whatever the cause."""
        return len(self.frame.rejected) + len(self.held)


class Meter:
    """One meter as a series of frames and readings, whatever the line does.

    Args:
        source: its bytes. A real meter's (``is_meter``) has its speed and mode hunted for.
        clock: dates the readings.
        mode: the mode, when the configuration fixes it.
        speed: the speed in baud, when the configuration fixes it.
        raw: readings also carry the groups as they were sent.
        unframed: whether a frame of which one border (STX or ETX) is damaged is one all the same.
    """

    def __init__(
        self,
        source: Source,
        clock: Clock,
        mode: Mode | None = None,
        speed: int | None = None,
        *,
        raw: bool = False,
        unframed: bool = True,
    ) -> None:
        self._raw = raw
        self._takes_unframed = unframed
        self._source = source
        self._clock = clock
        self._port = cast("Port", source) if getattr(source, "is_meter", False) else None
        self._hunter = Hunter(clock.monotonic(), mode=mode, speed=speed) if self._port is not None else None
        self._fixed_mode = mode
        self._decoder: FrameDecoder | None = None
        self._acceptance: Acceptance | None = None
        self._counts = Counter[str]()
        self._rejected = Counter[str]()
        self._last_heard: float | None = None
        #: When the last read was over.
        self._polled_at: float | None = None
        #: When the last complete frame came, believed or not; and groups since then, if it was long ago.
        self._framed_at = clock.monotonic()
        self._loose_groups = 0
        #: What last kept frames, or groups without frames, from being believed, and when.
        self._obstacle, self._obstacle_at = "", -math.inf
        self._standstill = Standstill()
        #: True while the meter repeats itself: what it says is then not passed on, and the data get old.
        self.stuck = False

    @property
    def longest_wait(self) -> float:
        """Seconds that a read may wait: no limit where waiting takes no real time."""
        return math.inf if getattr(self._source, "instant", False) else _LONGEST_WAIT

    @property
    def live(self) -> bool:
        """Whether the source is a port, where another frame is sure to come."""
        return self._port is not None

    @property
    def mode(self) -> Mode | None:
        """The mode, once it is known."""
        return self._decoder.mode if self._decoder else None

    @property
    def health(self) -> Health:
        """How well the meter is heard so far."""
        return Health(
            frames=self._counts["frames"],
            incomplete=self._counts["incomplete"],
            unframed=self._counts["unframed"],
            groups=self._counts["groups"],
            rejected=dict(self._rejected),
            last_heard=self._last_heard,
            speed=self._hunter.speed if self._hunter else (self.mode.speed if self.mode else None),
            parity=self._decoder.parity if self._decoder else None,
            parity_inverted=self._decoder is not None and self._decoder.inverted,
        )

    def obstacle(self, since: float) -> str:
        """Return what has kept all that came since the monotonic time *since* from being believed.

        Returns:
            ``meter``, ``contract`` or ``order`` for frames that acceptance refuses whole, ``borders`` for groups
            without frames, ``standby`` for frames with an address alone; empty when nothing came.
        """
        return self._obstacle if self._obstacle_at >= since else ""

    def poll(self, timeout: float) -> list[Heard] | None:
        """Return what was heard within *timeout* seconds, oldest first; None at the end of the input."""
        before = self._clock.monotonic() if self._polled_at is None else self._polled_at
        chunk = self._source.read(timeout)
        self._polled_at = self._clock.monotonic()
        if chunk is None:
            return None
        if self._port is not None and self._polled_at - before - timeout > _STALLED:
            return self._skip(self._polled_at - before)
        if self._hunter is not None:
            chunk = self._hunt(chunk)
        if not chunk:
            # What is heard before and after an absence is not one frame.
            return self.drain() if self._port is not None and self._away else []
        if self._decoder is None:
            mode = self._fixed_mode or getattr(self._source, "mode", None)
            if mode is None:
                return []
            self._decoder = FrameDecoder(mode, unframed=self._takes_unframed)
        unframed = self._decoder.unframed
        heard = [self._hear(frame, self._decoder.mode) for frame in self._decoder.feed(chunk)]
        self._counts["unframed"] += self._decoder.unframed - unframed
        if not heard and self._clock.monotonic() - self._framed_at > _FRAMELESS:
            self._hear_groups(count_valid(chunk)[self._decoder.mode])
        return heard

    def _skip(self, seconds: float) -> list[Heard]:
        """Throw away what has come in so many *seconds* in which this program did not run; return what it cuts.

        A process that is stopped, or a board that hangs, finds in the kernel what was true long ago.
        """
        assert self._port is not None
        assert self._hunter is not None
        now = self._clock.monotonic()
        log.warning(
            Text(
                "%s : rien lu pendant %d s, programme ou machine à l'arrêt ; ce qui attendait est écarté",
                "%s: nothing read for %d s, the program or the machine stood; what was waiting is discarded",
            ),
            self._source.name,
            int(seconds),
        )
        self._port.discard()
        self._hunter.excuse(now)
        if self._acceptance is not None:
            self._acceptance.interrupt(now)
        return self.drain()

    @property
    def _away(self) -> bool:
        return getattr(self._source, "away", False)

    def drain(self) -> list[Heard]:
        """Return what the end of the input leaves: a cut frame, if any."""
        if self._decoder is None:
            return []
        # What still waits for a second frame stays unsaid: at the end as elsewhere, one frame proves nothing.
        return [self._hear(frame, self._decoder.mode) for frame in self._decoder.close()]

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()

    def _hear(self, frame: Frame, mode: Mode) -> Heard:
        for rejected in frame.rejected:
            self._rejected[rejected.why] += 1
        if not frame.complete or not frame.groups:
            self._counts["incomplete"] += 1
            self._hear_groups(len(frame.groups))
            return Heard(frame, None)
        self._counts["frames"] += 1
        now = self._framed_at = self._clock.monotonic()
        self._loose_groups = 0
        if self._acceptance is None or self._acceptance.mode is not mode:
            self._acceptance = Acceptance(mode, live=self._port is not None)
        accepted = self._acceptance.accept(frame, now)
        for held in accepted.held:
            self._rejected[held.cause] += 1
        if not accepted.frame.complete:
            # A frame that is refused because of the name in another one has no group of its own to show for it.
            self._obstacle = accepted.held[0].cause if accepted.held else self._obstacle
            self._obstacle_at = now
            return Heard(frame, None, accepted.held)
        self._counts["groups"] += len(frame.groups) - len(accepted.held)
        if not accepted.frame.groups:
            return Heard(frame, None, accepted.held)  # nothing bears out yet what the first one said
        reading = interpret(accepted.frame, mode, self._clock.now())
        if self._raw:
            groups = accepted.frame.groups
            reading = replace(reading, raw={one.label: (one.horodate, one.data) for one in groups})
        if reading.values.keys() <= METERS:
            # NOI-CPT_02E §2.3.2: an old meter in standby. What it sent before gets old all the same.
            if reading.values:
                self._obstacle, self._obstacle_at = _STANDBY, now
            return Heard(frame, None, accepted.held)
        # A short frame has no index, so it proves nothing.
        if not reading.short:
            self.stuck = self._standstill.update(reading, now)
        if self.stuck:
            return Heard(frame, None, accepted.held)
        self._last_heard = now
        return Heard(frame, reading, accepted.held)

    def _hear_groups(self, count: int) -> None:
        """Take note of sound groups that are in no complete frame."""
        self._loose_groups += count
        if self._loose_groups >= ENOUGH:
            self._loose_groups = 0
            self._obstacle, self._obstacle_at = _BORDERS, self._clock.monotonic()

    def _hunt(self, chunk: bytes) -> bytes:
        """Follow the hunt for speed and mode; return what the decoder is to be fed."""
        assert self._hunter is not None
        assert self._port is not None
        if not chunk and self._away:
            # An absent port says nothing of the meter's speed: on its return it is listened to as before.
            self._hunter.excuse(self._clock.monotonic())
            return b""
        if not self._hunter.feed(chunk, self._clock.monotonic()):
            return chunk if self._decoder is not None else b""
        self._port.set_speed(self._hunter.speed)
        if self._hunter.mode is None:
            if self._decoder is not None:
                log.warning(
                    Text(
                        "%s : plus aucun groupe valide, recherche du mode et de la vitesse",
                        "%s: no valid group any more, hunting the mode and the speed",
                    ),
                    self._source.name,
                )
            self._decoder = None
            return b""
        self._port.settle()
        log.info(
            Text("%s : %s à %d bauds", "%s: %s at %d baud"),
            self._source.name,
            self._hunter.mode.value,
            self._hunter.speed,
        )
        self._decoder = FrameDecoder(self._hunter.mode, unframed=self._takes_unframed)
        return self._hunter.sample


class Appliance:
    """Everything that follows one meter, in the order in which a reading reaches it.

    Args:
        timeline: the time of the house, which dates all that has a date; that of the log when it is not given.
        quarantine: keeps what acceptance held back; None keeps nothing.
        outputs: relays and lamps before displays, so that pins are set before anything slower.
        callbacks: called with each reading.
        silence: the meter is called silent after this many seconds without a complete frame.
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
    ) -> None:
        self.meter = meter
        self.clock = clock
        self.log = log
        self.aggregator = aggregator
        self.ledger = ledger
        self.latest = latest
        self.timeline = timeline or log.timeline
        self.quarantine = quarantine
        self.outputs = outputs
        self.callbacks = callbacks
        self.silence = silence
        self.tariff = tariff or TariffFold()
        self.journal = journal or Journal()
        self._stopping = False
        self._last_long: Reading | None = None
        self._broken: set[tuple[int, str]] = set()
        self._deadline = -math.inf
        self._silent = False
        #: The steps of the time that the energy of the day has followed; None before it is known.
        self._followed: timedelta | None = None
        self._meter_told_apart = False
        self._sparing = Sparing()
        #: What the log last said of the meter, and how often that has changed since without a word.
        self._told = ""
        self._untold = 0
        self._state = ""
        self._parity: bool | None = None
        #: What was said once of the line.
        self._line_told: set[str] = set()
        self.view: View | None = None

    def stop(self) -> None:
        """Ask the loop to end; safe in a signal handler."""
        self._stopping = True

    def run(self, until: float = math.inf) -> None:
        """Follow the meter until the input ends, stop() is called, or the monotonic time *until*."""
        self._started = self.clock.monotonic()
        try:
            while not self._stopping and self.clock.monotonic() < until:
                due = min(self._tick(), until)
                timeout = min(max(due - self.clock.monotonic(), 0.0), self.meter.longest_wait)
                heard = self.meter.poll(timeout)
                if heard is None:
                    for last in self.meter.drain():
                        self._take(last)
                    self._watch(self.clock.monotonic())
                    break
                for one in heard:
                    self._take(one)
        finally:
            self._close()

    def _tick(self) -> float:
        """Let everything that is due happen; return when the next thing is."""
        now = self.clock.monotonic()
        if now < self._deadline:
            return self._deadline
        heard = self.meter.health.last_heard
        age = self._watch(now)
        deadlines = [self._due(output.tick, now, age) for output in self.outputs]
        deadlines.append(self._due(self.log.tick, now))
        if self.timeline.settled and not self._counts_this_day():
            self._guard(self._begin_day)
        if self.quarantine is not None:
            deadlines.append(self._due(self.quarantine.tick, now))
        if not self._silent:
            deadlines.append(max(self._started, heard or -math.inf) + self.silence + _NUDGE)
        self._deadline = min(deadlines)
        return self._deadline

    def _watch(self, now: float) -> float:
        """Say what is to be said of the line; return how old what the meter sent last is, in seconds."""
        heard = self.meter.health.last_heard
        age = math.inf if heard is None else now - heard
        self._guard(self._watch_silence, now, age)
        self._guard(self._watch_line, now)
        return age

    def _take(self, heard: Heard) -> None:
        """Take one frame in: what is believed goes its way, what is not is put aside."""
        said = self._dated(heard.reading)
        reading = self._whole(said)
        if said is None or reading is None:
            self._guard(self.aggregator.miss, heard.refused)
        else:
            self._pass(said, reading, heard.refused)
        if heard.held and self.quarantine is not None:
            self._guard(self.quarantine.hold, heard.held, self.timeline.read(), self.clock.monotonic())
        self._deadline = -math.inf

    def _dated(self, reading: Reading | None) -> Reading | None:
        """Return *reading* with the time of the house, for which its own clock may vouch."""
        if reading is None:
            return None
        if reading.meter_clock is not None and not reading.meter_clock_degraded and not reading.short:
            self.timeline.hear_meter(reading.meter_clock)
        taken_at = self.timeline.read()
        return replace(reading, taken_at=taken_at, dated=self.timeline.settled)

    def _today(self, reading: Reading) -> DayTotals:
        """Return the energy of the day, *reading* included.

        Energy whose day is not known waits in the records of the log, and is counted from there.
        """
        if not reading.dated:
            return DayTotals()
        return self.ledger.update(reading) if self._counts_this_day() else self.ledger.totals()

    def _counts_this_day(self) -> bool:
        """Return whether the ledger has followed the time of the house, which is settled."""
        return self._followed is not None and abs(self.timeline.shifted - self._followed) <= _STEP

    def _begin_day(self) -> None:
        """Count the energy of the day from the log: the time is known at last, or it is another."""
        self._followed = self.timeline.shifted
        try:
            self.ledger.restart(self.log.day_so_far(*self.ledger.day_of(self.timeline.read())))
        except StorageError as error:
            # The totals of the day begin where they can.
            self.log.note("WARN", error.text)

    def _watch_meter_clock(self) -> None:
        """Say once that the meter's clock is another than that of the house, and when that is over."""
        ahead = self.timeline.meter_ahead
        apart = ahead is not None and abs(ahead) >= _TOLD_APART
        if ahead is None or apart is self._meter_told_apart:
            return
        if self._sparing.due("meter clock", self.clock.monotonic()) is None:
            return
        self._meter_told_apart = apart
        if not apart:
            self.log.note(
                "INFO",
                Text("Horloge du compteur : de nouveau juste", "Clock of the meter: right again"),
            )
            return
        span = timedelta(seconds=round(abs(ahead).total_seconds()))
        self.log.note(
            "WARN",
            Text(
                f"Horloge du compteur : {'en avance' if ahead > timedelta(0) else 'en retard'} de {span} sur celle "
                "de la machine, que le journal suit ; si c'est la machine qui a tort, mettez-la à l'heure",
                f"Clock of the meter: {span} {'ahead of' if ahead > timedelta(0) else 'behind'} that of the "
                "machine, which the log follows; if the machine is wrong, set its time",
            ),
        )

    def _pass(self, said: Reading, reading: Reading, refused: int) -> None:
        """Pass on what a frame *said*, and the *reading* that it makes: this is the path of a reading."""
        now = self.clock.monotonic()
        if self.meter.live and self.view is not None and now - self.view.now > _AGED:
            self._guard(self.tariff.age)
        # What cannot be worked out is unknown: a lamp says so, and a relay must not wait for it.
        tariff = self._guard(self.tariff.update, reading) or TariffState()
        today = self._guard(self._today, reading) or DayTotals()
        self.view = view = View(
            reading=reading, tariff=tariff, health=self.meter.health, today=today, now=now
        )
        for output in self.outputs:
            self._guard(output.update, view)
        self._guard(self.latest.write, view)
        for callback in self.callbacks:
            self._guard(callback, reading)
        self._guard(self._watch_meter_clock)
        for record in self._guard(self.aggregator.add, said, refused) or ():
            self._guard(self.log.append, record)
            self._guard(self.ledger.settle, record)
        for status, text in self._guard(self.journal.hear, said, self.ledger.disagreement) or ():
            self._guard(self.log.note, status, text)

    def _whole(self, reading: Reading | None) -> Reading | None:
        """Return *reading*; a short frame is completed by the last long one, whose values it keeps."""
        if reading is None:
            return None
        if not reading.short:
            self._last_long = reading
            return reading
        if self._last_long is None:
            return reading
        return replace(
            self._last_long,
            taken_at=reading.taken_at,
            dated=reading.dated,
            short=True,
            currents=reading.currents,
            overload=reading.overload,
            values={**self._last_long.values, **reading.values},
            raw={**self._last_long.raw, **reading.raw},
        )

    def _watch_silence(self, now: float, age: float) -> None:
        """Say when the meter falls silent or stands still, and when it is back."""
        self._silent = age >= self.silence and now - self._started >= self.silence
        state = "stuck" if self.meter.stuck else ""
        if self._silent and not state:
            state = self.meter.obstacle(now - self.silence) or "silent"
        if state != self._state:
            self._state = state
            self._untold += 1
        # A cable that comes and goes all day is told of now and then, and each time as it is by then.
        if state != self._told and self._sparing.due(state, now) is not None:
            missed, self._untold, self._told = self._untold - 1, 0, state
            text = self._sentence(state)
            self.log.note("WARN" if state else "INFO", text + f" (+{missed})" if missed else text)

    def _watch_line(self, now: float) -> None:
        """Say once what the line lacks."""
        health = self.meter.health
        parity = health.parity
        if parity is False and self._parity is not False and self._sparing.due("parity", now) is not None:
            self.log.note(
                "INFO",
                Text(
                    "Source sans bit de parité : une erreur de transmission sur plusieurs peut passer inaperçue",
                    "The source has no parity bit: some transmission errors may go unnoticed",
                ),
            )
        # Not known at each beginning: what is known of a source that comes back is what was known.
        self._parity = self._parity if parity is None else parity
        if health.parity_inverted and "inverted" not in self._line_told:
            self._line_told.add("inverted")
            self.log.note(
                "WARN",
                Text(
                    "La parité est inversée : impaire au lieu de paire (7O1) ; les groupes sont lus tout de même ; "
                    "réglez la source en 7E1",
                    "The parity is inverted: odd instead of even (7O1); the groups are read all the same; "
                    "set the source to 7E1",
                ),
            )
        # Noise hits a border now and then; here it is the line itself.
        if (
            health.unframed >= FIRM
            and 2 * health.unframed > health.frames
            and "unframed" not in self._line_told
        ):
            self._line_told.add("unframed")
            self.log.note(
                "WARN",
                Text(
                    "Bornes des trames abîmées : une trame est prise d'une borne sûre (STX ou ETX) à la suivante ; "
                    "vérifiez le module TIC et son câble",
                    "The borders of the frames are damaged: a frame is taken from one sound border (STX or ETX) to "
                    "the next; check the TIC module and its cable",
                ),
            )

    def _sentence(self, state: str) -> Text:
        if state == METER:
            return Text(
                f"Trames d'un autre compteur : il faut {FIRM} trames de suite pour en être sûr ; rien n'est noté "
                "d'ici là",
                f"Frames of another meter: waiting to be sure, for {FIRM} in a row; nothing is recorded until then",
            )
        if state == CONTRACT:
            return Text(
                f"Trames d'un autre contrat : il faut {FIRM} trames de suite pour en être sûr ; rien n'est noté "
                "d'ici là",
                f"Frames of another contract: waiting to be sure, for {FIRM} in a row; nothing is recorded until then",
            )
        if state == ORDER:
            return Text(
                "Trames mêlées : leurs groupes sont en double ou en désordre ; vérifiez que rien d'autre ne lit le "
                "port, et le câble",
                "Frames run together: their groups are double or out of order; check that nothing else reads the "
                "port, and the cable",
            )
        if state == _STANDBY:
            return Text(
                "Compteur en veille : ses trames ne contiennent que son adresse ; rien n'est noté jusqu'à son réveil",
                "The meter is in standby: its frames hold its address alone; nothing is recorded until it wakes up",
            )
        if state == _BORDERS:
            return Text(
                "Groupes entendus, mais sans les bornes des trames (STX et ETX) : si une passerelle réémet les "
                "lignes, prenez sa sortie brute ; sinon vérifiez le module TIC",
                "Groups are heard, but without the borders of the frames (STX and ETX): if a gateway re-emits the "
                "lines, use its raw output; else check the TIC module",
            )
        if state == "silent":
            return Text(
                f"Compteur muet : aucune trame complète depuis {self.silence:.0f} s ; vérifiez le branchement "
                "aux bornes I1 et I2, et le mode",
                f"The meter is silent: no complete frame for {self.silence:.0f} s; check the wiring to I1 and I2, "
                "and the mode",
            )
        if state == "stuck":
            minutes = STANDSTILL / 60
            return Text(
                f"Compteur figé : il répète les mêmes valeurs, index compris, depuis {minutes:.0f} min malgré une "
                f"puissance d'au moins {STANDSTILL_POWER} VA ; elles sont ignorées ; s'il ne repart pas, "
                "prévenez Enedis",
                f"The meter stands still: it has repeated the same values, indexes included, for {minutes:.0f} min at "
                f"{STANDSTILL_POWER} VA or more; they are ignored; if it does not recover, tell Enedis",
            )
        return Text("Compteur de nouveau entendu", "The meter is heard again")

    def _close(self) -> None:
        """Take every part to its rest: pins first, then the last record, then the log."""
        for output in self.outputs:
            self._guard(output.close)
        last = self._guard(self.aggregator.close)
        if last is not None:
            self._guard(self.log.append, last)
            self._guard(self.ledger.settle, last)
        health = self.meter.health
        bad = sum(health.rejected.values())
        unframed = health.unframed
        self._guard(
            self.log.note,
            "WARN" if bad else "INFO",
            Text(
                f"Arrêt : {health.frames} trames complètes"
                f"{f' (dont {unframed} à la borne abîmée)' if unframed else ''}, {health.incomplete} incomplètes, "
                f"{health.groups} groupes valides, {bad} refusés",
                f"Stopping: {health.frames} complete frames"
                f"{f' ({unframed} with a damaged border)' if unframed else ''}, {health.incomplete} incomplete, "
                f"{health.groups} valid groups, {bad} rejected",
            ),
        )
        self._guard(self.log.close)
        if self.quarantine is not None:
            self._guard(self.quarantine.close)
        self._guard(self.latest.remove)
        self._guard(self.meter.close)

    def _due(self, tick: Callable[..., float], *args: float) -> float:
        """Return when *tick* wants to be called next; soon, when it raised: a fail state may hang on it."""
        due = self._guard(tick, *args)
        return args[0] + _RETRY if due is None else due

    def _guard(self, call: Callable[..., T], *args: object) -> T | None:
        """Return what *call* returns, or None after logging that it raised: one part never stops another."""
        name = getattr(call, "__qualname__", None) or repr(call)  # the text of a whole appliance is long
        if call in self.callbacks:
            name = f"[callbacks] {getattr(call, '__module__', '?')}.{name}"
        # Two lamps have one name for what each of them does.
        part = (id(getattr(call, "__self__", call)), name)
        try:
            result = call(*args)
        except BaseException as error:
            # Not only Exception: code of the user may call sys.exit(). Ctrl-C comes as a signal, and never here.
            # A part that keeps failing is reported when it begins and when it ends.
            if part not in self._broken:
                self._broken.add(part)
                if isinstance(error, LinkyMonitorError):  # it says by itself what is wrong and what helps
                    log.warning("%s", error)
                else:
                    log.exception(
                        Text("%s a échoué ; le reste continue", "%s failed; the rest goes on"),
                        name,
                    )
            return None
        if part in self._broken:
            self._broken.discard(part)
            log.info(Text("%s fonctionne de nouveau", "%s works again"), name)
        return result
