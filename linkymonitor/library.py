"""The package as a library: the readings of any source of bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime

from linkymonitor.language import speak
from linkymonitor.meter.meter import Meter
from linkymonitor.model.reading import Health, Reading
from linkymonitor.model.terms import Mode
from linkymonitor.source.base import SIMULATED, Source
from linkymonitor.system.clock import Clock, StreamClock, SystemClock, WireClock

#: The longest wait of a read, in seconds. It is short so that Ctrl-C also ends a loop on a silent line.
_WAIT = 0.5


def opened(
    spec: str,
    *,
    at: datetime | None = None,
    mode: Mode | None = None,
    speed: int | None = None,
    pause: float = 10.0,
) -> tuple[Source, Clock]:
    """Return the source that *spec* names, and its clock: the clock of the machine, or that of the wire.

    Args:
        spec: a device, a file, a recording, ``-``, a pyserial URL, or ``sim:`` with its options.
        at: the time of the first byte of a file; None: as the file has it, else now.
        mode: the mode, when it is known.
        speed: the speed in baud, when it is known.
        pause: the longest wait between two attempts to open a port that has gone away, in seconds.

    Raises:
        LineBusy: another process has the port.
        LineError: *spec* cannot be read.
        ValueError: the options of ``sim:`` are not understood.
    """
    real = SystemClock()
    if spec.startswith(SIMULATED):
        from dataclasses import replace

        from linkymonitor.simulator.options import parse_spec
        from linkymonitor.simulator.wire import SimSource
        from linkymonitor.source.replay import WireSource

        options = parse_spec(spec)
        if mode is not None:
            options = replace(options, mode=mode)
        simulated = SimSource(options, real, options.speed)
        if options.speed is not None:
            return simulated, real
        wire = WireClock(at or simulated.options.start)
        return WireSource(simulated, wire, options.mode, dated=False), wire
    from linkymonitor.source.open import open_source

    source = open_source(spec, clock=real, speed=speed, pause=pause)
    if source.is_meter:
        return source, real
    from linkymonitor.source.replay import WireSource

    follows = source.live and at is None
    wire = StreamClock(real) if follows else WireClock(at or source.started_at or real.now())
    return WireSource(source, wire, mode), wire


class OpenMeter:
    """A meter that is open: iterate over it for its readings, and close it or use it in ``with``."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._heard: deque[Reading] = deque()
        self._ended = False

    @property
    def mode(self) -> Mode | None:
        """The mode of the TIC, None until it is known."""
        return self._meter.mode

    @property
    def health(self) -> Health:
        """Counts of frames and groups so far, and the state of the line."""
        return self._meter.health

    def __iter__(self) -> Iterator[Reading]:
        return self

    def __next__(self) -> Reading:
        while not self._heard:
            if self._ended:
                raise StopIteration
            heard = self._meter.frames(_WAIT)
            if heard is None:
                raise StopIteration
            self._heard += [frame.reading for frame in heard if frame.reading is not None]
        return self._heard.popleft()

    def close(self) -> None:
        """Close the source; readings of bytes that were read before can still be taken."""
        self._ended = True
        self._meter.close()

    def __enter__(self) -> OpenMeter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_meter(
    spec: str,
    *,
    mode: Mode | None = None,
    speed: int | None = None,
    at: datetime | None = None,
    lang: str | None = None,
) -> OpenMeter:
    """Open the meter that *spec* names; the result yields one reading for each believed frame.

    A reading has believed values only (linkymonitor.meter.acceptance): a period or a notice that two frames agree on, a
    power as the median of three frames, an index one frame late. The first frame of a port gives no values; the
    first frame of a file or of a simulated meter gives all of its values.

    >>> with open_meter("sim:hc,seed=7,day=2026-01-13,speed=max") as meter:
    ...     for reading in meter:
    ...         print(reading.mode.value, reading.tariff_period, reading.apparent_power, "VA")
    ...         break
    historique HC.. 1590 VA

    A device that is absent or goes away is opened again for ever: the loop ends with a file, not with a meter. The
    mode and the speed of a device are found out. A file is read as fast as possible, and its readings have the time
    of the wire.

    Args:
        spec: a device (``/dev/ttyUSB0``), a file, a recording, ``-``, any pyserial URL, or ``sim:`` with the
            simulator's options.
        mode: the mode; None to find it out.
        speed: the speed in baud; None to find it out.
        at: the time of the first byte of a file, an aware datetime; None: as the file has it, else now.
        lang: the language of the lines that this process logs from now on, ``fr`` or ``en``; None: that of its
            terminal.

    Raises:
        LineBusy: another process reads the port.
        LineError: there is no such file, or it cannot be read.
        ValueError: the options of ``sim:`` are not understood.
    """
    if lang is not None:
        speak(lang)
    source, clock = opened(spec, at=at, mode=mode, speed=speed)
    return OpenMeter(Meter(source, clock, mode, speed))
