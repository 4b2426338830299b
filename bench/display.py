"""What a refresh of the display costs, on the bus and in CPU, against drawing all of it through luma and Pillow."""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.table import Row
from linkymonitor.model.reading import Health, Reading, TariffState, View
from linkymonitor.model.terms import Ejp, Mode
from linkymonitor.outputs.display import oled
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.system.clock import WireClock

_EVENING = datetime(2026, 2, 20, 18, 42, tzinfo=UTC)
_ROUNDS, _REFRESHES = 9, 60


class Bus:
    """An I2C bus that counts: each transfer is its data, an address and a control byte."""

    def __init__(self) -> None:
        self.sent = 0

    def write_i2c_block_data(self, address: int, control: int, data: list[int], force: object = None) -> None:
        """Take a block."""
        self.sent += len(data) + 2

    def close(self) -> None:
        """Close nothing."""


def measure() -> Iterator[Row]:
    """Yield the bytes and the CPU time of one changed figure, for both sizes of panel."""
    for size, must_cpu, aim_cpu in ((oled.Size.SMALL, 1 / 10, 1 / 20), (oled.Size.TALL, 1 / 10, 1 / 20)):
        bus = Bus()
        settings = oled.Settings(size=size, shift_every=timedelta(0), rotate_every=timedelta(0))
        output = oled.Output(settings, Hardware(i2c=bus, clock=WireClock(_EVENING)))
        whole_bus = Bus()
        draw = _whole(size, whole_bus)

        output.update(_view(0))
        changed, whole = -bus.sent, -whole_bus.sent
        output.update(_view(1))
        draw(_view(1))
        changed, whole = changed + bus.sent, whole + whole_bus.sent
        yield Row(
            figure=f"OLED {size.value}: bytes for one figure, against a full frame",
            measured=changed / whole,
            must=1 / 8,
            aim=1 / 16,
            note=f"{changed} bytes to {whole}",
        )

        ratios = []
        number = 1
        for _ in range(_ROUNDS):
            ours = _cpu(output.update, number)
            theirs = _cpu(draw, number)
            ratios.append(ours / theirs)
            number += _REFRESHES
        yield Row(
            figure=f"OLED {size.value}: CPU a refresh, against luma's canvas and Pillow",
            measured=statistics.median(ratios),
            must=must_cpu,
            aim=aim_cpu,
            note=f"{ours * 1e6:.0f} µs to {theirs * 1e6:.0f}",
        )
        output.close()


def _view(number: int) -> View:
    """Return what one more frame says: the last digit of the power is another one, and the line is alive."""
    return View(
        reading=Reading(
            taken_at=_EVENING,
            mode=Mode.HISTORIQUE,
            tariff_period="HN..",
            apparent_power=1230 + number % 10,
            injected_power=0,
            currents=(5,),
        ),
        tariff=TariffState(ejp=Ejp.NORMAL, has_peaks=True),
        health=Health(frames=number, groups=100, speed=1200),
    )


def _whole(size: oled.Size, bus: Bus) -> Callable[[View], None]:
    """Return what most programs do: four lines of text on luma's canvas, the whole picture sent."""
    import luma.oled.device
    from luma.core.interface.serial import i2c
    from luma.core.render import canvas
    from PIL import ImageFont

    with warnings.catch_warnings():
        # luma calls Image.getdata, which Pillow 14 takes away.
        warnings.simplefilter("ignore")
        device: Any = luma.oled.device.ssd1306(i2c(bus=bus), width=size.width, height=size.height)
    device.persist = True  # nothing to say to it at exit
    font = ImageFont.load_default()
    row = size.height // 4

    def draw(view: View) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with canvas(device) as picture:
                reading = view.reading
                lines = (
                    f"{reading.tariff_period} 18:42",
                    f"{reading.apparent_power} VA",
                    f"{reading.currents[0]} A",
                    f"{view.health.frames} trames",
                )
                for at, text in enumerate(lines):
                    picture.text((0, at * row), text, fill="white", font=font)

    return draw


def _cpu(refresh: Callable[[View], object], first: int) -> float:
    views = [_view(number) for number in range(first, first + _REFRESHES)]
    began = time.process_time()
    for view in views:
        refresh(view)
    return (time.process_time() - began) / _REFRESHES
