"""The display on its bus: its pictures, and their times."""

from __future__ import annotations

import logging
import math
import subprocess
import sys
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from gpiozero import LED, PinUnknownPi
from gpiozero.pins.mock import MockFactory

from linkymonitor.errors import BadSetting, ConfigError
from linkymonitor.model.reading import Health, MonthTotals
from linkymonitor.model.terms import Ejp
from linkymonitor.outputs.base import NEVER
from linkymonitor.outputs.display import oled
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.system.clock import WireClock
from tests.outputs.display.bench import EVENING, LOCAL, NO_ANSWER, Bench, view
from tests.support.fake_oled import FakeOled


def test_the_pages_take_turns():
    bench = Bench(pages=("live", "line"))
    bench.update(view())
    assert bench.wait(0) == pytest.approx(8)
    assert bench.wait(7.9) == pytest.approx(0.1)
    assert bench.picture == bench.expect("live", view())
    bench.wait(0.1)
    assert bench.picture == bench.expect("line", view())
    bench.wait(8)
    assert bench.picture == bench.expect("live", view())


def test_the_page_of_the_month_is_in_the_rotation_only_while_its_cost_is_known():
    cost = Decimal("97.31")
    month = MonthTotals(first=date(2026, 2, 1), wh=412_345, eur=cost, known_days=20, days=20)

    def pages_of(heard):
        """Return which of the next three pages is that of the month."""
        bench = Bench(pages=("live", "month", "tariff"), shift_every=timedelta(0))
        bench.update(heard)
        shown = [bench.expect(name, heard) for name in ("live", "month", "tariff")]
        seen = []
        for _ in range(3):
            seen.append(shown.index(bench.picture))
            bench.wait(8)
        return seen

    assert pages_of(view()._replace(month=month)) == [0, 1, 2]
    assert pages_of(view()._replace(month=month._replace(eur=None))) == [0, 2, 0]
    assert pages_of(view()) == [0, 2, 0]


def test_the_page_of_the_line_comes_by_itself_while_the_line_is_bad():
    bench = Bench(pages=("live", "today"), shift_every=timedelta(0))

    def after_a_minute(groups: int, rejected: int) -> list[bool]:
        """Return which of the next three pages is that of the line."""
        bench.wait(60)
        health = Health(frames=10 + groups // 10, groups=groups, rejected={"checksum": rejected}, speed=1200)
        heard = view()._replace(health=health)
        bench.update(heard)
        pages = []
        for _ in range(3):
            bench.wait(8)
            now = LOCAL + timedelta(seconds=bench.clock.monotonic() - began)
            beats = [
                bench.expect("line", heard, beat=beat, now=now.replace(second=0, microsecond=0))
                for beat in (True, False)
            ]
            pages.append(bench.picture in beats)
        return pages

    began = bench.clock.monotonic()
    bench.update(view())
    assert after_a_minute(500, 0) == [False, False, False]
    assert sorted(after_a_minute(900, 50)) == [False, False, True]
    assert after_a_minute(1300, 50) == [False, False, False]


def test_a_house_that_has_injected_keeps_the_place_of_the_injected_power():
    bench = Bench(pages=("live",))
    bench.update(view())
    assert bench.picture == bench.expect("live", view())
    sunny = view(0)._replace(reading=view(0).reading._replace(injected_power=1800))
    bench.update(sunny)
    bench.update(view())
    assert bench.picture == bench.expect("live", view(), injects=True)


def test_a_rotation_of_zero_stays():
    bench = Bench(rotate_every=timedelta(0), shift_every=timedelta(0))
    bench.update(view())
    assert bench.wait(0) == pytest.approx(10)  # when the data would be too old
    bench.wait(50)
    assert bench.picture == bench.expect("live", view())


def test_the_clock_on_the_screen_goes_on_between_frames():
    bench = Bench(pages=("live",), shift_every=timedelta(0))
    bench.clock.advance(57)
    bench.update(view())
    assert bench.wait(0) == pytest.approx(3)
    bench.wait(3, age=3)
    assert bench.picture == bench.expect("live", view(), now=LOCAL.replace(minute=43))


def test_the_sign_of_life_moves_with_the_frames_and_stops_with_them():
    bench = Bench(pages=("live",))
    pictures = []
    for frames in (1, 3, 3):  # two frames at once is still a move; no new frame is none
        bench.update(view(frames=frames))
        pictures.append(bench.picture)
    assert pictures[0] != pictures[1] == pictures[2]


def test_a_peak_inverts_the_screen_with_one_command():
    bench = Bench(pages=("live",))
    bench.update(view())
    upright = bench.picture
    cost = bench.update(view(ejp=Ejp.PEAK))
    assert bench.bus.inverted
    assert cost < 200
    assert bench.picture == bench.expect("live", view(ejp=Ejp.PEAK))
    bench.update(view())
    assert bench.picture == upright


def test_old_data_fade_and_come_back():
    bench = Bench(pages=("live",))
    peak = view(ejp=Ejp.PEAK)
    bench.update(peak)
    assert bench.wait(9.5, age=9.5) == pytest.approx(0.5)
    assert bench.picture == bench.expect("live", peak)
    assert bench.wait(0.5, age=10) == pytest.approx(1)
    assert bench.picture == bench.expect("live", peak, silence=10.0)
    assert not bench.bus.inverted
    bench.wait(1, age=11)
    assert bench.picture == bench.expect("live", peak, silence=11.0)
    bench.update(view(frames=11))
    assert bench.picture == bench.expect("live", view(), beat=False)


def test_before_the_first_frame_the_start_screen_stays():
    bench = Bench()
    first = bench.picture
    assert first == bench.expect("live", None)
    bench.wait(30, age=math.inf)
    assert bench.picture == first


def test_a_view_of_unknown_age_is_not_shown():
    bench = Bench(pages=("live",))
    bench.update(view())
    bench.wait(0, age=math.inf)
    assert bench.picture == bench.expect("live", view(), silence=math.inf)


def test_an_alert_stands_over_any_page_at_once():
    bench = Bench(pages=("line",))
    bench.update(view())
    bench.update(view(7020, overload=True))
    assert bench.picture == bench.expect("line", view(7020, overload=True))
    assert bench.picture != bench.expect("line", view(7020))
    bench.update(view())
    assert bench.picture == bench.expect("line", view())


def test_the_picture_moves_by_a_pixel_now_and_then():
    bench = Bench(pages=("live",), shift_every=timedelta(minutes=1))
    bench.update(view())
    for minute, shift in enumerate([(1, 0), (1, 1), (0, 1), (0, 0)], start=43):
        bench.wait(60)
        bench.update(view())
        now = LOCAL.replace(minute=minute)
        assert bench.picture == bench.expect("live", view(), shift, now=now)


def test_a_disturbed_panel_is_mended_when_the_picture_moves():
    bench = Bench(pages=("live",), shift_every=timedelta(minutes=1))
    bench.update(view())
    bench.bus.memory[:] = bytes(len(bench.bus.memory))
    bench.bus.inverted, bench.bus.lit = True, False
    bench.wait(60)
    assert bench.picture == bench.expect("live", view(), (1, 0), now=LOCAL.replace(minute=43))


@pytest.mark.parametrize(
    ("start", "end", "contrast"),
    [
        (time(22), time(7), 200),
        (time(19), time(7), 3),
        (time(19, 42), time(19, 43), 3),
        (time(7), time(19, 42), 200),
        (time(19, 43), time(19, 42), 200),
    ],
)
def test_the_nights_are_dim(start, end, contrast):
    bench = Bench(contrast=200, night_start=start, night_end=end, night_contrast=3)
    assert bench.bus.contrast == contrast


def test_the_brightness_changes_with_the_hour():
    bench = Bench(night_start=time(19, 43), night_end=time(19, 44), pages=("live",))
    levels = []
    for _ in range(3):
        levels.append(bench.bus.contrast)
        bench.wait(60, age=math.inf)
    assert levels == [128, 1, 128]


def test_a_button_turns_the_page():
    bench = Bench(button=17, pages=("live", "line"))
    bench.update(view())
    assert bench.wait(5) == pytest.approx(oled.BUTTON_PERIOD)
    bench.pins.pin(17).drive_low()
    bench.pins.pin(17).drive_high()
    bench.wait(0)
    assert bench.picture == bench.expect("line", view())
    bench.wait(7.9)
    assert bench.picture == bench.expect("line", view())
    bench.wait(0.1)
    assert bench.picture == bench.expect("live", view())
    bench.output.close()
    LED(17, pin_factory=bench.pins).close()  # the pin is free for others


def test_a_machine_without_pins_does_without_its_button(caplog):
    class NoPins(MockFactory):
        def pin(self, name):
            raise PinUnknownPi("unable to locate Pi revision in /proc/device-tree or /proc/cpuinfo")

    output = oled.Output(
        oled.Settings(button=17), Hardware(i2c=FakeOled(height=32), clock=WireClock(EVENING), pins=NoPins())
    )
    assert "17 : pas de broches GPIO ici (cette machine n'est pas un Raspberry Pi connu) ;" in caplog.text
    assert output.tick(1000.0, 0.0) > 1001
    output.close()


def test_a_button_on_the_pin_of_a_lamp_is_a_fault_of_the_configuration():
    pins = MockFactory()
    lamp = LED(17, pin_factory=pins)
    with pytest.raises(ConfigError, match="button = 17"):
        oled.Output(
            oled.Settings(button=17), Hardware(i2c=FakeOled(height=32), clock=WireClock(EVENING), pins=pins)
        )
    lamp.close()


@pytest.mark.usefixtures("english")
def test_the_messages_are_in_the_language_of_the_terminal(caplog):
    bus = FakeOled(height=32)
    bus.ailment = NO_ANSWER
    oled.Output(oled.Settings(), Hardware(i2c=bus, clock=WireClock(EVENING), lang="en"))
    assert "check the wiring" in caplog.text


def test_each_display_names_its_own_section(caplog):
    caplog.set_level(logging.INFO)
    for name in ("", "two"):
        bench = Bench(name=name, bus=FakeOled(height=32))
        bench.bus.ailment = NO_ANSWER
        bench.update(view())
        bench.bus.ailment = None
        bench.wait(10)
        bench.output.close()
    assert [record.getMessage().split(" ")[0] for record in caplog.records] == [
        "[display]",
        "[display]",
        "[output:two]",
        "[output:two]",
    ]


def test_an_untrusted_clock_is_not_shown_and_makes_no_night():
    class Lost(WireClock):
        def trusted(self, not_before):
            return False

    bus = FakeOled(height=32)
    settings = oled.Settings(pages=("live",), night_start=time(0), night_end=time(23, 59))
    output = oled.Output(settings, Hardware(i2c=bus, clock=Lost(EVENING)))
    output.update(view())
    assert bus.contrast == 128
    assert bus.image().tobytes() == Bench().expect("live", view(), now=None)


@pytest.mark.parametrize("ailment", [None, NO_ANSWER])
def test_a_stop_leaves_a_dark_display(ailment):
    bench = Bench()
    bench.update(view())
    bench.bus.ailment = ailment
    bench.output.close()
    bench.output.close()
    assert bench.bus.lit is (ailment is not None)
    assert not bench.bus.closed  # it is not ours
    sent = bench.bus.sent
    bench.update(view(5))
    assert bench.output.tick(0.0, 0.0) == NEVER
    assert bench.bus.sent == sent


def test_leaving_the_interpreter_says_nothing_more_to_the_bus():
    program = """
import atexit, sys
sys.path.insert(0, sys.argv[1])
from tests.support.fake_oled import FakeOled
from linkymonitor.outputs.display import oled
from linkymonitor.outputs.hardware import Hardware
bus = FakeOled(height=32)
atexit.register(lambda: print(bus.sent == sent, bus.lit))
output = oled.Output(oled.Settings(), Hardware(i2c=bus))
sent = bus.sent
"""
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", program, root], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "True True\n"
    assert done.stderr == ""


def test_nothing_heavy_is_imported_before_a_display_is_opened():
    program = (
        "import sys, linkymonitor.outputs.display.oled; "
        "print([name for name in ('PIL', 'luma', 'smbus2', 'gpiozero') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "[]\n"


def test_a_slow_picture_is_finished_at_the_next_tick():
    bench = Bench(size="128x64", pages=("live", "line"))
    bench.update(view())
    bench.bus.on_transfer = lambda count: bench.clock.advance(0.02)
    assert bench.wait(8) <= 0
    bench.bus.on_transfer = lambda count: None
    bench.wait(0)
    assert bench.picture == bench.expect("line", view())


def test_the_terminal_gets_pictures_with_their_words_and_only_new_ones():
    shown = []
    clock = WireClock(EVENING)
    output = oled.Output(oled.Settings(pages=("live",)), Hardware(terminal=shown.append, clock=clock))
    output.update(view())
    output.tick(clock.monotonic(), 0.0)
    output.update(view(ejp=Ejp.PEAK, frames=11))
    assert [image.info["text"] for image in shown] == [
        ("linkymonitor", "écoute compteur"),
        ("EJP NON  19:42 •", "C 1,234 kVA  5 A"),
        ("EJP OUI  →01:00 •", "C 1,234 kVA  5 A"),
    ]
    assert shown[1].size == (128, 32)
    assert shown[2].tobytes() == Bench().expect("live", view(ejp=Ejp.PEAK), beat=False)
    output.close()


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"address": 0x3C0}, "address = 0x3c0: expected 0x08 to 0x77"),
        ({"contrast": 256}, "contrast = 256: expected 0 to 255"),
        ({"night_contrast": -1}, "night_contrast = -1: expected 0 to 255"),
        (
            {"pages": ("live", "lnie")},
            "pages = live, lnie: expected some of live, today, month, tariff, line",
        ),
        ({"pages": ()}, "expected some of live"),
        ({"button": 40}, "button = 40: expected a GPIO number from 0 to 27"),
        ({"rotate_every": timedelta(-1)}, "expected a duration"),
        ({"night_start": time(22)}, "night_start = 22:00: night_end is missing; write night_end = 7:00, too"),
        ({"night_end": time(0)}, "night_end = 00:00: night_start is missing; write night_start = 22:00, too"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(wrong, sentence):
    with pytest.raises(BadSetting) as caught:
        oled.Settings(**wrong)
    assert sentence in str(caught.value)


def test_another_view_of_the_same_second_is_another_picture():
    bench = Bench(pages=("live",))
    bench.update(view())
    bench.update(view()._replace(health=Health(frames=11)))
    assert bench.picture == bench.expect("live", view(), beat=False)
