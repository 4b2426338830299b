"""The text of each page, and its picture on both chips and both sizes of panel.

The pictures in tests/golden/oled are those that a person sees; LINKYMONITOR_WRITE_GOLDEN=1 draws them anew. Look at
them before you commit them.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from linkymonitor.model.reading import DayTotals, Health, MonthTotals, Reading, TariffState, View
from linkymonitor.model.record import Contract
from linkymonitor.model.terms import PERIODS, Colour, Ejp, Mode, code
from linkymonitor.outputs.display import oled, pages
from linkymonitor.outputs.display.compose import compose
from linkymonitor.outputs.display.paint import paint, to_image
from linkymonitor.outputs.display.screen import Scene, Screen, TextLine, cell
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.system.clock import WireClock
from linkymonitor.tic.day_profile import read_day_profile
from tests.support.fake_oled import FakeOled

GOLDEN = Path(__file__).parents[2] / "golden" / "oled"
#: 19:42 in Paris, in the EJP season.
WINTER = datetime(2026, 2, 20, 18, 42, tzinfo=UTC)
SUMMER = datetime(2026, 7, 14, 17, 42, tzinfo=UTC)
NIGHT = datetime(2026, 2, 20, 22, 30, tzinfo=UTC)


def contract(option: str = "EJP", va: int = 12000) -> Contract:
    registers = tuple(map(code, PERIODS[option]))
    return Contract(mode=Mode.HISTORIQUE, option=option, registers=registers, subscribed_power=va)


def reading(**fields: object) -> Reading:
    known = {
        "taken_at": WINTER,
        "mode": Mode.HISTORIQUE,
        "contract": contract(),
        "tariff_period": "HN..",
        "apparent_power": 1234,
        "injected_power": 0,
        "currents": (5,),
    }
    return Reading(**{**known, **fields})


HEALTH = Health(frames=58912, groups=589120, speed=1200, parity=True)
DAY = DayTotals(
    energy={"HN": 9900, "PM": 12700},
    cost={"HN": Decimal("1.58"), "PM": Decimal("14.29")},
    total_cost=Decimal("15.87"),
)
MONTH = MonthTotals(
    first=date(2026, 2, 1),
    wh=412_345,
    eur=Decimal("97.31"),
    known_days=20,
    days=20,
    expected=Decimal("138.62"),
    low=Decimal("121.40"),
    high=Decimal("171.08"),
)
EJP = View(
    reading=reading(),
    tariff=TariffState(ejp=Ejp.NORMAL, has_peaks=True, tariff_period="HN.."),
    health=HEALTH,
    today=DAY,
    month=MONTH,
)
PEAK = EJP._replace(
    reading=reading(tariff_period="PM..", apparent_power=3980, currents=(17,)),
    tariff=TariffState(ejp=Ejp.PEAK, has_peaks=True, tariff_period="PM.."),
)
NOTICE = EJP._replace(tariff=EJP.tariff._replace(ejp=Ejp.NOTICE))
HC = EJP._replace(
    reading=reading(contract=contract("HC", 6000), tariff_period="HC..", currents=(5,), voltages=(234,)),
    tariff=TariffState(tariff_period="HC.."),
    today=DayTotals(energy={"HC": 3240, "HP": 8110}, total_cost=Decimal("2.05")),
)
HC_STANDARD = HC._replace(
    reading=HC.reading._replace(
        mode=Mode.STANDARD,
        tariff_period="HP..",
        values={"NTARF": 2, "PJOURF+1": read_day_profile("00008001 06308002 22308001")},
    ),
)
TEMPO = EJP._replace(
    reading=reading(contract=contract("TEMPO", 9000), tariff_period="HPJR", colour=Colour.RED),
    tariff=TariffState(tariff_period="HPJR", colour=Colour.RED, tomorrow=Colour.BLUE),
    today=DayTotals(
        energy={"HCJW": 3240, "HPJR": 8110, "HCJR": 400},
        cost={"HCJW": Decimal("0.48"), "HPJR": Decimal("6.12"), "HCJR": Decimal("0.06")},
        total_cost=Decimal("6.66"),
    ),
)
BASE = EJP._replace(
    reading=reading(contract=contract("BASE", 6000), tariff_period="TH.."),
    tariff=TariffState(tariff_period="TH.."),
    today=DayTotals(energy={"TH": 22600}, cost={"TH": Decimal("4.38")}, total_cost=Decimal("4.38")),
)
THREE_PHASES = BASE._replace(
    reading=reading(
        mode=Mode.STANDARD,
        contract=contract("BASE", 18000),
        tariff_period="TH..",
        apparent_power=12345,
        injected_power=None,
        currents=(22, 13, 17),
        voltages=(231, 233, 232),
    ),
    health=Health(frames=1_234_567, groups=5_000_000, rejected={"checksum": 4211, "width": 3}, speed=9600),
)
ESTIMATED = EJP._replace(
    reading=reading(apparent_power=0, injected_power=2860, injected_power_estimated=True)
)
OVERLOAD = HC._replace(
    reading=reading(contract=contract("HC", 6000), tariff_period="HP..", apparent_power=7020),
    tariff=TariffState(tariff_period="HP..", overload=True),
)
NOISY = EJP._replace(
    health=HEALTH._replace(rejected={"checksum": 210, "width": 4}, incomplete=17, parity=False)
)

#: Name → page, view, and changes of the scene.
CASES: dict[str, tuple[str, View | None, dict[str, object]]] = {
    "start": ("live", None, {}),
    "live": ("live", EJP, {}),
    "live-panels": ("live", EJP, {"panels": True}),
    "live-no-price": ("live", EJP._replace(today=DayTotals(energy=DAY.energy)), {}),
    "live-peak": ("live", PEAK, {}),
    "live-peak-panels": ("live", PEAK, {"panels": True}),
    "live-notice": ("live", NOTICE, {}),
    "live-unknown": ("live", EJP._replace(tariff=EJP.tariff._replace(ejp=Ejp.UNKNOWN)), {}),
    "live-hc": ("live", HC, {}),
    "live-hc-standard": ("live", HC_STANDARD._replace(today=DayTotals()), {}),
    "live-base": ("live", BASE, {}),
    "live-tempo": ("live", TEMPO, {}),
    "live-three-phases": ("live", THREE_PHASES, {}),
    "live-estimated": ("live", ESTIMATED, {}),
    "live-silent": ("live", PEAK, {"age": 12.4}),
    "live-silent-hc": ("live", HC, {"age": 150.0}),
    "live-en": ("live", EJP, {"lang": "en"}),
    "live-peak-en": ("live", PEAK, {"lang": "en"}),
    "today": ("today", EJP, {}),
    "today-peak": ("today", PEAK, {}),
    "today-no-price": ("today", EJP._replace(today=DayTotals(energy=DAY.energy)), {}),
    "today-none": ("today", EJP._replace(today=DayTotals()), {}),
    "today-base": ("today", BASE, {}),
    "today-hc": ("today", HC, {}),
    "today-tempo": ("today", TEMPO, {}),
    "today-silent": ("today", EJP, {"age": 12.4}),
    "today-en": ("today", EJP, {"lang": "en"}),
    "month": ("month", EJP, {}),
    "month-peak": ("month", PEAK, {}),
    "month-en": ("month", EJP, {"lang": "en"}),
    "month-large": (
        "month",
        EJP._replace(month=MONTH._replace(wh=2_412_345, eur=Decimal("1097.31"), expected=Decimal("1338.62"))),
        {},
    ),
    "month-missing": ("month", EJP._replace(month=MONTH._replace(known_days=17)), {}),
    "month-unsure": (
        "month",
        EJP._replace(month=MONTH._replace(expected=None, low=None, high=None, known_days=17)),
        {},
    ),
    "month-no-price": (
        "month",
        EJP._replace(month=MONTH._replace(eur=None, expected=None, low=None, high=None)),
        {},
    ),
    "month-bill": (
        "month",
        EJP._replace(month=MONTH._replace(first=date(2025, 12, 28), days=31, bill_until=date(2026, 2, 27))),
        {},
    ),
    "month-bill-en": (
        "month",
        EJP._replace(month=MONTH._replace(first=date(2026, 2, 8), bill_until=date(2026, 3, 7))),
        {"lang": "en"},
    ),
    "month-none": ("month", EJP._replace(month=None), {}),
    "month-silent": ("month", EJP, {"age": 12.4}),
    "tariff": ("tariff", EJP, {}),
    "tariff-peak": ("tariff", PEAK, {}),
    "tariff-notice": ("tariff", NOTICE, {}),
    "tariff-summer": ("tariff", EJP, {"at": SUMMER}),
    "tariff-hc": ("tariff", HC, {}),
    "tariff-hc-standard": ("tariff", HC_STANDARD, {}),
    "tariff-base": ("tariff", BASE, {}),
    "tariff-tempo": ("tariff", TEMPO, {}),
    "tariff-tempo-night": (
        "tariff",
        TEMPO._replace(reading=TEMPO.reading._replace(tariff_period="HCJR"), tariff=TariffState()),
        {"at": NIGHT},
    ),
    "tariff-silent": ("tariff", TEMPO, {"age": 7300.0}),
    "tariff-en": ("tariff", EJP, {"lang": "en"}),
    "line": ("line", EJP, {}),
    "line-peak": ("line", PEAK, {}),
    "line-noisy": ("line", NOISY, {}),
    "line-standard": ("line", THREE_PHASES, {}),
    "line-silent": ("line", EJP, {"age": 12.4}),
    "alert": ("today", OVERLOAD, {}),
    "alert-amperes": (
        "today",
        OVERLOAD._replace(reading=OVERLOAD.reading._replace(apparent_power=None, currents=(41,))),
        {},
    ),
    "alert-peak": ("live", PEAK._replace(tariff=PEAK.tariff._replace(overload=True)), {}),
}


def seen(chip: str, size: str, page: str, view: View | None, **different: object) -> Image.Image:
    """Return the picture of *page*, made of the bytes on the bus."""
    settings = oled.Settings(chip=oled.Chip(chip), size=oled.Size(size), pages=(page,))
    bus = FakeOled(chip, height=settings.size.height)
    clock = WireClock(different.get("at", WINTER))
    output = oled.Output(settings, Hardware(i2c=bus, clock=clock, lang=different.get("lang", "fr")))
    if different.get("panels"):
        output.update(ESTIMATED)
    if view is not None:
        output.update(view)
    if "age" in different:
        output.tick(clock.monotonic(), different["age"])
    assert not bus.unknown
    return bus.image()


def scene(tall: bool = False, **fields: object) -> Scene:
    return Scene(**{"height": 64 if tall else 32, "now": WINTER.astimezone(), **fields})


@pytest.mark.parametrize("size", ["128x32", "128x64"])
@pytest.mark.parametrize("name", CASES)
def test_every_page_looks_as_it_should_on_both_chips(name, size):
    page, view, different = CASES[name]
    path = GOLDEN / f"{name}-{size}.png"
    first = seen("ssd1306", size, page, view, **different)
    if os.environ.get("LINKYMONITOR_WRITE_GOLDEN"):
        GOLDEN.mkdir(parents=True, exist_ok=True)
        first.save(path)
    with Image.open(path) as golden:
        assert first.tobytes() == golden.convert("1").tobytes()
    assert seen("sh1106", size, page, view, **different).tobytes() == first.tobytes()


@pytest.mark.parametrize("name", ["live", "today", "today-hc", "tariff-hc-standard", "tariff-tempo", "alert"])
def test_a_frame_that_lost_its_contract_changes_nothing_on_the_screen(name):
    page, view, _ = CASES[name]
    tariff = view.tariff._replace(contract=view.reading.contract)
    lost = view._replace(reading=view.reading._replace(contract=None), tariff=tariff)
    for size in ("128x32", "128x64"):
        assert seen("ssd1306", size, page, lost).tobytes() == seen("ssd1306", size, page, view).tobytes()


@pytest.mark.parametrize("tall", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_no_text_leaves_the_screen(name, tall):
    page, view, different = CASES[name]
    silence = different.get("age")
    shown = compose(page, view, scene(tall, silence=silence, lang=different.get("lang", "fr")))
    for line in shown.lines:
        width, height = cell(line.font)
        assert line.x + width * (len(line.text) + len(line.right)) <= 128, line
        assert line.y + height <= (64 if tall else 32), line


#: Every page in both heights.
COMPOSED = {
    f"{name}-{height}": (compose(page, view, scene(height == 64)), height)
    for name, (page, view, _) in CASES.items()
    for height in (32, 64)
}
#: The pages without a lit band: the shift cuts the edge of such a band.
DARK = {
    name: (shown, height)
    for name, (shown, height) in COMPOSED.items()
    if not any(line.inverse for line in shown.lines)
}


@pytest.mark.parametrize(("shown", "height"), DARK.values(), ids=DARK)
def test_the_burn_in_shift_cuts_no_pixel(shown, height):
    lit = [
        sum(byte.bit_count() for band in paint(shown, 128, height, shift) for byte in band)
        for shift in ((0, 0), (1, 0), (1, 1), (0, 1))
    ]
    assert len(set(lit)) == 1


@pytest.mark.parametrize(("shown", "height"), DARK.values(), ids=DARK)
def test_the_columns_at_the_bezel_stay_dark(shown, height):
    image = to_image(paint(shown, 128, height))
    left, _, right, _ = image.getbbox()
    assert left >= 2
    assert right <= 127


def test_the_live_page_is_that_of_the_design():
    panels = scene(now=WINTER, injects=True)
    assert pages.live(EJP, panels).text == ("EJP NON  18:42 •", "C 1,234  I 0,000")
    assert pages.live(PEAK, panels).text == ("EJP OUI  →01:00 •", "C 3,980  I 0,000")
    assert pages.today(EJP, scene()).text == ("22,6 kWh  15,87 €", "HN 9,9  EJP 12,7")
    assert pages.line(EJP, scene()).text == ("1200 hist.  100%", "58 912 tr.  0 er")


def test_a_house_without_panels_sees_its_power_with_the_unit_and_the_cost_of_the_day():
    assert pages.live(EJP, scene()).text[1] == "1,23 kVA  15,87 €"
    assert pages.live(BASE, scene()).text[1] == "1,23 kVA  4,38 €"
    assert pages.live(EJP, scene(tall=True)).text[1:] == ("C 1,234 kVA", "jour 15,87 €")


def test_without_prices_the_next_change_of_the_tariff_is_shown_if_it_is_known():
    free = DayTotals()
    assert pages.live(HC_STANDARD._replace(today=free), scene(now=WINTER)).text[1] == "1,23 kVA  →22:30"
    assert pages.live(HC._replace(today=free), scene(now=WINTER)).text[1] == "C 1,234 kVA  5 A"


@pytest.mark.parametrize("page", pages.PAGES)
@pytest.mark.parametrize("tall", [False, True])
def test_every_page_is_inverted_in_a_peak(page, tall):
    assert compose(page, PEAK, scene(tall)).inverted
    assert not compose(page, PEAK, scene(tall, silence=12.0)).inverted
    assert not compose(page, EJP, scene(tall)).inverted


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("view", [EJP, PEAK, NOTICE], ids=["normal", "peak", "notice"])
def test_no_page_writes_pm_beside_an_hour(view, lang):
    for page in pages.PAGES.values():
        for tall in (False, True):
            words = " ".join(page(view, scene(tall, lang=lang)).text)
            assert "PM" not in words
            assert "HN →" not in words


def test_an_unset_clock_is_not_shown_as_a_time():
    assert pages.live(EJP, scene(now=None)).text[0] == "EJP NON  --:-- •"


@pytest.mark.parametrize("page", pages.PAGES)
@pytest.mark.parametrize("tall", [False, True])
def test_old_data_are_never_shown(page, tall):
    figures = (
        "412",
        "97,31",
        "138",
        "1,23",
        "3,98",
        "22,6",
        "15,87",
        "9,9",
        "12,7",
        "OUI",
        "100%",
        "58 912",
        "jusqu",
    )
    shown = pages.PAGES[page](PEAK, scene(tall, silence=12.0))
    assert not [figure for figure in figures if figure in " ".join(shown.text)]
    assert "--" in " ".join(shown.text)
    assert "muet 12 s" in " ".join(shown.text)
    assert not shown.inverted


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (10.0, "muet 10 s"),
        (59.9, "muet 59 s"),
        (60.0, "muet 1 min"),
        (3599.0, "muet 59 min"),
        (3600.0, "muet 1 h"),
        (47 * 3600.0, "muet 47 h"),
        (48 * 3600.0, "muet 2 j"),
        (4000 * 86400.0, "muet 4000 j"),
        (float("inf"), "muet"),
    ],
)
def test_an_age_is_told_in_its_largest_whole_unit(seconds, words):
    assert scene(silence=seconds).age == words


@pytest.mark.parametrize(
    ("va", "words"),
    [
        (0, "0,000"),
        (9_999, "9,999"),
        (10_000, "10,00"),
        (36_000, "36,00"),
        (99_999, "100,00"),
        (123_456, "123,5"),
    ],
)
def test_a_power_keeps_its_digits_in_a_few_letters(va, words):
    assert scene().power(va) == words


def test_two_great_powers_share_a_line():
    view = EJP._replace(
        reading=reading(
            apparent_power=12345,
            apparent_power_estimated=True,
            injected_power=12345,
            injected_power_estimated=True,
        ),
    )
    assert pages.live(view, scene(injects=True)).text[1] == "C ~12,3  I ~12,3"


@pytest.mark.parametrize(
    ("local", "second"),
    [
        ("2026-02-20T19:42", "EJP 7 h ?"),
        ("2026-03-31T06:59", "EJP 7 h ?"),
        ("2026-03-31T07:00", "EJP : 1er nov."),
        ("2026-04-01T00:30", "EJP : 1er nov."),
        ("2026-10-31T06:00", "EJP : 1er nov."),
        ("2026-10-31T07:00", "EJP 7 h ?"),
        ("2026-11-01T00:00", "EJP 7 h ?"),
    ],
)
def test_a_peak_is_expected_in_the_season_only(local, second):
    shown = pages.tariff(EJP, scene(tall=True, now=datetime.fromisoformat(local)))
    assert shown.text[:2] == ("Heures normales", second)


def test_a_notice_names_the_hour_when_it_is_near():
    at_six = datetime.fromisoformat("2026-02-20T06:31")
    assert pages.tariff(NOTICE, scene(now=at_six)).text == ("EJP à 7 h", "préavis reçu")


def test_a_supplier_s_own_period_keeps_the_name_that_the_meter_gives():
    view = BASE._replace(
        reading=reading(tariff_period="F03", values={"LTARF": "   HEURE  WEEK-END  "}),
        tariff=TariffState(tariff_period="F03"),
    )
    assert pages.tariff(view, scene()).text[0] == "Heure week-end"
    assert pages.live(view, scene()).text[0].startswith("F03 ")


@pytest.mark.parametrize(
    ("local", "words"),
    [
        ("2026-02-20T19:42", "→ 22:30 HC ?"),
        ("2026-02-20T05:00", "→ 22:30 HC ?"),
        ("2026-02-20T23:00", "→ 0:00 HC"),
    ],
)
def test_the_next_change_is_that_of_the_day_profile_of_a_standard_meter(local, words):
    now = datetime.fromisoformat(local)
    assert pages.tariff(HC_STANDARD, scene(now=now)).text == ("Heures pleines", words)


def test_a_supplier_s_own_registers_keep_their_numbers():
    profile = read_day_profile("00008001 11308003 22308001")
    view = HC_STANDARD._replace(
        reading=reading(
            mode=Mode.STANDARD,
            contract=Contract(mode=Mode.STANDARD, option="HC SOLAIRES", registers=("F01", "F03")),
            tariff_period="F01",
            values={"NTARF": 1, "LTARF": "HEURE CREUSE", "PJOURF+1": profile},
        ),
    )
    now = datetime.fromisoformat("2026-02-20T09:00")
    assert pages.tariff(view, scene(now=now)).text == ("Heure creuse", "→ 11:30 F03 ?")


def test_a_reading_that_says_almost_nothing_still_has_pages():
    view = View(reading=Reading(taken_at=WINTER, mode=Mode.STANDARD))
    for page in pages.PAGES.values():
        for tall in (False, True):
            assert page(view, scene(tall)).text
    bare = view._replace(tariff=TariffState(overload=True))
    assert compose("live", bare, scene()).text[1] == "-- A"


def test_the_sign_of_life_moves():
    still, moved = (paint(pages.live(EJP, scene(beat=beat)), 128, 32) for beat in (False, True))
    assert still != moved


def test_a_new_page_is_one_function_that_may_draw():
    def gauge(view: View, scene: Scene) -> Screen:
        picture = Image.new("1", (scene.width, scene.height))
        ImageDraw.Draw(picture).rectangle((0, 0, 63, scene.height - 1), fill=1)
        return Screen((TextLine("½", 100, 8),), picture=picture)

    try:
        assert pages.page(gauge) is gauge
        shown = compose("gauge", EJP, scene())
    finally:
        del pages.PAGES["gauge"]
    image = to_image(paint(shown, 128, 32))
    assert image.getpixel((63, 31)) == 255
    assert image.getpixel((64, 31)) == 0
    assert image.crop((100, 8, 108, 24)).getbbox() is not None
