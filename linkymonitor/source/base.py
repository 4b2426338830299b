"""The contract that every source of bytes keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from linkymonitor.model.terms import Mode

#: The SOURCE that stands for the serial port on which a meter is heard.
AUTO = "auto"
#: Prefix of a SOURCE that names a simulated meter instead of a port or a file.
SIMULATED = "sim:"


class Source:
    """Where bytes come from: a port, a URL, a file, a pipe, a replay or a simulated meter.

    A reader uses these attributes and methods alone, whichever kind of source it reads. A kind of source
    overrides only those that apply to it; the values and the empty methods here are right for the others.
    """

    #: The source as the user wrote it, for messages.
    name: str = ""
    #: True for a port or a URL of a real meter: its mode and speed are hunted, and reading never ends.
    is_meter: bool = False
    #: True when the bytes are still being sent while they are read; False for a file.
    live: bool = False
    #: True when a read never waits in real time, but moves a clock of its own forward.
    instant: bool = False
    #: The mode, or None when the source does not know it; a replay finds it in its first bytes.
    mode: Mode | None = None
    #: Wall time at which a recording began; None for any other source.
    started_at: datetime | None = None
    #: Seconds from *started_at* to the last chunk of a recording; None for any other source.
    offset: float | None = None
    #: Seconds that the last chunk of a simulated meter took on the line; None for any other source.
    elapsed: float | None = None

    @property
    def away(self) -> bool:
        """Whether the port is absent or does not open, so that silence is no sign of a silent meter."""
        return False

    @property
    def why_away(self) -> Exception | None:
        """The error for which the port is away; None while it is open."""
        return None

    def read(self, timeout: float) -> bytes | None:
        """Return the next bytes, ``b""`` if none came within *timeout* seconds, None at the end of the input.

        A source that is a meter has no end: while its port is away, a read waits as on a silent line.
        """
        raise NotImplementedError

    def set_speed(self, speed: int) -> None:
        """Read at *speed* baud from now on, and raw: give bytes as they come."""

    def settle(self) -> None:
        """Give whole frames from now on, where the kernel can gather them; the speed and the mode are known.

        An LF or a CR beside a damaged byte may then come as the other of the two.
        """

    def discard(self) -> None:
        """Throw away the bytes that have come and were not read yet."""

    def close(self) -> None:
        """Release the port, file or connection; after that no byte can be read from it."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
