"""The package as a library: any source of bytes as a series of readings."""

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

#: Seconds that a read waits at most, so that Ctrl-C ends a loop on a silent line too.
_WAIT = 0.5


def opened(
    spec: str,
    *,
    at: datetime | None = None,
    mode: Mode | None = None,
    speed: int | None = None,
    pause: float = 10.0,
) -> tuple[Source, Clock]:
    """Return the source that *spec* names and the clock that goes with it: the real one, or the wire's.

    Args:
        spec: a device, a file, a recording, ``-``, a pyserial URL, or ``sim:`` with its options.
        at: when a file begins.
        mode: the mode, when it is known.
        speed: the speed in baud, when it is known.
        pause: longest wait between two tries to open a port that is away, in seconds.

    Raises:
        LineBusy: somebody else holds the port.
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
    """A meter that is being read: iterate over it for its readings, close it or use it in ``with``."""

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
        """How well the meter is heard so far."""
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
            self._heard += [one.reading for one in heard if one.reading is not None]
        return self._heard.popleft()

    def close(self) -> None:
        """Let go of the port; what has been heard can still be read."""
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
    """Open the meter that *spec* names and return its readings, one for each complete frame.

    What a reading says is what is believed: a period or a notice once two frames agree on it, a power as the
    median of three, an index one frame late. Of a port nothing is said before the second frame; of a file or a
    simulated meter the first counts at once (linkymonitor.meter.acceptance).

    >>> with open_meter("sim:hc,seed=7,day=2026-01-13,speed=max") as meter:
    ...     for reading in meter:
    ...         print(reading.mode.value, reading.tariff_period, reading.apparent_power, "VA")
    ...         break
    historique HC.. 1590 VA

    A device is waited for and opened again for ever: the loop ends with a file, not with a meter. Its mode and
    its speed are found out. What is not a meter is read as fast as it can be, and dated by the time of the wire.

    Args:
        spec: a device (``/dev/ttyUSB0``), a file, a recording, ``-``, any pyserial URL, or ``sim:`` with the
            simulator's options.
        mode: the mode, if it need not be found out.
        speed: the speed in baud, if it need not be found out.
        at: when a file begins, aware; now if it is not given.
        lang: language of what this process logs from now on, ``fr`` or ``en``; None is that of its terminal.

    Raises:
        LineBusy: somebody else reads the port.
        LineError: there is no such file, or it cannot be read.
        ValueError: the options of ``sim:`` are not understood.
    """
    if lang is not None:
        speak(lang)
    source, clock = opened(spec, at=at, mode=mode, speed=speed)
    return OpenMeter(Meter(source, clock, mode, speed))
