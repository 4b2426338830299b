"""Draws oled.png and oled.fr.png, and the screens of first-start.md, as the code of the display paints them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from PIL import Image, ImageDraw

from linkymonitor.model.reading import DayTotals, Health, Reading, TariffState, View
from linkymonitor.model.record import Contract
from linkymonitor.model.terms import Ejp, Mode
from linkymonitor.outputs.display.compose import compose
from linkymonitor.outputs.display.oled import picture
from linkymonitor.outputs.display.screen import Scene

SCALE, EDGE, GAP = 5, 14, 26
LIT, GLOW, DARK, BEZEL, TABLE = (176, 222, 255), (122, 164, 204), (6, 9, 16), (24, 27, 34), (255, 255, 255)

CONTRACT = Contract(
    mode=Mode.HISTORIQUE, option="EJP", registers=("HN", "PM"), subscribed_power=9000, phases=1
)
DAY = DayTotals(
    energy={"HN": 10019, "PM": 2310},
    cost={"HN": Decimal("1.57"), "PM": Decimal("2.81")},
    total_cost=Decimal("4.38"),
)


def view(ejp: Ejp, period: str, va: int, *, overload: bool = False, rejected: int = 0) -> View:
    """Return what the pages show: a house on *period* that draws *va*."""
    reading = Reading(
        taken_at=datetime(2026, 1, 13, 18, 42, tzinfo=UTC),
        mode=Mode.HISTORIQUE,
        contract=CONTRACT,
        tariff_period=period,
        apparent_power=va,
        injected_power=0,
        currents=(5,),
        ejp=ejp,
    )
    tariff = TariffState(ejp=ejp, has_peaks=True, tariff_period=period, overload=overload)
    refused = {"checksum": rejected} if rejected else {}
    frames, groups = (1200, 13200) if rejected else (56382, 620202)
    health = Health(frames=frames, groups=groups, rejected=refused, speed=1200, parity=True)
    return View(reading=reading, tariff=tariff, health=health, today=DAY)


def framed(image: Image.Image, scale: int = SCALE) -> Image.Image:
    """Return the 1-bit *image* enlarged, tinted and framed as a small panel."""
    width, height = image.width * scale, image.height * scale
    panel = Image.new("RGB", (width + 2 * EDGE, height + 2 * EDGE), TABLE)
    draw = ImageDraw.Draw(panel)
    draw.rounded_rectangle((0, 0, panel.width - 1, panel.height - 1), 8, fill=BEZEL)
    draw.rectangle((EDGE - 4, EDGE - 4, EDGE + width + 3, EDGE + height + 3), fill=DARK)
    for y in range(image.height):
        for x in range(image.width):
            if image.getpixel((x, y)):
                left, top = EDGE + x * scale, EDGE + y * scale
                draw.rectangle((left, top, left + scale - 1, top + scale - 1), fill=GLOW)
                draw.rectangle((left, top, left + scale - 2, top + scale - 2), fill=LIT)
    return panel


def sheet(lang: str) -> Image.Image:
    """Return four screens, two beside two."""
    calm, peak = view(Ejp.NORMAL, "HN..", 1234), view(Ejp.PEAK, "PM..", 3980)
    evening = Scene(lang=lang, now=datetime(2026, 1, 13, 19, 42), beat=True)  # noqa: DTZ001 -- local time
    night = Scene(lang=lang, now=datetime(2026, 1, 13, 6, 12))  # noqa: DTZ001
    shown = [
        ("live", calm, night),
        ("live", peak, evening),
        ("today", peak, evening),
        ("tariff", calm, night),
    ]
    panels = [framed(picture(compose(name, seen, scene), 128, 32)) for name, seen, scene in shown]
    wide, high = panels[0].size
    whole = Image.new("RGB", (2 * wide + GAP, 2 * high + GAP), TABLE)
    for place, panel in enumerate(panels):
        whole.paste(panel, ((place % 2) * (wide + GAP), (place // 2) * (high + GAP)))
    return whole.quantize(16, dither=Image.Dither.NONE)


#: Name of a screen of first-start.md → the page, the view, and the seconds of silence.
SCREENS: dict[str, tuple[str, View | None, float | None]] = {
    "start": ("live", None, None),
    "live": ("live", view(Ejp.NORMAL, "HN..", 1234), None),
    "peak": ("live", view(Ejp.PEAK, "PM..", 3980), None),
    "unknown": ("live", view(Ejp.UNKNOWN, "", 1234), None),
    "silent": ("live", view(Ejp.NORMAL, "HN..", 1234), 42.0),
    "overload": ("live", view(Ejp.NORMAL, "HN..", 9420, overload=True), None),
    "line": ("line", view(Ejp.NORMAL, "HN..", 1234, rejected=536), None),
}


def screen(name: str, lang: str) -> Image.Image:
    """Return the screen *name* of SCREENS."""
    page, seen, silence = SCREENS[name]
    scene = Scene(lang=lang, now=datetime(2026, 1, 13, 19, 42), silence=silence, beat=True)  # noqa: DTZ001
    return framed(picture(compose(page, seen, scene), 128, 32), 2).quantize(16, dither=Image.Dither.NONE)


if __name__ == "__main__":
    here = Path(__file__).parent
    for language, name in (("en", "oled.png"), ("fr", "oled.fr.png")):
        sheet(language).save(here / name, optimize=True)
        for shown in SCREENS:
            screen(shown, language).save(here / f"screen-{shown}{name.removeprefix('oled')}", optimize=True)
