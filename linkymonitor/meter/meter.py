"""One meter as a series of frames and readings: the hunt for its mode, decoding, acceptance and meaning."""

import logging
import math
from collections import Counter
from typing import NamedTuple

from linkymonitor.language import Text
from linkymonitor.meter.acceptance.frame import Acceptance, Held
from linkymonitor.meter.acceptance.rules import METERS
from linkymonitor.meter.hunt import Hunter
from linkymonitor.meter.standstill import Standstill
from linkymonitor.model.reading import Health, Reading
from linkymonitor.model.terms import TRUSTED_FOR, Mode
from linkymonitor.source.base import Source
from linkymonitor.system.clock import Clock
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.detect import ENOUGH, count_valid
from linkymonitor.tic.frame import BORDER, Frame
from linkymonitor.tic.interpret import interpret

log = logging.getLogger(__name__)

#: Seconds that a read waits at most where waiting takes real time, so that a signal to stop has an effect. A frame in
#: standard mode comes sooner, so no other wake-up costs CPU.
_LONGEST_WAIT = 1.0
#: Seconds without a complete frame after which groups outside of frames are counted.
_FRAMELESS = 5.0
#: A read that ends so many seconds too late finds old bytes in the kernel.
_STALLED = 5.0
#: Obstacle: groups come without the borders of frames. The obstacles of whole frames are causes of acceptance.
BORDERS = "borders"
#: Obstacle: frames hold the meter's address alone.
STANDBY = "standby"


class Heard(NamedTuple):
    """One frame, its reading when it is complete and believed, and the groups that acceptance held back."""

    frame: Frame
    reading: Reading | None
    held: tuple[Held, ...] = ()
    #: True for a short frame: currents and overload are its own, the rest of the reading is of the last whole frame.
    short: bool = False

    @property
    def refused(self) -> int:
        """How many groups are not believed, whatever the cause."""
        return sum(rejected.why != BORDER for rejected in self.frame.rejected) + len(self.held)


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
        self._hunter = Hunter(clock.monotonic(), mode=mode, speed=speed) if source.is_meter else None
        self._fixed_mode = mode
        self._decoder: FrameDecoder | None = None
        self._acceptance: Acceptance | None = None
        #: Complete frames so far, believed or not, and how many of them had a damaged border.
        self.complete = self.unframed = 0
        #: Groups with a right checksum so far, in whatever frame, believed or not.
        self.sound_groups = 0
        self._incomplete = self._groups = 0
        self._rejected = Counter[str]()
        #: When the last reading was believed, in monotonic seconds.
        self.last_heard: float | None = None
        #: True once the input has ended.
        self.ended = False
        #: When the last read was over, in monotonic seconds.
        self._read_at: float | None = None
        #: When the last complete frame came, believed or not; and groups since then, if it was long ago.
        self._framed_at = clock.monotonic()
        self._loose_groups = 0
        #: The last reason why nothing was believed, and when it was found, in monotonic seconds.
        self._obstacle, self._obstacle_at = "", -math.inf
        self._standstill = Standstill()
        #: The last frame that was believed, and what it means: a house at rest makes every second frame equal to the
        #: frame before.
        self._interpreted: tuple[Frame, Reading] | None = None
        #: The reading of the last whole frame in this mode, which completes the short ones.
        self._last_whole: Reading | None = None
        #: True while the meter stands still: its readings are then not passed on, and the data get old.
        self.stuck = False

    @property
    def longest_wait(self) -> float:
        """Seconds that a read may wait: no limit where waiting takes no real time."""
        return math.inf if self._source.instant else _LONGEST_WAIT

    @property
    def live(self) -> bool:
        """Whether the source is a port, where another frame is sure to come."""
        return self._source.is_meter

    @property
    def name(self) -> str:
        """The source of the bytes, for messages."""
        return self._source.name

    @property
    def away(self) -> bool:
        """Whether the port is absent, or does not open."""
        return self._source.away

    @property
    def mode(self) -> Mode | None:
        """The mode, once it is known."""
        return self._decoder.mode if self._decoder else None

    @property
    def parity(self) -> bool | None:
        """True when the source carries parity, False when it was stripped, None when that is not known yet."""
        return self._decoder.parity if self._decoder else None

    @property
    def parity_inverted(self) -> bool:
        """Whether the parity is odd where the TIC has even."""
        return self._decoder is not None and self._decoder.inverted

    @property
    def health(self) -> Health:
        """How well the meter is heard so far."""
        return Health(
            frames=self.complete,
            incomplete=self._incomplete,
            unframed=self.unframed,
            groups=self._groups,
            rejected=dict(self._rejected),
            last_heard=self.last_heard,
            speed=self._hunter.speed if self._hunter else (self.mode.speed if self.mode else None),
            parity=self.parity,
            parity_inverted=self.parity_inverted,
        )

    def obstacle(self, since: float) -> str:
        """Return why nothing was believed of all that came since the monotonic time *since*.

        Returns:
            ``meter``, ``contract`` or ``order`` for frames that acceptance refuses whole, ``borders`` for groups
            without frames, ``standby`` for frames with an address alone; empty when nothing came.
        """
        return self._obstacle if self._obstacle_at >= since else ""

    def frames(self, timeout: float) -> list[Heard] | None:
        """Return what was heard within *timeout* seconds, oldest first; None at the end of the input.

        Groups that still wait for a second frame are dropped at the end of the input: one frame proves nothing.
        """
        if self.ended:
            return None
        before = self._clock.monotonic() if self._read_at is None else self._read_at
        chunk = self._source.read(timeout)
        self._read_at = self._clock.monotonic()
        if chunk is None:
            self.ended = True
            return self._cut_short() or None
        if self._hunter is not None:
            if self._read_at - before - timeout > _STALLED:
                return self._skip(self._hunter, self._read_at - before)
            chunk = self._hunt(self._hunter, chunk)
        if not chunk:
            # Bytes from before an absence and bytes from after it do not make one frame.
            return self._cut_short() if self._source.away else []
        if self._decoder is None:
            mode = self._fixed_mode or self._source.mode
            if mode is None:
                return []
            self._decoder = FrameDecoder(mode, unframed=self._takes_unframed)
        unframed = self._decoder.unframed
        heard = [self._hear(frame, self._decoder.mode) for frame in self._decoder.feed(chunk)]
        self.unframed += self._decoder.unframed - unframed
        if not heard and self._clock.monotonic() - self._framed_at > _FRAMELESS:
            self._hear_groups(count_valid(chunk)[self._decoder.mode])
        return heard

    def _skip(self, hunter: Hunter, seconds: float) -> list[Heard]:
        """Discard what came in the *seconds* in which this program did not run; return the frame that this cuts.

        A process that is stopped, or a board that hangs, finds in the kernel what was true long ago.
        """
        now = self._clock.monotonic()
        log.warning(
            Text(
                "%s : rien lu pendant %d s, programme ou machine à l'arrêt ; ce qui attendait est écarté",
                "%s: nothing read for %d s, the program or the machine stood; what was waiting is discarded",
            ),
            self._source.name,
            int(seconds),
        )
        self._source.discard()
        hunter.excuse(now)
        if self._acceptance is not None:
            self._acceptance.interrupt(now)
        return self._cut_short()

    def _cut_short(self) -> list[Heard]:
        """Return the frame that an end or an absence cuts, if there is one."""
        if self._decoder is None:
            return []
        return [self._hear(frame, self._decoder.mode) for frame in self._decoder.close()]

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()

    def _hear(self, frame: Frame, mode: Mode) -> Heard:
        """Count *frame* and return it, with its reading when it is complete and believed."""
        self.sound_groups += len(frame.groups)
        for rejected in frame.rejected:
            if rejected.why != BORDER:
                self._rejected[rejected.why] += 1
        if not frame.complete or not frame.groups:
            self._incomplete += 1
            self._hear_groups(len(frame.groups))
            return Heard(frame, None)
        self.complete += 1
        now = self._framed_at = self._clock.monotonic()
        self._loose_groups = 0
        if self._acceptance is None or self._acceptance.mode is not mode:
            self._last_whole = self._interpreted = None
            self._acceptance = Acceptance(mode, live=self._source.is_meter)
        verdict = self._acceptance.accept(frame, now)
        self._rejected.update(held.cause for held in verdict.held)
        self._groups += verdict.passed
        if verdict.refused:
            self._keep_from_belief(verdict.refused, now)
            return Heard(frame, None, verdict.held)
        reading = self._reading_of(verdict.frame, mode, now)
        if reading is None:
            return Heard(frame, None, verdict.held)
        if self.last_heard is not None and now - self.last_heard > TRUSTED_FOR and reading.short:
            self._last_whole = None  # nothing from before a silence acts after it
        self.last_heard = now
        return Heard(frame, self._completed(reading), verdict.held, reading.short)

    def _reading_of(self, frame: Frame, mode: Mode, now: float) -> Reading | None:
        """Return what the believed groups of *frame* mean; None when none of them was measured just now."""
        if not frame.groups:
            return None  # the groups of a first frame wait for a second frame
        taken_at = self._clock.now()
        if self._interpreted is None or self._interpreted[0] != frame:
            self._interpreted = frame, interpret(frame, mode, taken_at)
        reading = self._interpreted[1]._replace(taken_at=taken_at)
        if self._raw:
            raw = {group.label: (group.horodate, group.data) for group in frame.groups}
            reading = reading._replace(raw=raw)
        if reading.values.keys() <= METERS:
            # NOI-CPT_02E §2.3.2: an old meter in standby. Its last values get old all the same.
            if reading.values:
                self._keep_from_belief(STANDBY, now)
            return None
        # A short frame has no index, so it proves no standstill.
        if not reading.short:
            self.stuck = self._standstill.update(reading, now)
            self._last_whole = reading
        return None if self.stuck else reading

    def _completed(self, reading: Reading) -> Reading:
        """Return *reading*; that of a short frame (NOI-CPT_02E §2.5.2) with the values of the last whole frame."""
        whole = self._last_whole
        another = (
            whole is not None and None not in (whole.meter, reading.meter) and whole.meter != reading.meter
        )
        if not reading.short or whole is None or another:
            return reading
        return whole._replace(
            taken_at=reading.taken_at,
            short=True,
            currents=reading.currents,
            overload=reading.overload,
            values={**whole.values, **reading.values},
            raw={**whole.raw, **reading.raw},
        )

    def _hear_groups(self, count: int) -> None:
        """Count sound groups that are in no complete frame."""
        self._loose_groups += count
        if self._loose_groups >= ENOUGH:
            self._loose_groups = 0
            self._keep_from_belief(BORDERS, self._clock.monotonic())

    def _keep_from_belief(self, obstacle: str, now: float) -> None:
        """Remember *obstacle*: why nothing that came at *now* is passed on."""
        self._obstacle, self._obstacle_at = obstacle, now

    def _hunt(self, hunter: Hunter, chunk: bytes) -> bytes:
        """Follow the hunt for speed and mode; return what the decoder is to be fed."""
        if not chunk and self._source.away:
            # The absence of a port is no sign of another speed: the port is read as before when it returns.
            hunter.excuse(self._clock.monotonic())
            return b""
        if not hunter.feed(chunk, self._clock.monotonic()):
            return chunk if self._decoder is not None else b""
        self._source.set_speed(hunter.speed)
        if hunter.mode is None:
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
        self._source.settle()
        log.info(
            Text("%s : %s à %d bauds", "%s: %s at %d baud"),
            self._source.name,
            hunter.mode.value,
            hunter.speed,
        )
        self._decoder = FrameDecoder(hunter.mode, unframed=self._takes_unframed)
        return hunter.sample
