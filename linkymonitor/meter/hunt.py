"""Finds the mode and the speed of a meter, and notices when they change."""

# Strategy
#
# - Only lines with a right checksum count (tic/detect.py).
# - The mode does not decide the speed: some dongles send historique at 9600 baud.
# - Once the mode is found, one valid line a second proves that it has not changed. The decoder checks every line
#   of the same bytes, and checking each of them twice would cost a Pi Zero too much.

from __future__ import annotations

from linkymonitor.model.terms import Mode
from linkymonitor.tic.detect import count_valid, decided, has_valid

#: Seconds spent on one speed: two frames of the slowest kind.
TRY = 6.0
#: Seconds without a valid line after which the meter is hunted again (NOI-CPT_54E §9.4.1 says 10 s ± 1 s).
LOST = 10.0
#: Speeds of the TIC, in the order in which they are tried.
SPEEDS = (9600, 1200)

# Seconds after a valid line in which a hunter that has found the mode ignores the bytes.
_CONTENT = 1.0
# Bytes of an unfinished line that are kept at most; a line has at most 110 characters.
_LONGEST_RUN = 256
# Bytes that a hunter keeps for the decoder: a little more than two frames in standard mode.
_SAMPLE = 4096

_CUT_BYTES = b"\x02\x03\x04\n\r\x82\x83\x84\x8a\x8d"


class Hunter:
    """Finds the mode and the speed of a live meter from its bytes and the time alone; it touches no port.

    While ``mode`` is None the port must be raw, at ``speed``. When feed() returns True, ``mode`` or ``speed`` has
    changed. The caller then sets the port to ``speed``, even to the speed that it has, because that makes it raw.
    If ``mode`` is known, the caller also settles the port, makes a decoder and gives it ``sample`` first.

    Args:
        now: the time in monotonic seconds, as for every method.
        mode: the only mode to accept; None accepts both.
        speed: the only speed to try, in baud; None tries both, beginning with that of *mode*.
    """

    def __init__(self, now: float, *, mode: Mode | None = None, speed: int | None = None) -> None:
        self._wanted = mode
        first = [] if mode is None else [mode.speed]
        self._speeds = [speed] if speed is not None else list(dict.fromkeys([*first, *SPEEDS]))
        #: The mode that was found, or None while it is hunted.
        self.mode: Mode | None = None
        #: The speed that the port must have, in baud.
        self.speed = self._speeds[0]
        #: When feed() must be called at the latest, even without a byte, in monotonic seconds.
        self.deadline: float
        #: The last bytes at this speed: the first ones for the decoder once the mode is found.
        self.sample: bytes
        self._counts: dict[Mode, int]
        self._run: bytes  # the start of a line whose end has not come yet
        self._heard: float
        self._try(now)

    def feed(self, chunk: bytes, now: float) -> bool:
        """Take *chunk* into account, which is empty if nothing came until *now*.

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
        """Start the time-out anew at *now*: the port was away, so silence is no sign of another mode or speed."""
        self._heard = now
        self.deadline = now + (TRY if self.mode is None else LOST)

    def _lock(self, now: float) -> bool:
        mode = decided(self._counts)
        if mode is None or self._wanted not in (None, mode):
            return False
        self.mode = mode
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
        # The likeliest cause is a change of mode, which changes the speed too.
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
