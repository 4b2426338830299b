"""The page in a real browser, opened as a file: no error, no request, and a chart that answers."""

from __future__ import annotations

import re

import pytest

from tests.report.browsing import CONTRAST, DESK, NAMES, NARROW, OVERFLOW, PHONE, STATES, VIEWS

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_open_whole_and_readable(look, name, theme):
    page = look(name, DESK, theme)
    spilled = "[...document.querySelectorAll('section,.card')].filter(e => e.scrollWidth > e.clientWidth + 1)"
    for viewport in (DESK, PHONE, NARROW):
        page.set_viewport_size(viewport)
        assert page.evaluate(OVERFLOW) <= 0
        assert page.evaluate(f"{spilled}.map(e => e.innerText.slice(0, 40))") == []
        assert page.evaluate(CONTRAST) == []
    assert page.locator("main").inner_text()


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize(("viewport", "theme"), VIEWS)
def test_axe_finds_nothing(look, name, viewport, theme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe-playwright-python is not installed: AXE HAS NOT LOOKED",
    )
    # Preloading fetches the style sheet, which the policy of the page forbids.
    options = {"resultTypes": ["violations"], "preload": False}
    found = axe.Axe().run(look(name, viewport, theme), options=options)
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


def test_the_table_behind_the_chart_opens_by_keyboard(show):
    page = show(NAMES[0])
    page.locator("details.more summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("details.more tbody tr").count() == 24
    assert page.locator("details.more").get_attribute("open") is not None


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
