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
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from linkymonitor.errors import LinkyMonitorError, StorageError
from linkymonitor.language import Text
from linkymonitor.meter.acceptance.agreement import CONTRACT, FIRM, METER, ORDER
from linkymonitor.meter.meter import BORDERS, STANDBY, Heard, Meter
from linkymonitor.meter.standstill import STANDSTILL, STANDSTILL_POWER
from linkymonitor.model.reading import DayTotals, Reading, Record, TariffState, View
from linkymonitor.state.contract import Journal
from linkymonitor.state.tariff import TariffFold
from linkymonitor.system.clock import Clock
from linkymonitor.system.rate_limit import RateLimit
from linkymonitor.system.timeline import Timeline

if TYPE_CHECKING:
    from linkymonitor.daily_log.writer import DailyLog
    from linkymonitor.live.latest import Latest
    from linkymonitor.meter.quarantine import Quarantine
    from linkymonitor.outputs.base import Output
    from linkymonitor.state.aggregate import Aggregator
    from linkymonitor.state.ledger import Ledger

log = logging.getLogger(__name__)
T = TypeVar("T")

#: A part whose tick raised is ticked again after this long, in seconds.
_RETRY = 1.0
#: What rounding may cost a deadline, in seconds: on a clock that only moves by waiting, one that is reached too
#: early would be waited for for ever.
_NUDGE = 1e-6
#: A step of the time that the energy of the day follows.
_STEP = timedelta(seconds=2)
#: A difference between the meter's clock and the time of the house that is worth a line.
_TOLD_APART = timedelta(minutes=1)
#: After so many seconds without a reading peaks and periods are unknown until a frame has them; a relay has let go.
_AGED = 15.0


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
        self._broken: set[tuple[int, str]] = set()
        self._deadline = -math.inf
        self._silent = False
        #: The steps of the time that the energy of the day has followed; None before it is known.
        self._followed: timedelta | None = None
        self._meter_told_apart = False
        self._rate_limit = RateLimit()
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
                heard = self.meter.frames(timeout)
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
        reading = self._dated(heard.reading)
        if reading is None:
            self._guard(self.aggregator.miss, heard.refused)
        else:
            self._pass(reading, heard.refused, short=heard.short)
        if heard.held and self.quarantine is not None:
            self._guard(self.quarantine.hold, heard.held, self.timeline.read(), self.clock.monotonic())
        self._deadline = -math.inf

    def _dated(self, reading: Reading | None) -> Reading | None:
        """Return *reading* with the time of the house, for which its own clock may vouch."""
        if reading is None:
            return None
        if reading.meter_clock is not None and not reading.meter_clock_degraded:
            self.timeline.hear_meter(reading.meter_clock)
        taken_at = self.timeline.read()
        return replace(reading, taken_at=taken_at, dated=self.timeline.settled)

    def _today(self, reading: Reading, short: bool) -> DayTotals:
        """Return the energy of the day, *reading* included.

        Energy whose day is not known waits in the records of the log, and is counted from there.
        """
        if not reading.dated:
            return DayTotals()
        return self.ledger.update(reading) if self._counts_this_day() and not short else self.ledger.totals()

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
        if self._rate_limit.due("meter clock", self.clock.monotonic()) is None:
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

    def _pass(self, reading: Reading, refused: int, *, short: bool) -> None:
        """Pass *reading* on: this is the path of a reading. What adds up takes no short frame for a whole one."""
        now = self.clock.monotonic()
        if self.meter.live and self.view is not None and now - self.view.now > _AGED:
            self._guard(self.tariff.age)
        # What cannot be worked out is unknown: a lamp says so, and a relay must not wait for it.
        tariff = self._guard(self.tariff.update, reading) or TariffState()
        today = self._guard(self._today, reading, short) or DayTotals()
        self.view = view = View(
            reading=reading, tariff=tariff, health=self.meter.health, today=today, now=now
        )
        for output in self.outputs:
            self._guard(output.update, view)
        self._guard(self.latest.write, view)
        for callback in self.callbacks:
            self._guard(callback, reading)
        self._guard(self._watch_meter_clock)
        if short:
            self._log(self._guard(self.aggregator.add_overload, reading.taken_at, reading.overload, refused))
            return
        self._log(self._guard(self.aggregator.add, reading, refused))
        for status, text in self._guard(self.journal.update, reading, self.ledger.disagreement) or ():
            self._guard(self.log.note, status, text)

    def _log(self, records: Sequence[Record] | None) -> None:
        for record in records or ():
            self._guard(self.log.append, record)
            self._guard(self.ledger.settle, record)

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
        if state != self._told and self._rate_limit.due(state, now) is not None:
            missed, self._untold, self._told = self._untold - 1, 0, state
            text = self._sentence(state)
            self.log.note("WARN" if state else "INFO", text + f" (+{missed})" if missed else text)

    def _watch_line(self, now: float) -> None:
        """Say once what the line lacks."""
        health = self.meter.health
        parity = health.parity
        if parity is False and self._parity is not False and self._rate_limit.due("parity", now) is not None:
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
        if state == STANDBY:
            return Text(
                "Compteur en veille : ses trames ne contiennent que son adresse ; rien n'est noté jusqu'à son réveil",
                "The meter is in standby: its frames hold its address alone; nothing is recorded until it wakes up",
            )
        if state == BORDERS:
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
