"""The page on a phone: what a finger reads and holds, and what fits on a narrow screen."""

from __future__ import annotations

import pytest

from tests.report.browsing import DAY, DESK, NAMES, NARROW, PHONE

pytestmark = pytest.mark.browser


#: What a browser does whose user has forbidden pages to store anything.
REFUSED = """for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, {get() { throw new DOMException(name, "SecurityError"); }});"""


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
