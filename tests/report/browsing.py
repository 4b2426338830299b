"""What the tests in a browser share: the pages of days, the sizes of windows, and what is asked of each page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
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


@contextmanager
def chromium() -> Iterator[Any]:
    """Run a Chromium; skip the test where there is none."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: no browser test ran"
    )
    if CHROMIUM is None:
        pytest.skip("no Chromium on the path: NO BROWSER TEST RAN")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Tab:
    """One tab of *browser* for tests that only look at pages: to open a new one costs four times as much as a page."""

    def __init__(self, browser: Any) -> None:
        self._page = browser.new_context(
            timezone_id="America/New_York", locale="en-US", reduced_motion="reduce"
        ).new_page()
        #: What the browser has complained of, and the addresses that were asked for, since the last `clear`.
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        self._page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self._page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        self._page.on("request", lambda request: self.requests.append(request.url))

    def open(self, address: str, viewport: dict[str, int], theme: str) -> Any:
        """Return the page at *address* in a window of that size and theme."""
        self._page.set_viewport_size(viewport)
        self._page.emulate_media(color_scheme=theme)
        self._page.goto(address)
        return self._page

    def clear(self) -> tuple[list[str], list[str]]:
        """Forget what the pages have kept; return the complaints and the requests since the last call."""
        self._page.evaluate("localStorage.clear(); sessionStorage.clear()")
        heard, self.complaints, self.requests = (self.complaints, self.requests), [], []
        return heard


def is_local(address: str) -> bool:
    """Return whether what is at *address* comes from a file or from the page itself."""
    return address.startswith(("file:", "data:", "blob:"))


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
