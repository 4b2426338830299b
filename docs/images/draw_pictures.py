"""Draws the pictures of the READMEs (`make pictures`): the sample EJP day, and the drawing that opens them.

A Chromium is needed, as for the tests of the pages: run `make samples` first when the pages have changed.
"""

from __future__ import annotations

import base64
import io
import shutil
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from string import Template
from types import ModuleType

from PIL import Image
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from linkymonitor.model.record import Record
from linkymonitor.model.terms import Ejp
from linkymonitor.outputs.display.compose import compose
from linkymonitor.outputs.display.oled import picture
from linkymonitor.outputs.display.screen import Scene
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import PARIS, parse_spec
from linkymonitor.simulator.past import records

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "samples"
#: Language → how the name of a picture ends.
ENDINGS = {"en": "", "fr": ".fr"}
#: The words of hero.svg.
WORDS = {
    "en": {
        "normal": "normal hours",
        "peak": "EJP peak hours",
        "heater": "water heater off",
        "h7": "7:00",
        "h12": "12:00",
        "h18": "18:00",
    },
    "fr": {
        "normal": "heures normales",
        "peak": "pointe EJP",
        "heater": "chauffe-eau coupé",
        "h7": "7 h",
        "h12": "12 h",
        "h18": "18 h",
    },
}
#: Of hero.svg: its size, the height of its zero line, and of 1 kVA.
SIZE, ZERO, KVA = (1200, 420), 352, 48
STEP = timedelta(minutes=15)
DESK, PHONE = ViewportSize(width=1160, height=1120), ViewportSize(width=340, height=640)


def script(path: Path) -> ModuleType:
    """Return the script at *path* as a module."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shot(browser: Browser, page: Path, viewport: ViewportSize, scale: float) -> Image.Image:
    """Return the top of *page* as a window of *viewport* shows it."""
    context = browser.new_context(viewport=viewport, device_scale_factor=scale, color_scheme="light")
    tab = context.new_page()
    tab.goto(page.as_uri())
    tab.wait_for_timeout(600)
    shown = Image.open(io.BytesIO(tab.screenshot()))
    context.close()
    return shown.convert("RGB")


def light(image: Image.Image) -> Image.Image:
    """Return *image* with a palette that keeps its rare colours, too, so that its file is small."""
    return image.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, kmeans=3, dither=Image.Dither.NONE)


def lit(lang: str) -> str:
    """Return the lit pixels of the display in the peak, as an SVG path."""
    oled = script(HERE / "draw_oled.py")
    evening = Scene(lang=lang, now=datetime(2026, 1, 13, 19, 42), beat=True)  # noqa: DTZ001 -- local time
    panel = picture(compose("live", oled.view(Ejp.PEAK, "PM..", 3980), evening), 128, 32)
    return "".join(
        f"M{x},{y}h1v1h-1z" for y in range(panel.height) for x in range(panel.width) if panel.getpixel((x, y))
    )


def steps(rows: Iterable[Record], begin: datetime, name: str, up: int) -> str:
    """Return the means of the power *name* of *rows* by quarters of an hour, as an SVG path."""
    quarters: dict[int, list[int]] = {}
    for row in rows:
        quarters.setdefault((row.ended_at - begin) // STEP, []).append(getattr(row, name) or 0)
    width, path = SIZE[0] * STEP / timedelta(days=1), ""
    for quarter, powers in sorted(quarters.items()):
        height = ZERO - up * KVA * sum(powers) / len(powers) / 1000
        path += f"{'L' if path else 'M'}{quarter * width:.0f},{height:.0f}h{width:.1f}"
    return path


def hero(browser: Browser, lang: str, phone: Image.Image) -> Image.Image:
    """Return hero.svg with the words of *lang*, the day of the sample, the display, and the page on a phone."""
    samples = script(SAMPLES / "draw_samples.py")
    day: date = samples.DAY
    begin = datetime(day.year, day.month, day.day, tzinfo=PARIS)
    house = House(parse_spec(f"{samples.HOUSES['ejp']},day={day},since={samples.FIRST}"))
    rows = list(records(house, begin, begin + timedelta(days=1) - timedelta(seconds=5)))
    bytes_ = io.BytesIO()
    phone.save(bytes_, "PNG")
    drawing = Template((HERE / "hero.svg").read_text("utf-8")).substitute(
        WORDS[lang],
        used=steps(rows, begin, "apparent_power", 1),
        injected=steps(rows, begin, "injected_power", -1),
        lit=lit(lang),
        phone="data:image/png;base64," + base64.b64encode(bytes_.getvalue()).decode(),
    )
    context = browser.new_context(
        viewport={"width": SIZE[0], "height": SIZE[1]}, device_scale_factor=2, color_scheme="light"
    )
    tab = context.new_page()
    tab.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{drawing}")
    shown = Image.open(io.BytesIO(tab.screenshot()))
    context.close()
    return shown


def main() -> None:
    """Draw day and hero in both languages."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for lang, ending in ENDINGS.items():
            page = SAMPLES / f"ejp{ending}.html"
            light(shot(browser, page, DESK, 1)).save(HERE / f"day{ending}.png", optimize=True)
            drawing = hero(browser, lang, shot(browser, page, PHONE, 2))
            light(drawing).save(HERE / f"hero{ending}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
