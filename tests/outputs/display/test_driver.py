"""The panel on its bus: the bytes that are sent, and a panel that goes away."""

from __future__ import annotations

import errno
import logging
import math
from datetime import timedelta

import pytest
import smbus2

from linkymonitor.outputs.display import oled
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.system.clock import WireClock
from tests.outputs.display.bench import EVENING, NO_ANSWER, Bench, view
from tests.support.fake_oled import FakeOled

CHIPS = ["ssd1306", "sh1106"]
SIZES = ["128x32", "128x64"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("chip", CHIPS)
def test_the_glass_shows_what_was_painted(chip, size):
    bench = Bench(chip, size)
    for number, va in enumerate((0, 1234, 98, 12345, 1234)):
        bench.update(view(va, frames=va))
        assert bench.picture == bench.expect("live", view(va), beat=number % 2 == 0)
    assert not bench.bus.unknown


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("chip", CHIPS)
def test_a_changed_figure_costs_a_fraction_of_a_picture(chip, size):
    bench = Bench(chip, size, shift_every=timedelta(0))
    bench.update(view(1234))
    whole = bench.settings.size.width * bench.settings.size.height // 8
    # One digit; all digits of the power; all digits and the sign of life.
    assert bench.update(view(1235)) <= whole / 16
    assert bench.update(view(8868)) <= whole / 4
    assert bench.update(view(8869, frames=11)) <= whole / 10


def test_what_did_not_change_is_not_sent():
    bench = Bench()
    bench.update(view())
    assert bench.update(view()) == 0
    bench.wait(1)
    assert bench.update(view()) == 0


def test_the_panel_is_lit_only_when_the_first_picture_is_there():
    lit_with = []

    class Watched(FakeOled):
        def _store(self, byte):
            lit_with.append(self.lit)
            super()._store(byte)

    bus = Watched(height=32)
    Bench(bus=bus)
    assert lit_with
    assert not any(lit_with)
    assert bus.lit


@pytest.mark.parametrize("chip", CHIPS)
def test_a_panel_that_hangs_upside_down_is_read_upright(chip):
    upright, flipped = Bench(chip), Bench(chip, flip=True)
    for bench in (upright, flipped):
        bench.update(view())
    assert flipped.bus.image().rotate(180).tobytes() == upright.picture


def test_the_managed_bus_of_smbus2_sees_the_same_picture(monkeypatch):
    bus = FakeOled(height=32)
    monkeypatch.setattr(smbus2, "SMBus", lambda port: bus if port == 1 else None)
    output = oled.Output(oled.Settings(), Hardware(clock=WireClock(EVENING)))
    output.update(view())
    assert bus.image().tobytes() == Bench().expect("live", view())
    output.close()
    assert bus.closed
    assert not bus.lit


def test_the_kernel_is_told_to_give_up_soon(monkeypatch):
    asked = []
    monkeypatch.setattr("fcntl.ioctl", lambda *arguments: asked.append(arguments))
    bus = FakeOled(height=32)
    bus.fd = 42
    oled.Output(oled.Settings(), Hardware(i2c=bus, clock=WireClock(EVENING)))
    assert asked == [(42, 0x0702, 5)]


@pytest.mark.parametrize("chip", CHIPS)
def test_a_display_that_is_absent_at_the_start_is_found_later(chip, caplog):
    caplog.set_level(logging.INFO)
    bus = FakeOled(chip, height=32)
    bus.ailment = NO_ANSWER
    bench = Bench(chip, bus=bus)
    bench.update(view())
    assert bench.wait(0) == pytest.approx(10)
    for _ in range(3):
        bench.wait(10)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"{chip} i2c-1 : rien ne répond à l'adresse 0x3C ; vérifiez câblage" in caplog.text
    bus.ailment = None
    bench.wait(9.9)
    assert not bus.lit
    bench.wait(0.1)
    assert bus.lit
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


@pytest.mark.parametrize("ailment", [NO_ANSWER, OSError(errno.ETIMEDOUT, "timed out"), OSError("bus error")])
def test_a_display_that_dies_comes_back_whole(ailment, caplog):
    bench = Bench(pages=("live",))
    bench.update(view())
    bench.bus.ailment = ailment
    bench.update(view(4321, frames=11))
    bench.bus.power_on()
    bench.bus.ailment = None
    bench.wait(5)
    assert not bench.bus.lit
    bench.wait(5)
    assert bench.picture == bench.expect("live", view(4321), beat=False)
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1


@pytest.mark.parametrize("healthy", range(40))
def test_a_picture_cut_anywhere_is_mended(healthy):
    bench = Bench(size="128x64", pages=("live", "line"))
    bench.update(view())
    left = [healthy]

    def cut(count: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            bench.bus.ailment = NO_ANSWER

    bench.bus.on_transfer = cut
    bench.wait(8)
    bench.bus.on_transfer = lambda count: None
    bench.bus.ailment = None
    bench.wait(10)
    bench.update(view(1000))
    assert bench.picture in [bench.expect(page, view(1000)) for page in bench.settings.pages]


def test_a_bus_that_is_not_there_is_no_error(caplog):
    clock = WireClock(EVENING)
    output = oled.Output(oled.Settings(port=4711), Hardware(clock=clock))
    output.update(view())
    assert output.tick(clock.monotonic(), 0.0) == pytest.approx(clock.monotonic() + 10)
    assert "i2c-4711 : /dev/i2c-4711 absent ;" in caplog.text
    output.close()


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("ailment", "words"),
    [
        (NO_ANSWER, "nothing answers at the address 0x3C"),
        (OSError(errno.EACCES, "Permission denied"), "Permission denied"),
        (OSError("bus error"), "failure (bus error)"),
        (ImportError("No module named 'luma'"), "a module does not load (No module named 'luma')"),
    ],
)
def test_what_is_wrong_is_said_in_english_too(ailment, words, caplog):
    bus = FakeOled(height=32)
    bus.ailment = ailment
    Bench(bus=bus)
    assert f"[display] ssd1306 i2c-1: {words}; check the wiring" in caplog.text


def test_what_the_system_says_is_said_in_french(caplog):
    bus = FakeOled(height=32)
    bus.ailment = OSError(errno.EBUSY, "Device or resource busy")
    Bench(bus=bus)
    assert "[display] ssd1306 i2c-1 : occupé ; vérifiez câblage" in caplog.text


def test_a_slow_bus_holds_the_loop_for_a_few_tens_of_milliseconds_only():
    bus = FakeOled(height=64)
    clock = WireClock(EVENING)
    bus.on_transfer = lambda count: clock.advance(count * 9 / 100_000)  # 100 kHz
    output = oled.Output(
        oled.Settings(size=oled.Size.TALL, pages=("live", "line")), Hardware(i2c=bus, clock=clock)
    )
    assert clock.monotonic() - 1000 < 0.07
    assert not bus.lit
    before = clock.monotonic()
    output.tick(before, math.inf)
    assert clock.monotonic() - before < 0.07
    assert bus.lit
    assert bus.image().tobytes() == Bench(size="128x64").picture


def test_a_bug_of_ours_is_not_taken_for_a_dead_display():
    bus = FakeOled(height=32)
    bus.ailment = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError):
        Bench(bus=bus)
