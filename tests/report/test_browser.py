"""The page in a real browser, opened as a file: no error, no request, and a chart that answers."""

from __future__ import annotations

import os
import re
import shutil
from datetime import date, timedelta
from decimal import Decimal

import pytest
from PIL import Image, ImageChops

from linkymonitor.model.terms import Mode
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report import build as report
from linkymonitor.report.section import Settings
from linkymonitor.system.storage import Storage
from tests.report.house import PARIS, contract, lively, local, period_of, records, write_log

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: no browser test ran"
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: NO BROWSER TEST RAN"),
]

DAY = date(2026, 1, 13)
AUTUMN, SPRING = date(2025, 10, 26), date(2025, 3, 30)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}
PRICES = PriceBook(Prices(hn=Decimal("0.1418"), pm=Decimal("1.0867"), subscription_month=Decimal("19.32")))


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Pages of an EJP day with a gap, of the day after so far, of one without data and of one with 25 h."""
    folder = tmp_path_factory.mktemp("browser")
    silent = [(local(DAY, 10), local(DAY, 12))]
    rows = records(
        local(DAY) - timedelta(hours=1),
        local(DAY + timedelta(days=1), 14),
        period=period_of("EJP", [DAY]),
        step=60,
        silent=silent,
    )
    rows = records(local(AUTUMN) - timedelta(hours=1), local(AUTUMN + timedelta(days=1), 1), step=60) + rows
    write_log(folder / "logs", rows)
    settings = Settings(dir=folder / "pages")
    options = {"tz": PARIS, "prices": PRICES, "now": local(DAY + timedelta(days=1), 14), "storage": Storage()}
    for dates in ((AUTUMN, AUTUMN), (DAY, DAY + timedelta(days=2))):
        report.build(settings, folder / "logs", dates, lang="fr", **options)
    plain = {"tz": PARIS, "now": local(DAY + timedelta(days=1), 14), "storage": Storage()}

    def other(name, day, made, lang="fr", power=lively, prices=PRICES, **made_with):
        rows = records(
            local(day), local(day + timedelta(days=1)), contract=made, power=power, step=300, **made_with
        )
        write_log(folder / f"{name}-logs", rows)
        settings = Settings(dir=folder / name)
        report.build(settings, folder / f"{name}-logs", (day, day), lang=lang, prices=prices, **plain)

    other("tempo", DAY, contract("TEMPO</script><b>"), lang="en", period=period_of("SUPER"))
    other("red", DAY, contract("TEMPO"), period=period_of("TEMPO", tempo={DAY: "R"}))
    other("late", DAY, contract(), silent=[(local(DAY) - timedelta(hours=1), local(DAY, 14, 8))])
    other("hc", DAY, contract("HC"), prices=PriceBook(Prices(hc=Decimal("0.2068"), hp=Decimal("0.27"))))
    other("base", SPRING, contract("BASE"), lang="en", prices=PriceBook(Prices(base=Decimal("0.25"))))
    producer = contract("PRODUCTEUR", mode=Mode.STANDARD, phases=3)
    phases = {"period": period_of("SUPER"), "injected_index": 4_000_000, "voltage": 231}
    other("producer", DAY, producer, **phases)
    other(
        "producer-gap",
        DAY,
        producer,
        silent=[(local(DAY, hour), local(DAY, hour + 1)) for hour in (9, 14)],
        **phases,
    )
    return folder


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def show(browser, pages):
    """Return a function that opens a page and fails the test on any complaint or request that leaves."""
    contexts = []
    complaints: list[str] = []

    def opened(name, viewport=DESK, theme="light", zone="America/New_York", touch=False, script=None):
        context = browser.new_context(
            viewport=viewport,
            color_scheme=theme,
            timezone_id=zone,
            locale="en-US",
            reduced_motion="reduce",
            has_touch=touch,
        )
        contexts.append(context)
        page = context.new_page()
        if script is not None:
            page.add_init_script(script)
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
        page.on(
            "request",
            lambda request: (
                request.url.startswith(("file:", "data:", "blob:"))
                or complaints.append(f"left: {request.url}")
            ),
        )
        page.goto((pages / name).as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


NAMES = [
    "pages/2026-01-13.html",
    "pages/2026-01-14.html",
    "pages/2026-01-15.html",
    "pages/2025-10-26.html",
    "pages/index.html",
    "tempo/2026-01-13.html",
]

#: Every state that a page can have.
STATES = [
    *NAMES,
    *(f"{name}/{DAY}.html" for name in ("red", "late", "hc", "producer")),
    f"base/{SPRING}.html",
]
#: What axe looks at; `LINKYMONITOR_AXE=all` for each width in each theme.
VIEWS = [(DESK, "light"), (NARROW, "dark")]
if os.environ.get("LINKYMONITOR_AXE") == "all":
    VIEWS = [(viewport, theme) for viewport in (DESK, PHONE, NARROW) for theme in ("light", "dark")]

#: What cannot be read: text whose contrast with what is painted behind it is below 4.5 (3 for large text).
CONTRAST = """() => {
  const parse = colour => {
    const parts = colour.match(/[\\d.]+/g).map(Number);
    return parts.length < 4 ? [...parts, 1] : parts;
  };
  const part = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * part(r) + .7152 * part(g) + .0722 * part(b);
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility() || element.closest('script,style,.skip,svg title')) continue;
    const style = getComputedStyle(element);
    const ink = parse(element.closest('svg') ? style.fill : style.color);
    let ground = [255, 255, 255, 0], fade = 1;
    for (let at = element; at; at = at.parentElement) {
      const own = getComputedStyle(at), painted = parse(own.backgroundColor);
      fade *= Number(own.opacity);
      if (ground[3] < 1 && painted[3] > ground[3]) ground = painted;
    }
    const mixed = [0, 1, 2].map(n => ink[n] * fade + ground[n] * (1 - fade));
    const a = light(mixed), b = light(ground);
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < (parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) found.push(`${text}: ${ratio.toFixed(2)}`);
  }
  return found;
}"""


#: Pixels by which the page is wider than the window, once the chart has followed the width, a frame or two later.
OVERFLOW = """() => new Promise(done => {
  const until = performance.now() + 5000;
  const look = () => {
    const over = document.documentElement.scrollWidth - innerWidth;
    if (over <= 0 || performance.now() > until) done(over); else requestAnimationFrame(look);
  };
  look();
})"""


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_open_whole_and_readable(show, name, theme):
    page = show(name, DESK, theme)
    spilled = "[...document.querySelectorAll('section,.card')].filter(e => e.scrollWidth > e.clientWidth + 1)"
    for viewport in (DESK, PHONE, NARROW):
        page.set_viewport_size(viewport)
        assert page.evaluate(OVERFLOW) <= 0
        assert page.evaluate(f"{spilled}.map(e => e.innerText.slice(0, 40))") == []
        assert page.evaluate(CONTRAST) == []
    assert page.locator("main").inner_text()


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize(("viewport", "theme"), VIEWS)
def test_axe_finds_nothing(show, name, viewport, theme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe-playwright-python is not installed: AXE HAS NOT LOOKED",
    )
    # Preloading fetches the style sheet, which the policy of the page forbids.
    options = {"resultTypes": ["violations"], "preload": False}
    found = axe.Axe().run(show(name, viewport, theme), options=options)
    faults = [
        (fault["id"], node["target"], node["html"][:120])
        for fault in found.response["violations"]
        for node in fault["nodes"]
    ]
    assert faults == []


def test_the_two_themes_differ_in_the_chart_too(show):
    pixels = """() => { const c = document.querySelectorAll('#chart canvas')[0];
        return [...c.getContext('2d').getImageData(c.width >> 1, 40, 1, 1).data]; }"""
    light, dark = (show(NAMES[0], theme=theme).evaluate(pixels) for theme in ("light", "dark"))
    assert light != dark


def test_boxes_show_and_hide_their_series(show):
    page = show(NAMES[0])
    boxes = page.locator("[data-series]")
    assert [box.is_checked() for box in boxes.all()] == [True, True, False, False, False]
    assert page.evaluate("linkymonitor.visibility()") == [True, True, False, False, False]
    for at in (0, 3):
        boxes.nth(at).click()
    assert page.evaluate("linkymonitor.visibility()") == [False, True, False, True, False]
    assert page.locator("#axis-hint").is_visible()


def test_a_second_scale_leaves_nothing_of_the_wider_chart(show):
    """Dygraphs keeps the pixels that were outside its new area, unless its canvas is made anew."""
    page = show(NAMES[0])
    page.locator("[data-series]").nth(2).click()
    behind = """() => {
      const canvas = document.querySelectorAll('#chart canvas')[1], area = linkymonitor.getArea();
      const scale = canvas.width / canvas.clientWidth, left = (area.x + area.w + 6) * scale;
      const pixels = canvas.getContext('2d').getImageData(left, 0, canvas.width - left, area.h * scale).data;
      return pixels.some(value => value);
    }"""
    assert not page.evaluate(behind)
    page.locator("[data-series]").nth(2).click()
    assert page.evaluate("document.getElementById('chart').style.width") == ""


def test_the_mouse_zooms_and_two_clicks_come_back(show):
    page = show(NAMES[0])
    assert page.locator(".dygraph-rangesel-fgcanvas").is_visible()
    assert page.evaluate("linkymonitor.xAxisRange()") == [0, 86400]
    box = page.locator("#chart").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, box["y"] + 110, steps=4)
    page.mouse.up()
    begin, end = page.evaluate("linkymonitor.xAxisRange()")
    assert 0 < begin < end < 86400
    page.locator("#chart").dblclick(position={"x": 400, "y": 100})
    page.wait_for_function("linkymonitor.xAxisRange()[1] === 86400")


def test_the_range_selector_zooms(show):
    page = show(NAMES[0])
    handles = page.locator(".dygraph-rangesel-zoomhandle")
    box = handles.nth(0).bounding_box()
    page.mouse.move(box["x"] + 4, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 204, box["y"] + 8, steps=4)
    page.mouse.up()
    begin, end = page.evaluate("linkymonitor.xAxisRange()")
    assert begin > 3600
    assert end == 86400


def test_the_keyboard_reads_and_zooms(show):
    page = show(NAMES[0])
    page.locator("#chart").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert "VA" in page.locator("#readout").inner_text()
    page.keyboard.press("+")
    begin, end = page.evaluate("linkymonitor.xAxisRange()")
    assert end - begin == pytest.approx(43200, abs=1)
    page.keyboard.press("Escape")
    assert page.evaluate("linkymonitor.xAxisRange()") == [0, 86400]
    page.get_by_role("button", name="Agrandir").click()
    assert page.evaluate("linkymonitor.xAxisRange()[0]") > 0


def test_zoom_keeps_the_point_that_is_read(show):
    """The keyboard reads 19 h 37 and zooms: the point stays in the window, and further arrows take the window along."""
    page = show(NAMES[0])
    chart = page.locator("#chart")
    box = chart.bounding_box()
    chart.focus()
    page.evaluate("linkymonitor.updateOptions({dateWindow: [68400, 75600]})")
    page.keyboard.press("ArrowRight")
    for _ in range(3):
        page.keyboard.press("+")
    begin, end = page.evaluate("linkymonitor.xAxisRange()")
    assert begin <= 68460 <= end
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    begin, end = page.evaluate("linkymonitor.xAxisRange()")
    assert end - begin == pytest.approx(900, abs=1)
    assert begin <= page.evaluate("linkymonitor.getValue(linkymonitor.getSelection(), 0)") <= end
    assert page.locator(".hair").bounding_box()["y"] >= box["y"]
    assert "min\u00a000\u00a0s" in page.locator("#readout").inner_text()


def test_scales_follow_the_window(show):
    page = show(NAMES[0])
    tops = "linkymonitor.yAxisRanges().map(range => range[1])"
    whole = page.evaluate(tops)
    page.evaluate("linkymonitor.updateOptions({dateWindow: [17000, 20000]})")
    assert page.evaluate(tops)[0] < 0.2 * whole[0], "the night has its own scale"
    page.get_by_role("button", name="Toute la journée").click()
    assert page.evaluate(tops) == whole


def test_a_range_has_its_energy_and_cost(show):
    page = show(NAMES[0])
    assert "s’affichent ici" in page.locator("#range").inner_text()
    page.evaluate("linkymonitor.updateOptions({dateWindow: [68400, 72000]})")
    text = page.locator("#range").inner_text().replace("\u00a0", " ")
    kwh, eur = re.fullmatch(r"De 19 h 00 à 20 h 00 : (\d,\d{3}) kWh, (\d,\d\d) €", text).groups()
    page.locator("details:has(tbody tr:nth-child(24)) summary").click()
    hour = page.locator("details tbody tr").nth(19).inner_text().split()
    assert float(kwh.replace(",", ".")) == pytest.approx(float(hour[-2].replace(",", ".")), abs=0.002)
    assert float(eur.replace(",", ".")) == pytest.approx(float(hour[-1].replace(",", ".")), abs=0.01)


def test_the_readout_tells_tariff_and_pace(show):
    page = show(NAMES[0])
    box = page.locator("#chart").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.83, box["y"] + 100)
    text = page.locator("#readout").inner_text().replace("\u00a0", " ")
    assert re.search(r"heures de pointe\s≈ \d,\d\d €/h", text)
    assert "injectée" not in text, "what is zero is not told"


def test_every_box_can_be_cleared_and_the_right_scale_has_one_unit(show):
    page = show(NAMES[0])
    boxes = page.locator("[data-series]")
    for at in (0, 1):
        boxes.nth(at).click()
    boxes.nth(2).click()
    right = "[...document.querySelectorAll('.dygraph-axis-label-y2')].map(e => e.innerText.slice(-2))"
    assert set(page.evaluate(right)) == {"\u00a0A"}
    boxes.nth(3).click()
    assert not boxes.nth(2).is_checked()
    assert set(page.evaluate(right)) == {"Wh"}


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_moves_and_a_slow_phone_draws_within_a_second(show, viewport):
    """The time is that of the page's thread, four times over: a busy machine does not change it."""
    page = show("pages/index.html", viewport)
    page.add_init_script("""
        window.moved = 0;
        new PerformanceObserver(list => list.getEntries().forEach(entry => { window.moved += entry.value; }))
            .observe({ type: 'layout-shift', buffered: true });
    """)
    wire = page.context.new_cdp_session(page)
    wire.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent():
        metrics = wire.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    before = spent()
    page.goto(page.url.replace("index.html", f"{DAY}.html"))
    assert page.evaluate("linkymonitor.numRows()") > 1000
    assert 4 * (spent() - before) < 1
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("moved") == 0


def test_fingers_read_and_zoom(show):
    page = show(NAMES[0], PHONE, touch=True)
    page.locator("#chart").scroll_into_view_if_needed()
    box = page.locator("#chart").bounding_box()
    y = box["y"] + 120
    wire = page.context.new_cdp_session(page)

    def touch(kind, *xs):
        points = [{"x": box["x"] + x, "y": y, "id": n} for n, x in enumerate(xs)]
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 120)
    first = page.locator("#readout").inner_text()
    for x in range(130, 300, 10):
        touch("touchMove", x)
    assert page.locator("#readout").inner_text() != first
    assert page.locator("#chart").bounding_box() == box, "reading moves nothing"
    touch("touchEnd")
    assert "VA" in page.locator("#readout").inner_text(), "the value stays when the finger leaves"
    touch("touchStart", 150, 250)
    touch("touchMove", 120, 280)
    touch("touchMove", 100, 300)
    touch("touchEnd")
    begin, end = page.evaluate("linkymonitor.xAxisRange()")
    assert 0 < begin < end < 86400
    assert end - begin == pytest.approx(43200, rel=0.1)


def test_what_a_finger_holds_is_big_enough(show):
    page = show(NAMES[0], PHONE)
    for selector in (".dygraph-rangesel-zoomhandle", "button", ".boxes label", "summary"):
        for part in page.locator(selector).all():
            box = part.bounding_box()
            assert min(box["width"], box["height"]) >= 24, selector


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "Europe/Paris"])
def test_the_chart_speaks_the_time_of_the_report_not_of_the_browser(show, zone):
    page = show(NAMES[0], zone=zone)
    labels = page.locator("#chart .dygraph-axis-label-x").all_inner_texts()
    assert labels[0] == "0\u00a0h"
    page.evaluate("linkymonitor.updateOptions({dateWindow: [68400, 72000]})")
    page.mouse.move(0, 0)
    labels = page.locator("#chart .dygraph-axis-label-x").all_inner_texts()
    assert "19\u00a0h\u00a030" in labels


def test_a_day_of_25_hours_has_its_second_2_h(show):
    page = show("pages/2025-10-26.html")
    assert page.evaluate("linkymonitor.xAxisRange()") == [0, 90000]
    page.evaluate("linkymonitor.updateOptions({dateWindow: [3600, 18000]})")
    labels = page.locator("#chart .dygraph-axis-label-x").all_inner_texts()
    assert sum(label.startswith("2\u00a0h") for label in labels) >= 2


def test_gaps_are_not_joined(show):
    page = show(NAMES[0])
    rows = page.evaluate(
        "[...Array(linkymonitor.numRows()).keys()].map(n => [linkymonitor.getValue(n, 0), linkymonitor.getValue(n, 1)])"
    )
    times = [time for time, value in rows if value is None]
    assert any(36000 <= time <= 43200 for time in times)


def test_the_strip_below_the_chart_is_empty_in_a_gap(show):
    page = show(NAMES[0])
    painted = """() => {
      const canvas = document.querySelector('.dygraph-rangesel-bgcanvas'), scale = canvas.width / canvas.clientWidth;
      const y = Math.round(8 * scale), h = Math.round(20 * scale);
      const { data } = canvas.getContext('2d').getImageData(0, y, canvas.width, h);
      return [9.5, 10.5, 11, 11.5, 12.5].map(hour => {
        const x = Math.round(canvas.width * hour / 24);
        return [...Array(h).keys()].some(row => data[4 * (row * canvas.width + x) + 3]);
      });
    }"""
    assert page.evaluate(painted) == [True, False, False, False, True]


def test_the_right_scale_leaves_room_for_the_names_of_the_periods(show):
    page = show(NAMES[0])
    page.locator("[data-series]").nth(2).click()
    top = page.evaluate("""() => {
      const values = [...Array(linkymonitor.numRows()).keys()].map(n => linkymonitor.getValue(n, 3));
      return linkymonitor.toDomYCoord(Math.max(...values), 1) - linkymonitor.getArea().y;
    }""")
    assert top > 22, "names are written in the uppermost 20 pixels"
    assert page.evaluate("linkymonitor.yAxisRange(1)[0]") == 0


def test_zoom_and_boxes_survive_a_reload(show):
    page = show(NAMES[0])
    page.locator("[data-series]").nth(2).click()
    page.get_by_role("button", name="Agrandir").click()
    before = page.evaluate("linkymonitor.xAxisRange()")
    page.reload()
    assert page.evaluate("linkymonitor.xAxisRange()") == before
    assert page.locator("[data-series]").nth(2).is_checked()


#: What a browser does whose user has forbidden pages to store anything.
REFUSED = """for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, {get() { throw new DOMException(name, "SecurityError"); }});"""


def test_a_phone_that_lets_pages_store_nothing_shows_them_all_the_same(show):
    page = show(NAMES[0], PHONE, touch=True, script=REFUSED)
    assert page.evaluate("() => { try { return sessionStorage && 1; } catch (e) { return e.name; } }") == (
        "SecurityError"
    )
    page.get_by_role("button", name="Agrandir").click()
    begin, end = page.evaluate("linkymonitor.xAxisRange()")
    assert 0 < end - begin < 86_400
    page.reload()
    begin, end = page.evaluate("linkymonitor.xAxisRange()")
    assert end - begin == 86_400


def saved(page, button):
    """Return the name and the text of the file that *button* saves."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return download.value.suggested_filename, download.value.path().read_bytes().decode("utf-8")


def test_the_records_leave_for_a_french_spreadsheet(show, pages):
    name, text = saved(show(NAMES[0]), "Relevés en CSV")
    assert name == "2026-01-13.csv"
    assert text.startswith("\ufeffheure locale;heure UTC;puissance (VA);minimum (VA);maximum (VA);")
    head, first, *_ = text.splitlines()
    assert first.startswith("13/01/2026 00:01:00;12/01/2026 23:01:00;")
    assert all(re.search(r" \((VA|A|Wh)\)$", column) for column in head.split(";")[2:])
    assert len({line.count(";") for line in text.splitlines()}) == 1
    log = (pages / "logs" / "2026_01_13_linkymonitor.log").read_text()
    logged = dict(re.findall(r" (\d\d:\d\d:\d\d)\tDATA.*(PuissConsommee=.*PuissMin=\d+, PuissMax=\d+)", log))
    compared = 0
    for line in text.splitlines():
        cells = line.split(";")
        if cells[1].startswith("13/01/2026"):
            told = [
                int(logged[cells[1][11:]].split(name + "=")[1][:5])
                for name in ("PuissConsommee", "PuissMin", "PuissMax")
            ]
            assert cells[2:5] == list(map(str, told))
            compared += 1
    assert compared > 1000
    assert text.splitlines()[-1].startswith("14/01/2026 00:00:00;13/01/2026 23:00:00;")


def test_the_hours_leave_as_csv(show):
    name, text = saved(show(NAMES[0]), "Heures en CSV")
    assert name == "2026-01-13-heures.csv"
    head, *rows = text.splitlines()
    assert head == (
        "\ufeffheure locale;heure UTC;Heures normales (kWh);Heures de pointe (kWh);énergie (kWh);coût (€);remarque"
    )
    assert len(rows) == 22, "the hours that were heard"
    evening = next(row.split(";") for row in rows if row.startswith("13/01/2026 19:00:00"))
    assert evening[2] == "0,000"
    peak = Decimal(evening[3].replace(",", "."))
    assert evening[4] == evening[3]
    assert Decimal(evening[5].replace(",", ".")) == pytest.approx(
        peak * PRICES.on(DAY).of("PM"), abs=Decimal("0.0001")
    )


def test_an_english_spreadsheet_has_commas_points_and_iso_dates(show):
    _, text = saved(show("tempo/2026-01-13.html"), "Hours as CSV")
    assert text.startswith("\ufefflocal time,UTC time,")
    assert re.match(r"2026-01-13 00:00:00,2026-01-12 23:00:00,\d+\.\d{3},", text.splitlines()[1])


def test_the_hour_that_comes_twice_is_twice_in_the_hours(show):
    _, text = saved(show("pages/2025-10-26.html"), "Heures en CSV")
    assert [row[:19] for row in text.splitlines() if " 02:00:00;" in row[:20]] == ["26/10/2025 02:00:00"] * 2


def test_the_table_behind_the_chart_opens_by_keyboard(show):
    page = show(NAMES[0])
    page.locator("details.more summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("details.more tbody tr").count() == 24
    assert page.locator("details.more").get_attribute("open") is not None


PRINTED = [
    NAMES[0],
    NAMES[1],
    NAMES[2],
    "tempo/2026-01-13.html",
    *(f"{name}/{DAY}.html" for name in ("producer", "producer-gap")),
]


@pytest.mark.parametrize("name", PRINTED)
def test_a_day_prints_on_one_sheet(show, name, tmp_path):
    page = show(name, theme="dark")
    content = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 1


def test_a_folded_part_is_no_taller_than_its_line(show):
    """The day has a gap, so that what is beside the folded contract is open."""
    page = show(NAMES[0])
    quality, contract = (
        page.locator(f"section[aria-labelledby={name}-title]") for name in ("quality", "contract")
    )
    assert contract.bounding_box()["height"] < 0.5 * quality.bounding_box()["height"]
    contract.locator("summary").click()
    assert contract.bounding_box()["height"] > 100


def test_the_open_table_of_the_hours_leaves_the_synthesis_as_tall_as_it_was(show):
    page = show(NAMES[0])
    synthesis = page.locator("section[aria-labelledby=synthesis-title]")
    before = synthesis.bounding_box()["height"]
    page.locator("details.more summary").click()
    assert synthesis.bounding_box()["height"] <= before


def test_the_links_to_the_neighbours_stand_in_one_line_on_the_narrowest_screen(show):
    page = show("red/2026-01-13.html", NARROW)
    page.locator("nav > *").first.evaluate("link => link.textContent = '‹ Wednesday'")
    page.locator("nav > *").nth(1).evaluate("link => link.textContent = 'September'")
    assert len({link.bounding_box()["y"] for link in page.locator("nav > *").all()}) == 1


def test_the_curves_of_the_phases_are_large_enough_to_read(show):
    """A curve is as tall as a third of a phone is wide, and its figures are no smaller than those of the bars."""
    for viewport in (DESK, PHONE, NARROW):
        page = show(f"producer/{DAY}.html", viewport)
        for curve in page.locator(".curves svg").all():
            assert curve.bounding_box()["height"] > 90
            assert curve.locator("text").first.evaluate("text => text.getBoundingClientRect().height") >= 10


def test_nothing_of_a_printed_page_is_cut_at_the_right(show):
    """The borders of the cards are as wide at the right as at the left."""
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed: nobody looked at the paper")
    content = show(NAMES[0]).pdf(prefer_css_page_size=True)
    sheet = pdfium.PdfDocument(content)[0].render(scale=2).to_pil().convert("L")
    # One row whose pixels are the share of each column that has ink.
    ink = sheet.point([255] * 250 + [0] * 6).resize((sheet.width, 1), Image.Resampling.BOX)
    lines = [x for x in range(sheet.width) if ink.getpixel((x, 0)) > 75]
    left, right = (
        [x for x in lines if here(x)] for here in (lambda x: x < 80, lambda x: x > sheet.width - 80)
    )
    assert len(left) == len(right) > 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_printed_day_has_its_curve(show, theme):
    """Ink in the colour of what is used runs along the day, but in the gap of two hours."""
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed: nobody looked at the paper")
    page = show(NAMES[0], theme=theme)
    before = page.locator("#chart").bounding_box()
    sheet = pdfium.PdfDocument(page.pdf(prefer_css_page_size=True))[0].render().to_pil().convert("RGB")
    inked = Image.new("L", sheet.size, 255)
    for channel, use in zip(sheet.split(), (0xB5, 0x53, 0x2A), strict=True):
        near = channel.point([255 if abs(value - use) < 40 else 0 for value in range(256)])
        inked = ImageChops.darker(inked, near)
    assert sum(inked.getprojection()[0]) > 0.6 * sheet.width, "no curve on paper"
    sync_api.expect(page.locator("#chart .paper")).to_have_count(0)
    assert page.locator("#chart").bounding_box() == before


def test_without_scripts_the_page_says_where_to_look(browser, pages):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((pages / NAMES[0]).as_uri())
    assert "heure par heure" in page.locator("#chart").inner_text()
    assert page.locator("tbody tr").count() > 5
    context.close()


def test_injected_markup_stays_text(show):
    page = show("tempo/2026-01-13.html")
    assert page.locator("td b").count() == 0
    assert "</script><b>" in page.locator("main").inner_text()
