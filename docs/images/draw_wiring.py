"""Draws the wiring and the rhythm of the lamp as SVG: python docs/images/draw_wiring.py.

Each drawing follows the light or dark theme of the reader, and is narrow, so that a phone shows its text at a size that
can be read. The rhythm of the lamp is that of its code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from linkymonitor.language import LANGUAGES, Text
from linkymonitor.model.terms import Ejp
from linkymonitor.outputs.led import PATTERNS

HERE = Path(__file__).parent
WIDTH = 480
#: Language → how the name of a drawing ends.
ENDINGS = {"en": ".svg", "fr": ".fr.svg"}
LIGHT = {
    "ground": "#f6f5f1",
    "card": "#ffffff",
    "ink": "#1d2126",
    "soft": "#59616b",
    "rule": "#c9c6bc",
    "supply": "#a8471f",
    "signal": "#2f63a0",
    "danger": "#b3261e",
    "lamp": "#8a5a00",
}
DARK = {
    "ground": "#14171a",
    "card": "#1d2226",
    "ink": "#e9e7e1",
    "soft": "#a6aeb6",
    "rule": "#454e56",
    "supply": "#e8946a",
    "signal": "#8ab4e8",
    "danger": "#f2938c",
    "lamp": "#ffb02e",
}
FONT = 'system-ui,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",sans-serif'


def colours(theme: dict[str, str]) -> str:
    """Return the rules of the classes that have a colour of *theme*; plain colours, which every viewer knows."""
    fills = {"ground": "ground", "dot": "ink", "on": "lamp", "off": "rule", "pin": "rule", "box": "card"}
    fills |= {f"{kind}-pin": kind for kind in ("supply", "signal", "ink")}
    fills |= {"n": "soft", "d": "danger"}
    strokes = {kind: kind for kind in ("ink", "soft", "supply", "signal", "danger")}
    strokes |= {"box": "soft", "zone": "danger", "board": "rule"}
    rules = [f".{name}{{stroke:{theme[colour]}}}" for name, colour in strokes.items()]
    rules += [f".{name}{{fill:{theme[colour]}}}" for name, colour in fills.items()]
    return "".join([f"text{{fill:{theme['ink']}}}", *rules])


def style() -> str:
    """Return the style of every drawing."""
    return (
        f"text{{font-family:{FONT};font-size:15px}}.b{{font-weight:600}}.c{{text-anchor:middle}}.r{{text-anchor:end}}"
        "path,rect,circle{fill:none;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}"
        f".wide{{stroke-width:4}}.zone{{stroke-dasharray:7 6}}{colours(LIGHT)}"
        f"@media(prefers-color-scheme:dark){{{colours(DARK)}}}"
    )


class Drawing:
    """The marks of one drawing, in one language."""

    def __init__(self, lang: str, height: int, title: Text) -> None:
        self.lang = lang
        self._height = height
        self._title = title.render(lang)
        self._marks: list[str] = []

    def text(self, x: float, y: float, words: Text | str, classes: str = "") -> None:
        """Write *words* with the baseline at *y*."""
        told = words if isinstance(words, str) else words.render(self.lang)
        named = f' class="{classes}"' if classes else ""
        self._marks.append(f'<text x="{x:g}" y="{y:g}"{named}>{escape(told)}</text>')

    def path(self, data: str, classes: str = "ink") -> None:
        """Draw a line or a shape."""
        self._marks.append(f'<path class="{classes}" d="{data}"/>')

    def rect(self, box: tuple[float, float, float, float], classes: str = "box", radius: float = 6) -> None:
        """Draw the rectangle *box*: left, top, width, height."""
        x, y, width, height = box
        self._marks.append(
            f'<rect class="{classes}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"/>'
        )

    def circle(self, x: float, y: float, radius: float, classes: str = "box") -> None:
        """Draw a circle."""
        self._marks.append(f'<circle class="{classes}" cx="{x:g}" cy="{y:g}" r="{radius:g}"/>')

    def resistor(self, x: float, y: float, name: str, *, upright: bool = False) -> None:
        """Draw a resistor with *name* whose centre is at *x*, *y*."""
        self.rect((x - 8, y - 24, 16, 48) if upright else (x - 24, y - 8, 48, 16), radius=2)
        if upright:
            self.text(x + 16, y + 5, name, "b")
        else:
            self.text(x, y - 16, name, "b c")

    def diode(self, x: float, y: float, *, up: bool = False) -> None:
        """Draw an upright diode, or LED, whose centre is at *x*, *y*; the current flows down, or *up*."""
        turn = -1 if up else 1
        self.path(f"M{x - 9},{y - 8 * turn}h18l-9,{16 * turn}zM{x - 9},{y + 8 * turn}h18")

    def ray(self, x: float, y: float) -> None:
        """Draw the light of an LED, from *x*, *y* to the right."""
        self.path(f"M{x},{y}h22m-6,-4l6,4l-6,4", "soft")

    def svg(self) -> str:
        """Return the whole file."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self._height}" width="{WIDTH}"'
            f' height="{self._height}" role="img" lang="{self.lang}">'
        )
        ground = f'<rect x="0" y="0" width="{WIDTH}" height="{self._height}" rx="10" class="ground"/>'
        title = f"<title>{escape(self._title)}</title>"
        return "\n".join([head, title, f"<style>{style()}</style>", ground, *self._marks, "</svg>"]) + "\n"


METER = Text("compteur", "meter")


def meter(draw: Drawing, top: float, rows: tuple[float, float]) -> None:
    """Draw the meter at the left edge, with I1 and I2 at the heights *rows*."""
    draw.rect((12, top, 86, rows[1] - top + 36), radius=10)
    draw.text(55, top + 24, METER, "b c")
    for name, y in zip(("I1", "I2"), rows, strict=True):
        draw.circle(88, y, 5, "dot")
        draw.text(64, y + 5, name, "b c")


def receiver(lang: str) -> Drawing:
    """Draw the optocoupler and its two resistors between the meter and the header."""
    draw = Drawing(lang, 334, Text("Le récepteur : optocoupleur et deux résistances", "The receiver"))
    top, low = 124, 218
    meter(draw, 72, (top, low))
    draw.path(f"M93,{top}H154M93,{low}H154")
    draw.resistor(126, top, "R1")
    # The optocoupler: two LEDs head to tail, and a transistor that their light closes.
    draw.rect((154, 92, 142, 158), radius=8)
    draw.path(f"M154,{top}H172V154M172,144H198V154M154,{low}H172V188M172,198H198V188")
    draw.path("M172,150V192M198,150V192")
    draw.diode(172, 171)
    draw.diode(198, 171, up=True)
    draw.ray(214, 171)
    draw.path(f"M250,151V191M296,{top}H272V146L250,162M296,{low}H272V196L250,180")
    draw.path("M272,196l-11,-3l6,-8z", "ink dot")
    for number, x, y in (("1", 160, top), ("2", 160, low), ("4", 290, top), ("3", 290, low)):
        draw.text(x, y + (18 if y == low else -7), number, "n r" if x > WIDTH / 2 else "n")
    draw.text(225, 272, "SFH620A", "b c")
    draw.text(225, 292, Text("un point marque la patte 1", "a dot marks leg 1"), "n c")
    # The header.
    draw.path(f"M296,{top}H370", "signal wide")
    draw.path(f"M296,{low}H370", "ink wide")
    draw.path(f"M320,{top}V40H370", "supply")
    draw.circle(320, top, 4, "dot")
    draw.resistor(320, 82, "R2", upright=True)
    for y, pin, name, kind in (
        (40, "1", "3V3", "supply"),
        (top, "10", "GPIO15", "signal"),
        (low, "6", "GND", "ink"),
    ):
        draw.rect((370, y - 9, 18, 18), f"{kind}-pin", 3)
        draw.text(396, y - 2, name, "b")
        draw.text(396, y + 16, Text(f"broche {pin}", f"pin {pin}"), "n")
    draw.text(16, 24, Text("R1 : 1,2 kΩ · R2 : 10 kΩ", "R1: 1.2 kΩ · R2: 10 kΩ"), "b")
    draw.text(16, 44, Text("mode standard : 1 kΩ et 3,3 kΩ", "standard mode: 1 kΩ and 3.3 kΩ"), "n")
    draw.text(16, 318, Text("I1 et I2 peuvent être inversés.", "I1 and I2 have no polarity."), "n")
    return draw


def dongle(lang: str) -> Drawing:
    """Draw the way with an adapter for the USB: nothing to solder."""
    draw = Drawing(
        lang, 190, Text("Avec un adaptateur USB, rien à souder", "With a USB adapter, nothing to solder")
    )
    meter(draw, 34, (86, 128))
    draw.path("M93,86H170M93,128H170")
    draw.rect((170, 62, 104, 90), radius=10)
    draw.text(222, 98, Text("adaptateur", "adapter"), "b c")
    draw.text(222, 120, "TIC → USB", "n c")
    draw.path("M274,107H344", "signal wide")
    draw.text(309, 96, "USB", "n c")
    draw.rect((344, 62, 124, 90), radius=10)
    draw.text(406, 98, "Raspberry Pi", "b c")
    draw.text(406, 120, Text("ou PC", "or PC"), "n c")
    draw.text(464, 178, "port = /dev/ttyUSB0", "n r")
    draw.text(98, 178, Text("une paire torsadée", "a twisted pair"), "n")
    return draw


class PinUse(NamedTuple):
    """What is wired to a pin of the header."""

    pin: int
    wire: str
    part: Text
    #: Supply, signal or ground.
    kind: str


RECEIVER, OLED = Text("récepteur", "receiver"), Text("afficheur", "display")
LAMP, RELAY, BUTTON = Text("voyant", "lamp"), Text("relais", "relay"), Text("bouton", "button")
#: As in the table of the READMEs.
PIN_USES = (
    PinUse(1, "3V3", RECEIVER, "supply"),
    PinUse(2, "VCC 5 V", RELAY, "supply"),
    PinUse(3, "SDA", OLED, "signal"),
    PinUse(5, "SCL", OLED, "signal"),
    PinUse(6, "GND", RECEIVER, "ink"),
    PinUse(9, "GND", OLED, "ink"),
    PinUse(10, "GPIO15", RECEIVER, "signal"),
    PinUse(11, "IN (GPIO17)", RELAY, "signal"),
    PinUse(13, "GPIO27", BUTTON, "signal"),
    PinUse(14, "GND", RELAY, "ink"),
    PinUse(17, "VCC 3V3", OLED, "supply"),
    PinUse(20, "GND", LAMP, "ink"),
    PinUse(22, "GPIO25", LAMP, "signal"),
    PinUse(25, "GND", BUTTON, "ink"),
)
PINS = 40


def header(lang: str) -> Drawing:
    """Draw the header with its 40 pins, and what is wired to each."""
    draw = Drawing(lang, 604, Text("Le connecteur à 40 broches du Pi", "The 40-pin header of the Pi"))
    draw.path("M16,52H264a14,14 0 0 1 14,14V590M16,52V590", "board")
    draw.text(30, 76, Text("côté de la carte SD", "the side of the SD card"), "n")
    draw.text(278, 30, Text("bord de la carte ↓", "edge of the board ↓"), "n c")
    used = {use.pin: use for use in PIN_USES}
    for pin in range(1, PINS + 1):
        odd, y = pin % 2 == 1, 102 + 25 * ((pin - 1) // 2)
        x, use = 204 if odd else 232, used.get(pin)
        draw.rect((x, y - 9, 18, 18), f"{use.kind}-pin" if use else "pin", 9 if pin > 1 else 2)
        if use is None:
            continue
        told = use.part.render(lang)
        if odd:
            draw.path(f"M178,{y}H202", use.kind)
            draw.text(172, y + 5, f"{told} {use.wire}", "r")
        else:
            draw.path(f"M252,{y}H312", use.kind)
            draw.text(318, y + 5, f"{told} {use.wire}")
        draw.text(198 if odd else 256, y - 4, str(pin), "n r" if odd else "n")
    return draw


def parts(lang: str) -> Drawing:
    """Draw the display, the lamp and the button, each with its pins."""
    draw = Drawing(lang, 356, Text("L'afficheur, le voyant, le bouton", "The display, the lamp, the button"))
    draw.text(16, 30, Text("afficheur", "display"), "b")
    draw.rect((16, 46, 150, 92), radius=8)
    draw.rect((28, 64, 80, 56), "soft", 3)
    draw.text(68, 98, "128×32", "n c")
    rows = (("VCC", "17", "3V3", "supply"), ("GND", "9", "GND", "ink"), ("SDA", "3", "GPIO2", "signal"))
    for number, (leg, pin, name, kind) in enumerate((*rows, ("SCL", "5", "GPIO3", "signal"))):
        y = 60 + 22 * number
        draw.path(f"M166,{y}H296", kind)
        draw.text(160, y + 5, leg, "r")
        _pin(draw, y, pin, name, kind)
    draw.text(16, 186, Text("voyant", "lamp"), "b")
    draw.path("M296,204H226M178,204H60V244M60,244V270H296")
    draw.resistor(202, 204, "470 Ω")
    draw.diode(60, 236)
    draw.path("M76,226l12,-8m-6,0h6v6M76,238l12,-8m-6,0h6v6", "soft")
    draw.text(100, 248, Text("patte longue en haut", "long leg at the top"), "n")
    _pin(draw, 204, "22", "GPIO25", "signal")
    _pin(draw, 270, "20", "GND", "ink")
    draw.text(16, 310, Text("bouton", "button"), "b")
    draw.path("M296,306H236M184,334H296M184,334V306")
    draw.circle(186, 306, 4, "dot")
    draw.circle(234, 306, 4, "dot")
    draw.path("M188,294H232M210,294V284")
    _pin(draw, 306, "13", "GPIO27", "signal")
    _pin(draw, 334, "25", "GND", "ink")
    return draw


def _pin(draw: Drawing, y: float, pin: str, name: str, kind: str) -> None:
    """Draw the pin of the header at which a wire ends."""
    draw.rect((296, y - 8, 16, 16), f"{kind}-pin", 3)
    told = Text(f"{name}, broche {pin}", f"{name}, pin {pin}").render(draw.lang)
    draw.text(320, y + 5, told, "")


def contactor(lang: str) -> Drawing:
    """Draw the way from a pin over a relay board and a contactor to the water heater."""
    draw = Drawing(lang, 472, Text("Du relais au contacteur", "From the relay to the contactor"))
    draw.text(16, 30, Text("très basse tension : à vous", "low voltage: yours"), "b")
    draw.rect((16, 44, 118, 116), radius=10)
    draw.text(75, 152, "Raspberry Pi", "n c")
    draw.rect((262, 44, 190, 116), radius=10)
    draw.text(270, 152, Text("carte relais", "relay board"), "b")
    rows = (("5 V", "2", "VCC", "supply"), ("GND", "14", "GND", "ink"), ("GPIO17", "11", "IN", "signal"))
    for number, (name, pin, leg, kind) in enumerate(rows):
        y = 66 + 28 * number
        draw.path(f"M134,{y}H262", kind)
        draw.text(128, y + 5, name, "r")
        draw.text(198, y - 4, Text(f"broche {pin}", f"pin {pin}"), "n c")
        draw.text(270, y + 5, leg)
    for name, x in (("NC", 336), ("COM", 382), ("NO", 428)):
        draw.text(x, 70, name, "c n" if name == "NC" else "c b")
    draw.rect((12, 178, 456, 282), "zone", 12)
    draw.text(
        24, 204, Text("230 V : un électricien, courant coupé", "230 V: an electrician, supply off"), "b d"
    )
    # The contact of the relay, open at rest, feeds the coil of the contactor, from A1 to A2.
    draw.path("M336,78V96", "soft")
    draw.path("M382,112L422,96", "ink wide")
    draw.circle(382, 112, 4, "dot")
    draw.circle(428, 112, 4, "dot")
    draw.path("M382,112V232H96M56,232H40V434", "danger")
    draw.rect((56, 220, 40, 24), radius=3)
    draw.text(76, 237, "2 A", "c")
    draw.rect((126, 278, 132, 124), radius=8)
    draw.path("M428,112V260H162V308H178", "danger")
    draw.rect((178, 298, 40, 20), radius=3)
    draw.text(156, 298, "A1", "n r")
    draw.text(224, 298, "A2", "n")
    draw.path("M218,308H452V434", "ink")
    # The contact of the contactor feeds the heater.
    draw.path("M40,368H56M96,368H178M178,368L208,352M216,368H308", "danger wide")
    draw.path("M196,318V358", "soft")
    draw.rect((56, 356, 40, 24), radius=3)
    draw.text(76, 373, "20 A", "c")
    draw.text(192, 394, Text("contacteur", "contactor"), "b c")
    draw.rect((308, 334, 122, 68), radius=12)
    draw.text(369, 364, Text("chauffe-eau", "water heater"), "b c")
    draw.text(369, 386, "3 kW", "n c")
    draw.path("M430,368H452", "ink")
    draw.circle(452, 368, 3, "dot")
    draw.text(35, 452, "L", "b")
    draw.text(447, 452, "N", "b")
    told = Text("protections et sections selon la norme", "protection and sections by the standard")
    draw.text(240, 436, told, "n c")
    return draw


#: How many seconds the drawing of the rhythm shows.
SECONDS = 32
STATES: tuple[tuple[Ejp | None, Text], ...] = (
    (Ejp.NORMAL, Text("heures normales : un éclat toutes les 30 s", "normal hours: a flash every 30 s")),
    (Ejp.NOTICE, Text("préavis : 1 s allumé, 1 s éteint", "notice: 1 s on, 1 s off")),
    (Ejp.PEAK, Text("pointe : fixe", "peak: steady")),
    (Ejp.UNKNOWN, Text("tarif inconnu, ou compteur muet", "tariff unknown, or a silent meter")),
    (None, Text("éteint : le programme ne tourne pas", "dark: the program does not run")),
)


def lit(state: Ejp | None) -> Iterator[tuple[float, float]]:
    """Yield the seconds at which the lamp goes on and off in *state*."""
    if state is None:
        return
    now = 0.0
    while now < SECONDS:
        for on, off in PATTERNS[state]:
            yield now, min(now + on, SECONDS)
            now = math.inf if math.isinf(on) else now + on + off
            if now >= SECONDS:
                return


def lamp(lang: str) -> Drawing:
    """Draw half a minute of each pattern of the lamp."""
    draw = Drawing(lang, 306, Text("Les rythmes du voyant", "The patterns of the lamp"))
    scale = 448 / SECONDS
    for row, (state, told) in enumerate(STATES):
        y = 26 + 54 * row
        draw.text(16, y, told)
        draw.rect((16, y + 8, 448, 18), "off", 3)
        for begin, end in lit(state):
            # A flash of a twentieth of a second would be thinner than a line.
            draw.rect((16 + begin * scale, y + 8, max((end - begin) * scale, 2.5), 18), "on", 0)
    for second in (0, 10, 20, 30):
        draw.text(16 + second * scale, 296, f"{second} s", "n" if second == 0 else "n c")
    return draw


#: Name of a drawing → the function that draws it.
DRAWINGS: dict[str, Callable[[str], Drawing]] = {
    "wiring-receiver": receiver,
    "wiring-usb": dongle,
    "wiring-header": header,
    "wiring-parts": parts,
    "wiring-relay": contactor,
    "lamp": lamp,
}

if __name__ == "__main__":
    for name, draw in DRAWINGS.items():
        for language in LANGUAGES:
            (HERE / f"{name}{ENDINGS[language]}").write_text(draw(language).svg(), "utf-8")
