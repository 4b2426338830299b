"""THE contract of a source of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from linkymonitor.model.terms import Mode

#: How the name of a simulated meter begins, where a port or a file may be named.
SIMULATED = "sim:"


class Source:
    """Where bytes come from: a port, a URL, a file, a pipe, a replay or a simulated meter.

    This is all that a reader may ask of a source, so it need not know which kind it has. What a kind does not
    have keeps the value, or does the nothing, that stands here.
    """

    #: As the user wrote it; for messages.
    name: str = ""
    #: True for a port or a URL, which stand for a real meter: its mode and speed are hunted, and it never ends.
    is_meter: bool = False
    #: True when bytes come as somebody sends them, False when they were all there from the start.
    live: bool = False
    #: True when reading never waits in real time: a clock of the source's own is moved instead.
    instant: bool = False
    #: The mode, when the source knows it; a replay learns it from its first bytes.
    mode: Mode | None = None
    #: Wall time at which a recording began; None for anything else.
    started_at: datetime | None = None
    #: Seconds since *started_at* at which the last chunk of a recording came; None for anything else.
    offset: float | None = None
    #: Seconds that the last chunk of a simulated line took; None for anything else.
    elapsed: float | None = None

    @property
    def away(self) -> bool:
        """Whether what is read is absent, or does not open: silence then says nothing of the meter."""
        return False

    def read(self, timeout: float) -> bytes | None:
        """Return the next bytes, ``b""`` if none came within *timeout* seconds, None at the end of the input.

        A meter has no end: while it is away this waits like a silent line does.
        """
        raise NotImplementedError

    def set_speed(self, speed: int) -> None:
        """Read at *speed* baud from now on, raw."""

    def settle(self) -> None:
        """Gather whole frames from now on, where the kernel can; the speed and the mode are right.

        What noise does to LF and CR may then not come as it was sent; whatever else it does comes as it was.
        """

    def discard(self) -> None:
        """Throw away what has come and was not read yet."""

    def close(self) -> None:
        """Let go of the source."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
