"""Finds which mode a meter speaks and at which speed, and notices when that changes."""

# Strategy
#
# - Only lines with a right checksum count (tic/detect.py).
# - The speed is hunted apart from the mode: some dongles speak historique at 9600 baud.
# - Once locked, one valid line a second is enough to know that the meter is still there: a decoder reads
#   the same bytes, and a Pi Zero should not check every line twice.

from __future__ import annotations

from linkymonitor.model.terms import Mode
from linkymonitor.tic.detect import count_valid, decided, has_valid

#: Seconds spent on one speed: two frames of the slowest kind.
TRY = 6.0
#: Seconds without a valid line after which the meter is hunted again (NOI-CPT_54E §9.4.1 says 10 s ± 1 s).
LOST = 10.0
#: Speeds of the TIC, in the order in which they are tried.
SPEEDS = (9600, 1200)

# A locked hunter does not look at the line again for this long after a valid line.
_CONTENT = 1.0
# Longest run without an end that is remembered: a line is at most 110 characters.
_LONGEST_RUN = 256
# What a hunter keeps of its try, for the decoder to start from: a little more than two standard frames.
_SAMPLE = 4096

_CUT_BYTES = b"\x02\x03\x04\n\r\x82\x83\x84\x8a\x8d"


class Hunter:
    """Finds the mode and the speed of a live meter from its bytes and the time alone; it touches no port.

    While ``mode`` is None the port must be read raw at ``speed``. Whenever feed() returns True one of the two
    has changed: the caller sets the port to ``speed`` (always: that makes it raw again), and if ``mode`` is
    known settles it, makes a decoder and gives it ``sample`` first.

    Args:
        now: monotonic seconds, as for every method.
        mode: the only mode to lock on; None takes either.
        speed: the only speed to try; None hunts, from the speed of *mode* if that is given.
    """

    def __init__(self, now: float, *, mode: Mode | None = None, speed: int | None = None) -> None:
        self._wanted = mode
        first = [] if mode is None else [mode.speed]
        self._speeds = [speed] if speed is not None else list(dict.fromkeys([*first, *SPEEDS]))
        #: The mode locked on, or None while hunting.
        self.mode: Mode | None = None
        #: The speed the port should be at, in baud.
        self.speed = self._speeds[0]
        #: When feed() wants to be called at the latest, even without a byte; monotonic seconds.
        self.deadline: float
        #: What was heard in this try: the first bytes for the decoder once the mode is known.
        self.sample: bytes
        self._counts: dict[Mode, int]
        self._run: bytes  # what follows the last line end: that line is not whole yet
        self._heard: float
        self._try(now)

    def feed(self, chunk: bytes, now: float) -> bool:
        """Take *chunk* into account, empty if the line was silent, and let time pass.

        Returns:
            True when ``mode`` or ``speed`` has changed.
        """
        if self.mode is not None:
            return self._follow(chunk, now)
        if chunk:
            self.sample = self.sample[-_SAMPLE:] + chunk
            for mode, count in count_valid(self._whole_lines(chunk)).items():
                self._counts[mode] += count
        if self._lock(now):
            return True
        if now < self.deadline:
            return False
        return self._move(now)

    def excuse(self, now: float) -> None:
        """Start the time-out anew: the port was away, so silence proves nothing of the meter."""
        self._heard = now
        self.deadline = now + (TRY if self.mode is None else LOST)

    def _lock(self, now: float) -> bool:
        found = decided(self._counts)
        if found is None or self._wanted not in (None, found):
            return False
        self.mode = found
        self._heard = now
        self.deadline = now + LOST
        return True

    def _follow(self, chunk: bytes, now: float) -> bool:
        if now - self._heard < _CONTENT:
            self._run = b""
            return False
        assert self.mode is not None
        if chunk and has_valid(self._whole_lines(chunk), self.mode):
            self._heard = now
            self.deadline = now + LOST
            return False
        if now < self.deadline:
            return False
        # The likeliest cause is a meter that was switched to its other mode, hence its other speed.
        self.mode = None
        self._move(now)
        return True

    def _move(self, now: float) -> bool:
        before = self.speed
        self.speed = self._speeds[(self._speeds.index(before) + 1) % len(self._speeds)]
        self._try(now)
        return self.speed != before

    def _try(self, now: float) -> None:
        self.deadline = now + TRY
        self.sample = b""
        self._counts = dict.fromkeys(Mode, 0)
        self._run = b""
        self._heard = now

    def _whole_lines(self, chunk: bytes) -> bytes:
        """Return the lines that end in *chunk*, and keep the start of the line that does not."""
        received = self._run + chunk
        cut = max(map(received.rfind, _CUT_BYTES)) + 1
        self._run = received[cut:][-_LONGEST_RUN:]
        return received[:cut]
