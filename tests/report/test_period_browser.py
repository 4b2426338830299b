"""The pages of periods in a real browser: no error, no request, nothing clipped, and the figures of `--json`."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from linkymonitor.report.pages import Pages
from linkymonitor.report.period.as_json import as_json
from linkymonitor.report.period.figures import period_figures
from linkymonitor.report.section import Settings
from linkymonitor.summaries.day import Break, InjectedEnergy, PhaseExtremes, Silence, TermChange
from linkymonitor.system.resources import shipped
from tests.report.browsing import CONTRAST
from tests.report.house import PARIS, local
from tests.report.made_days import days, made
from tests.report.price_books import book

pytestmark = pytest.mark.browser

JANUARY, LAST = date(2026, 1, 1), date(2026, 1, 31)
LATER = local(date(2026, 3, 1))
EJP = {"HN": "0.1418", "PM": "1.0867"}
TEMPO = {
    "HCJB": "0.1288",
    "HPJB": "0.1552",
    "HCJW": "0.1447",
    "HPJW": "0.1792",
    "HCJR": "0.1518",
    "HPJR": "0.6586",
}
COLOUR = "e => getComputedStyle(e).backgroundColor"
SIX = ("WINTERNIGHT", "WINTERDAY", "SUMMERNIGHT", "SUMMERDAY", "MIDNIGHT", "MIDDAY")
NIGHT = {"base_load_va": 220, "base_watts_low": 190, "base_watts_high": 210}
GIVEN = InjectedEnergy(3000, 2500, 3600, estimated=True)


def ejp():
    """Return a month of EJP with the year before, a gap, a day without data, another meter, an estimate."""
    summaries = days(date(2025, 1, 1), 31, {"HN": 600, "PM": 0})
    summaries |= days(JANUARY, 31, {"HN": 500, "PM": 0}, injected=GIVEN, peak_va=5000, **NIGHT)
    for day in (date(2026, 1, 5), date(2026, 1, 6)):
        summaries[day] = made(day, {"HN": 100, "PM": 300}, ejp=True)
    at = round(local(date(2026, 1, 12), 12).timestamp())
    summaries[date(2026, 1, 12)] = made(
        date(2026, 1, 12),
        {"HN": 450},
        coverage=0.5,
        partial=True,
        gaps=(Silence(at, at + 43_000, None),),
        breaks=(Break(at, contract_changed=True),),
        changes=(TermChange(at, "meter", None, None),),
        peak_va=9000,
        peak_at=at,
    )
    del summaries[date(2026, 1, 20)]
    # The indexes at midnight are those that the energy makes, whatever the breaks: only their width is looked at.
    return {
        day: summary._replace(
            midnight={"HN": 68_480_117 + 24_000 * at, "PM": 7_878_340, "injected": 1_204_811}
        )
        for at, (day, summary) in enumerate(summaries.items())
    }


def tempo():
    """Return a year of Tempo in three phases, with days of each colour."""
    phase = (PhaseExtremes(225.0, 231.4, 240.0, 3.2, 21.0),) * 3
    summaries = {}
    for at in range(365):
        day = date(2025, 1, 1) + timedelta(days=at)
        colour = ("blue", "white", "red")[at % 9 // 4] if day.month in (1, 2, 12) else "blue"
        letter = {"blue": "B", "white": "W", "red": "R"}[colour]
        energy = {f"HCJ{letter}": 100 + at % 7, f"HPJ{letter}": 300 - at % 11}
        summaries[day] = made(day, energy, option="TEMPO", colour=colour, by_phase=phase, phases=3)
    return summaries


def unfinished():
    """Return the beginning of a month of an off-peak contract that injects, today until noon."""
    counted = GIVEN._replace(low_wh=3000, high_wh=3000, estimated=False)
    summaries = days(JANUARY, 20, {"HC": 150, "HP": 320}, option="HC", injected=counted)
    today = date(2026, 1, 21)
    half = made(today, {})._replace(
        half_hours={"HC": (150,) * 24 + (0,) * 24, "HP": (320,) * 24 + (0,) * 24},
        until=round(local(today, 12).timestamp()),
    )
    return summaries | {today: half}


DATED = book(
    EJP,
    (date(2026, 1, 16), {"HN": "0.1781", "PM": "0.3440"}),
    subscription="19.32",
    later_subscription="22.71",
)
HOUSES = {
    "ejp": (ejp(), DATED, JANUARY, LAST, LATER),
    "tempo": (tempo(), book(TEMPO, subscription="16.0"), date(2025, 1, 1), date(2025, 12, 31), LATER),
    "hc": (
        unfinished(),
        book({"HC": "0.1696", "HP": "0.2146"}, subscription="15.74", injection="0.10"),
        JANUARY,
        LAST,
        local(date(2026, 1, 21), 12),
    ),
    "base": (days(JANUARY, 31, {"TH": 400}, option="BASE"), book({}), JANUARY, LAST, LATER),
    "half": (
        days(JANUARY, 182, {"TH": 400}, option="BASE"),
        book({"TH": "0.2"}, subscription="12"),
        JANUARY,
        date(2026, 7, 1),
        local(date(2026, 8, 1)),
    ),
    "nights": (
        days(JANUARY, 31, {"TH": 400}, base_load_va=220, option="BASE"),
        book({}),
        JANUARY,
        LAST,
        LATER,
    ),
    "six": (
        days(JANUARY, 31, dict.fromkeys(SIX, 80), option="BASE"),
        book(dict.fromkeys(SIX, "0.2"), subscription="12"),
        JANUARY,
        LAST,
        LATER,
    ),
    "range": (
        days(JANUARY, 59, {"TH": 400}, option="BASE"),
        book({"TH": "0.2"}, subscription="12"),
        JANUARY,
        date(2026, 2, 28),
        LATER,
    ),
}


@pytest.fixture(scope="module")
def figures():
    return {
        name: period_figures(summaries, prices, first, last, tz=PARIS, now=now)
        for name, (summaries, prices, first, last, now) in HOUSES.items()
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory, figures):
    """Return a folder with the page of each house, in both languages."""
    folder = tmp_path_factory.mktemp("periods")
    files = frozenset(f"2026-01-{day:02}.html" for day in range(1, 32)) | {"2025-02.html"}
    links = [
        {"text": "‹ décembre", "href": "2025-12.html", "rel": "prev"},
        {"text": "2026", "href": "2026.html", "rel": None},
        {"text": "calendrier", "href": "index.html", "rel": None},
        {"text": "février ›", "href": None, "rel": "next"},
    ]
    for lang in ("fr", "en"):
        pages = Pages([shipped("templates")], lang, PARIS, Settings().sections)
        for name, (_, _, _, _, now) in HOUSES.items():
            page = pages.period(figures[name], links, files, now.timestamp(), "abc")
            (folder / f"{name}.{lang}.html").write_bytes(page)
    return folder


@pytest.fixture
def show(browser, folder):
    """Return a function that opens a page; a complaint of the browser, or a request, fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(name: str, width: int = 1280, lang: str = "fr", theme: str = "light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        address = (folder / f"{name}.{lang}.html").as_uri()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: request.url == address or complaints.append(request.url))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [text for text in complaints if not text.startswith("blob:")] == []


@pytest.fixture
def look(tab, folder):
    """Return a function that opens a page, as `show` does, in the tab of all tests: they change nothing in a page."""
    addresses = set()

    def opened(name: str, width: int = 1280, lang: str = "fr", theme: str = "light"):
        address = (folder / f"{name}.{lang}.html").as_uri()
        addresses.add(address)
        return tab.open(address, {"width": width, "height": 900}, theme)

    yield opened
    complaints, requests = tab.clear()
    assert complaints == []
    assert set(requests) <= addresses


def number(text: str) -> Decimal:
    """Return what *text*, a French number, means."""
    return Decimal(re.sub(r"\s", "", text).replace("−", "-").replace(",", "."))


@pytest.mark.parametrize("name", ["ejp", "tempo", "hc", "range"])
def test_the_sums_on_screen_are_those_of_the_json(look, figures, name):
    found = as_json(figures[name], PARIS, "fr")
    page = look(name)
    rows = page.locator("section[aria-labelledby=account-title] tbody:not(.aside) tr").all()
    cells = [[cell.inner_text() for cell in row.locator("td").all()] for row in rows]
    *lines, subscription, total = cells
    assert [number(line[-3]) for line in lines] == [
        Decimal(period["wh"]) / 1000 for period in found["periods"].values()
    ]
    assert [number(line[-1]) for line in lines] == [
        Decimal(period["eur"]) for period in found["periods"].values()
    ]
    assert number(subscription[-1]) == Decimal(found["subscription"]["eur"])
    assert number(total[-3]) == Decimal(found["consumed"]["wh"]) / 1000
    assert number(total[-1]) == Decimal(found["total"]["eur"])
    assert sum(number(row[-1]) for row in (*lines, subscription)) == number(total[-1])


@pytest.mark.parametrize(
    ("name", "theme"), [*((name, "light") for name in HOUSES), ("ejp", "dark"), ("tempo", "dark")]
)
def test_pages_are_whole_and_readable_at_each_width(look, name, theme):
    page = look(name, theme=theme)
    spilled = "[...document.querySelectorAll('section,.card')].filter(e => e.scrollWidth > e.clientWidth + 1)"
    for width in (1280, 1000, 820, 600, 390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(f"{spilled}.map(e => e.innerText.slice(0, 40))") == []
        assert page.evaluate(CONTRAST) == []


def test_the_switch_shows_one_unit_at_a_time(show):
    page = show("ejp")
    assert page.locator(".plot.in-eur").is_visible()
    assert page.locator(".plot.in-kwh").is_hidden()
    before = page.locator(".bar-chart").bounding_box()
    page.locator("#in-kwh").check()
    assert page.locator(".plot.in-kwh").is_visible()
    assert page.locator(".plot.in-eur").is_hidden()
    assert page.locator(".bar-chart").bounding_box() == before


def test_the_keyboard_reaches_each_day(show):
    page = show("hc")
    page.locator("#in-eur").focus()
    page.keyboard.press("Tab")
    link = page.evaluate(
        "[document.activeElement.getAttribute('href'), document.activeElement.getAttribute('aria-label')]"
    )
    assert link[0] == "2026-01-01.html"
    assert link[1].startswith("Jeudi 1ᵉʳ\u00a0janvier 2026, 22,6")


def test_a_spreadsheet_is_saved(show, figures):
    page = show("ejp")
    with page.expect_download() as download:
        page.locator("#csv").click()
    content = download.value.path().read_bytes()
    assert download.value.suggested_filename == "2026-01.csv"
    assert content.startswith(b"\xef\xbb\xbf")
    lines = content.decode("utf-8-sig").split("\r\n")
    assert len(lines) == 1 + 30 + 1  # a head, the days, and the end of the last line
    assert lines[1].startswith("01/01/2026;24,000;")


def test_nothing_moves_while_the_page_loads(show):
    page = show("ejp")
    shift = page.evaluate(
        """() => new Promise(resolve => {
          let sum = 0;
          new PerformanceObserver(list => list.getEntries().forEach(entry => sum += entry.value))
            .observe({ type: "layout-shift", buffered: true });
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
        })"""
    )
    assert shift == 0


@pytest.mark.parametrize(
    ("name", "width", "lang", "theme"),
    [
        ("ejp", 1280, "fr", "light"),
        ("ejp", 390, "en", "dark"),
        ("tempo", 1280, "en", "dark"),
        ("hc", 390, "fr", "light"),
    ],
)
def test_axe_finds_nothing(look, name, width, lang, theme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe-playwright-python is not installed: AXE HAS NOT LOOKED",
    )
    found = axe.Axe().run(look(name, width, lang, theme))
    assert [
        (violation["id"], violation["nodes"][0]["html"]) for violation in found.response["violations"]
    ] == []


def test_the_print_has_the_bars_in_colour_and_no_control(show):
    page = show("ejp")
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.locator("#csv").is_hidden()
    assert page.locator(".plot.in-eur svg").first.is_visible()
    assert page.pdf()[:5] == b"%PDF-"


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("name", ["half", "range", "ejp"])
def test_the_names_below_the_bars_never_overlap(look, name, lang):
    page = look(name, lang=lang)
    for width in (1280, 820, 390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        edges = page.evaluate(
            "[...document.querySelectorAll('.bar-chart .in-eur .names span')].filter(e => e.checkVisibility())"
            ".map(e => e.getBoundingClientRect()).map(box => [box.left, box.right])"
        )
        assert len(edges) > 5
        assert [one for one, other in pairwise(edges) if one[1] > other[0]] == []


def test_half_a_year_names_its_months(look):
    names = look("half", width=390).locator(".bar-chart .in-eur .names span").all_inner_texts()
    assert names == ["2026", "févr.", "mars", "avr.", "mai", "juin", "juil."]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_six_periods_of_an_offer_have_six_colours(look, theme):
    page = look("six", theme=theme)
    colours = page.evaluate(
        "[...document.querySelectorAll('.bar-chart .key i')].map(e => getComputedStyle(e).backgroundColor)"
    )
    assert len(colours) == len(set(colours)) == 7


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["ejp", "tempo", "hc", "range", "six"])
def test_the_subscription_has_the_colour_of_nothing_else(look, name, theme):
    """The colours differ by 60 of 255 at least in one of red, green and blue."""
    page = look(name, theme=theme)
    subscription, *others = [
        [
            int(part)
            for part in re.findall(r"\d+", page.locator(f".bar-chart .key {mark}").nth(at).evaluate(COLOUR))
        ]
        for mark in ("i.k-sub", "i[class^=k-]:not(.k-sub)", "i.given")
        for at in range(page.locator(f".bar-chart .key {mark}").count())
    ]
    assert others
    for other in others:
        assert max(abs(one - two) for one, two in zip(other, subscription, strict=True)) >= 60


def test_the_curves_of_the_mean_days_differ_by_their_dashes(look):
    dashes = look("tempo").evaluate(
        "[...document.querySelectorAll('.mean .area path[class^=mean-]')].map(e => getComputedStyle(e).strokeDasharray)"
    )
    assert len(dashes) == len(set(dashes)) == 3


@pytest.mark.parametrize("name", ["ejp", "nights"])
def test_the_base_load_has_its_figures_on_paper(show, name, tmp_path):
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed: nobody looked at the paper")
    paper = pdfium.PdfDocument(show(name).pdf(prefer_css_page_size=True))
    words = " ".join(sheet.get_textpage().get_text_range() for sheet in paper).replace("\u00a0", " ")
    assert re.search(r"Le talon de nuit.*220 VA, médiane de \d+ nuits", words, re.DOTALL)


@pytest.mark.parametrize("name", ["ejp", "hc", "six"])
def test_a_month_prints_on_one_sheet(show, name):
    content = show(name, lang="en").pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 1


def test_the_last_sections_of_a_year_stay_together_on_paper(show):
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed: nobody looked at the paper")
    *_, last = pdfium.PdfDocument(show("tempo").pdf(prefer_css_page_size=True))
    words = last.get_textpage().get_text_range()
    assert all(
        title in words for title in ("La journée moyenne", "Tension et phases", "Qualité de la mesure")
    )


def test_the_values_above_neighbouring_dear_days_do_not_touch(look):
    page = look("ejp")
    for width in (1280, 820, 600):
        page.set_viewport_size({"width": width, "height": 800})
        edges = page.evaluate(
            "[...document.querySelectorAll('.in-eur .top')].map(e => e.getBoundingClientRect())"
            ".map(box => [box.left, box.right])"
        )
        assert len(edges) == 2
        assert edges[0][1] + 1 < edges[1][0]
