"""What each page of the display says: pure functions from a view to lines of text."""

# Strategy
#
# - A page says *what* stands *where* (a Screen: lines of text in a font at a place); one painter turns that
#   into the bytes of the panel. So a page is a few lines, its text can be printed where there is no picture,
#   and a refresh costs microseconds: glyphs and lines are cached as the column bytes that the panel wants,
#   and Pillow is not needed until somebody asks for a picture (the terminal, the tests, a page that draws).
# - A panel stores eight rows in a byte, the lowest bit on top, and calls that a page: here it is a band, so
#   that it is not confused with ours. Letters that stay within few bands send few bytes when they change.
# - Old data are never shown as if they were new: each page draws `--` and the age by itself.
# - The last column and row of the 8x16 layouts stay dark: the burn-in shift of one pixel cuts nothing.

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.model.terms import PERIODS, Colour, Ejp, Mode, code
from linkymonitor.tic.values import Switch

if TYPE_CHECKING:
    from PIL.Image import Image

    from linkymonitor.model.reading import View
    from linkymonitor.model.record import Contract

#: The rows of a panel in bands of eight, from the top; a byte is a column of eight pixels, lowest bit on top.
Bands = tuple[bytes, ...]

SMALL, NORMAL, LARGE = "6x12", "8x16", "12x24"

#: The two positions of the sign of life: glyphs of our own in the font file.
_BEATS = ("\ue000", "\ue001")

#: What the fonts lack, and what stands for it.
_STANDS_FOR = str.maketrans({"\u202f": " ", "\u00a0": " ", "’": "'", "…": ".", "−": "-"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text at a place in pixels; what reaches beyond the screen is cut."""

    text: str
    x: int = 0
    y: int = 0
    font: str = NORMAL
    #: True for dark letters on a lit band as wide as the screen.
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Screen:
    """What is to be seen, whatever shows it."""

    lines: tuple[Line, ...]
    #: The whole screen swaps light and dark.
    inverted: bool = False
    #: A 1-bit Pillow picture of the screen's size under the lines, for a page that draws rather than writes.
    picture: Image | None = None

    @property
    def text(self) -> tuple[str, ...]:
        """The lines from top to bottom, as plain text."""
        rows: dict[int, list[Line]] = {}
        for line in self.lines:
            rows.setdefault(line.y + cell(line.font)[1] // 2 >> 3, []).append(line)
        return tuple(
            " ".join(line.text.rstrip() for line in sorted(row, key=lambda line: line.x))
            .replace(_BEATS[0], "•")
            .replace(_BEATS[1], "•")
            .strip()
            for _, row in sorted(rows.items())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a page needs to know besides the view."""

    width: int = 128
    height: int = 32
    lang: str = "fr"
    #: Local wall time; None while the clock cannot be trusted.
    now: datetime | None = None
    #: Seconds without a good frame once the data are too old to be shown, else None.
    silence: float | None = None
    #: Changes at each good frame.
    beat: bool = False

    @property
    def columns(self) -> int:
        """How many letters of the normal font fit in a row."""
        return self.width // cell(NORMAL)[0]

    @property
    def tall(self) -> bool:
        """Whether there is room for more than two lines."""
        return self.height >= 64

    @property
    def stale(self) -> bool:
        """Whether the view is too old to be shown."""
        return self.silence is not None

    def say(self, french: str, english: str) -> str:
        """Return the text in the language of the screen."""
        return english if self.lang == "en" else french

    def number(self, value: float | Decimal, decimals: int = 0) -> str:
        """Return *value* as it is written in the language of the screen."""
        text = f"{value:,.{decimals}f}"
        return text if self.lang == "en" else text.replace(",", " ").replace(".", ",")

    def power(self, va: int, decimals: int = 3) -> str:
        """Return *va* in kVA, in five characters at most."""
        decimals -= (va >= 10_000) + (va >= 100_000)
        return self.number(va / 1000, max(decimals, 0))

    def money(self, euros: Decimal) -> str:
        """Return *euros* to the cent."""
        return f"€{self.number(euros, 2)}" if self.lang == "en" else f"{self.number(euros, 2)} €"

    @property
    def clock(self) -> str:
        """The time of day, ``--:--`` while nobody knows it."""
        return f"{self.now.hour:02d}:{self.now.minute:02d}" if self.now else "--:--"

    @property
    def age(self) -> str:
        """How long the meter has been silent, in words."""
        seconds = self.silence or 0.0
        if math.isinf(seconds):
            return self.say("muet", "silent")
        if seconds < 60:
            amount, unit = seconds, "s"
        elif seconds < 3600:
            amount, unit = seconds / 60, "min"
        elif seconds < 48 * 3600:
            amount, unit = seconds / 3600, "h"
        else:
            amount, unit = seconds / 86400, self.say("j", "d")
        return f"{self.say('muet', 'silent')} {int(amount)} {unit}"

    def fits(self, left: str, right: str, font: str = NORMAL) -> bool:
        """Return whether both texts have room on one line, with a space between them."""
        return (len(left) + len(right) + bool(left and right)) * cell(font)[0] <= self.width

    def row(self, *choices: tuple[str, str], y: int, font: str = NORMAL, inverse: bool = False) -> Line:
        """Return a line with a text on the left and one on the right.

        Args:
            choices: pairs of texts, the most wanted first; the first that fits is taken.
            y: the first pixel row of the line.
            font: one of the fonts of this module.
            inverse: dark on light.
        """
        for left, right in choices:
            if self.fits(left, right, font):
                break
        columns = self.width // cell(font)[0]
        return Line(left + right.rjust(columns - len(left)), 0, y, font, inverse)

    def centred(self, text: str, *, y: int, font: str = NORMAL, inverse: bool = False) -> Line:
        """Return *text* in the middle of the screen."""
        return Line(text, max(0, (self.width - len(text) * cell(font)[0]) // 2), y, font, inverse)


Page = Callable[["View", Scene], Screen]

#: Every page by the name that the configuration gives it.
PAGES: dict[str, Page] = {}


def page(function: Page) -> Page:
    """Make *function* a page, called as it is named."""
    PAGES[function.__name__] = function
    return function


# --- the pages ---


@page
def live(view: View, scene: Scene) -> Screen:
    """The tariff, the time, the power drawn and the power injected."""
    reading, tariff = view.reading, view.tariff
    peak = tariff.has_peaks and tariff.ejp is Ejp.PEAK and not scene.stale
    right = "→01:00" if peak else scene.clock
    lines = [scene.row((_state(view, scene), f"{right} {_beat(scene)}"), y=0)]
    drawn, injected = reading.apparent_power, reading.injected_power
    drawn_mark = "~" if reading.apparent_power_estimated else ""
    injected_mark = "~" if reading.injected_power_estimated else ""

    def kva(va: int | None, mark: str, decimals: int = 3) -> str:
        return "--" if va is None or scene.stale else mark + scene.power(va, decimals)

    if scene.tall:
        # The unit stands on the baseline of the large figure.
        lines.append(Line(f"C {kva(drawn, drawn_mark)}", 0, 20, LARGE))
        lines.append(Line("kVA", scene.width - 3 * cell(NORMAL)[0], 27))
        if scene.stale:
            lines.append(scene.row(("", scene.age), y=48))
        else:
            left = _volts(view) if injected is None else f"I {kva(injected, injected_mark)}"
            lines.append(
                scene.row((left, _amperes(view)), (left, _amperes(view, summed=True)), (left, ""), y=48)
            )
    elif scene.stale:
        lines.append(scene.row(("C --", scene.age), y=16))
    elif injected is None:
        consumed = f"C {kva(drawn, drawn_mark)} kVA"
        lines.append(scene.row((consumed, _amperes(view, summed=True)), (consumed, ""), y=16))
    else:
        for decimals in (3, 2, 1):
            left = f"C {kva(drawn, drawn_mark, decimals)}"
            right = f"I {kva(injected, injected_mark, decimals)}"
            if scene.fits(left, right):
                break
        lines.append(scene.row((left, right), y=16))
    return Screen(tuple(lines), inverted=peak)


@page
def today(view: View, scene: Scene) -> Screen:
    """The energy and the money of the day so far, in all and by register."""
    energy, cost = view.today.energy, view.today.cost
    names = [name for name in _registers(view) if energy.get(name)] or _registers(view)[:2]
    unknown = scene.stale or not energy
    total = sum(energy.values()) / 1000

    money = scene.say("prix ?", "price?")
    if view.today.total_cost is not None:
        money = scene.money(view.today.total_cost)
    summary = [(f"{scene.number(total, n)}kWh", money) for n in (1, 0)]
    if unknown:
        summary = [("--kWh", scene.say("-- €", "€--"))]

    def amounts(some: Sequence[str], decimals: int) -> list[str]:
        return [f"{_short(name)} {scene.number(energy.get(name, 0) / 1000, decimals)}" for name in some]

    def detail(some: Sequence[str], y: int) -> Line:
        choices = (amounts(some, 1), amounts(some, 0))
        pairs = [
            (" ".join(texts[:-1]), texts[-1]) if len(texts) > 1 else ("".join(texts), "") for texts in choices
        ]
        return scene.row(*pairs, y=y)

    title = scene.say("aujourd'hui", "today")
    if not scene.tall:
        lines = [scene.row(*summary, y=0)]
        if scene.stale:
            lines.append(scene.row(("", scene.age), y=16))
        elif unknown or len(names) < 2:
            lines.append(scene.row((title, ""), y=16))
        else:
            if len(" ".join(amounts(names, 0))) > scene.columns:
                energy = _merged(energy)
                names = _most(energy, amounts, scene.columns)
            lines.append(detail(names, 16))
        return Screen(tuple(lines))

    lines = [scene.row((title, scene.clock), y=0, font=SMALL), scene.row(*summary, y=16)]
    if scene.stale:
        lines.append(scene.row(("", scene.age), y=48))
    elif not unknown and len(names) > 2:
        lines += [detail(names[:2], 32), detail(names[2:4], 48)]
    elif not unknown:
        if len(names) == 2:
            lines.append(detail(names, 34))
        priced = [f"{_short(name)} {scene.money(cost[name])}" for name in names if name in cost]
        if len(names) == 2 and len(priced) == 2:
            lines.append(scene.row((priced[0], priced[1]), (priced[0], ""), y=51, font=SMALL))
        else:
            lines.append(scene.row((_subscribed(view, scene), ""), y=51, font=SMALL))
    return Screen(tuple(lines))


@page
def tariff(view: View, scene: Scene) -> Screen:
    """The tariff period, and what is known of the next one."""
    first, second, note = _tariff_lines(view, scene)
    if scene.stale:
        first, second, note = [(scene.say("tarif", "tariff"), "--")], [("", scene.age)], ""
    if not scene.tall:
        return Screen((scene.row(*first, y=0), scene.row(*second, y=16)))
    lines = [scene.row(*first, y=0), scene.row(*second, y=48 if scene.stale else 18)]
    if note:
        lines.append(scene.row((note, ""), y=39, font=SMALL))
    if not scene.stale:
        power = _subscribed(view, scene)
        lines.append(scene.row((power, scene.clock), (power, ""), y=51, font=SMALL))
    return Screen(tuple(lines))


@page
def line(view: View, scene: Scene) -> Screen:
    """How well the meter is heard."""
    health = view.health
    rejected = sum(health.rejected.values())
    heard = health.groups + rejected
    mode = "hist." if view.reading.mode is Mode.HISTORIQUE else "std."
    if scene.stale:
        first = [(scene.say("ligne", "line"), "--%")]
        second = [("", scene.age)]
    else:
        speed = str(health.speed) if health.speed else "--"
        if not heard:
            quality = "--%"
        elif not rejected:
            quality = "100%"
        else:
            # Rounded down: 100 % is said only when nothing was lost.
            quality = f"{scene.number(math.floor(1000 * health.groups / heard) / 10, 1)}%"
        first = [(f"{speed} {mode}", quality), (f"{speed} {mode[0]}.", quality)]
        unit = scene.say("tr.", "fr.")
        # The errors keep their digits longest: they are what somebody looks for.
        second = [
            (f"{frames} {unit}", f"{errors} er")
            for errors in _counts(rejected, scene)
            for frames in _counts(health.frames, scene)
        ]
    if not scene.tall:
        return Screen((scene.row(*first, y=0), scene.row(*second, y=16)))
    lines = [scene.row(*first, y=0), scene.row(*second, y=48 if scene.stale else 18)]
    if not scene.stale:
        parity = {True: scene.say("parité oui", "parity yes"), False: scene.say("parité non", "parity no")}
        cut = f"{scene.number(health.incomplete)} {scene.say('coupées', 'cut')}"
        checked = parity.get(health.parity, "") if health.parity is not None else ""
        worst = max(health.rejected.items(), key=lambda item: item[1], default=None)
        cause = scene.say("aucune erreur", "no error")
        if worst is not None and worst[1]:
            cause = f"{scene.say(_CAUSES.get(worst[0], worst[0]), worst[0])} {scene.number(worst[1])}"
        lines.append(
            scene.row((checked, cut) if checked else (cut, ""), (checked or cut, ""), y=39, font=SMALL)
        )
        lines.append(scene.row((cause, ""), y=51, font=SMALL))
    return Screen(tuple(lines))


# --- what stands over the pages ---


def compose(name: str, view: View | None, scene: Scene) -> Screen:
    """Return what is to be seen when the rotation stands at page *name*.

    Before the first frame that is the start screen, and while the power is above the subscription the alert.
    """
    if view is None:
        return start(scene)
    if view.tariff.overload and not scene.stale:
        return alert(view, scene)
    return PAGES[name](view, scene)


def start(scene: Scene) -> Screen:
    """Return what is seen until the meter has been heard."""
    top = (scene.height - 32) // 2
    return Screen(
        (
            scene.centred("linkymonitor", y=top),
            scene.centred(scene.say("attente compteur", "awaiting meter"), y=top + 16),
        )
    )


def alert(view: View, scene: Scene) -> Screen:
    """Return the warning that the power drawn is above the subscription."""
    reading, subscribed = view.reading, _subscribed_power(view)
    mark = "~" if reading.apparent_power_estimated else ""
    if reading.apparent_power is not None:
        amount, limit = mark + scene.power(reading.apparent_power, 2), ""
        unit = "kVA"
        if subscribed:
            limit = scene.number(subscribed / 1000)
    else:
        amount, limit, unit = _amperes(view, summed=True).removesuffix(" A") or "--", "", "A"
        if subscribed:
            limit = scene.number(subscribed // 200)  # a kVA is 5 A, over all the phases
    title = scene.say("DÉPASSEMENT", "OVERLOAD")
    band = scene.row((f"  {title}", _beat(scene)), y=0, inverse=True)
    peak = view.tariff.has_peaks and view.tariff.ejp is Ejp.PEAK
    if not scene.tall:
        text = f"{amount} / {limit} {unit}" if limit else f"{amount} {unit}"
        return Screen((band, scene.centred(text, y=16)), inverted=peak)
    wide = len(amount) * cell(LARGE)[0]
    left = (scene.width - wide - (len(unit) + 1) * cell(NORMAL)[0]) // 2
    lines = [band, Line(amount, left, 20, LARGE), Line(unit, left + wide + cell(NORMAL)[0], 27)]
    if limit:
        lines.append(scene.centred(scene.say(f"souscrit {limit} {unit}", f"limit {limit} {unit}"), y=48))
    return Screen(tuple(lines), inverted=peak)


# --- words ---

#: What the decoder rejects a group for, in French; in English its own word will do.
_CAUSES = {
    "checksum": "contrôle",
    "parity": "parité",
    "shape": "forme",
    "label": "étiquette",
    "domain": "domaine",
    "order": "ordre",
    "meter": "compteur",
    "contract": "contrat",
    "cross": "cohérence",
    "unconfirmed": "non confirmé",
    "width": "longueur",
    "characters": "caractères",
}

_COLOURS: Mapping[Colour, tuple[str, str]] = {
    Colour.BLUE: ("BLEU", "BLUE"),
    Colour.WHITE: ("BLANC", "WHITE"),
    Colour.RED: ("ROUGE", "RED"),
}
_BY_LETTER = {"B": Colour.BLUE, "W": Colour.WHITE, "R": Colour.RED}


def _beat(scene: Scene) -> str:
    return _BEATS[scene.beat]


def _state(view: View, scene: Scene) -> str:
    """Return the tariff in eight letters."""
    if not view.tariff.has_peaks:
        return "--" if scene.stale else _period_name(view, scene)
    if scene.stale:
        return "EJP --"
    return {
        Ejp.NORMAL: scene.say("EJP NON", "EJP NO"),
        Ejp.NOTICE: scene.say("PRÉAVIS", "NOTICE"),
        Ejp.PEAK: scene.say("EJP OUI", "EJP YES"),
        Ejp.UNKNOWN: "EJP ?",
    }[view.tariff.ejp]


def _period(view: View) -> str:
    return code(view.reading.tariff_period or view.tariff.tariff_period or "")


def _colour_of(period: str) -> Colour | None:
    return _BY_LETTER[period[3]] if period in PERIODS["TEMPO"] else None


def _period_name(view: View, scene: Scene) -> str:
    period = _period(view)
    colour = _colour_of(period)
    if colour is not None:
        return f"{period[:2]} {scene.say(*_COLOURS[colour])}"
    if period == "TH":
        return "BASE"
    if view.tariff.colour is not None:
        return f"{period} {scene.say(*_COLOURS[view.tariff.colour])}"
    return period or "?"


def _short(register: str) -> str:
    """Return a register's name in three letters: a Tempo one keeps the meter's letter for its colour."""
    if _colour_of(register) is None:
        return register
    return register[:2] + register[3].lower()


def _contract(view: View) -> Contract | None:
    """Return the contract, as it was last said when this frame cannot tell."""
    return view.reading.contract or view.tariff.contract


def _registers(view: View) -> list[str]:
    """Return the registers of the contract in the meter's order, and any other that counted today."""
    contract = _contract(view)
    listed = list(contract.registers) if contract else []
    return listed + [name for name in view.today.energy if name not in listed]


def _merged(energy: Mapping[str, int]) -> dict[str, int]:
    """Return *energy* with the colours of a Tempo contract added up: ``HC`` and ``HP`` of any colour."""
    merged: dict[str, int] = {}
    for name, amount in energy.items():
        short = name if _colour_of(name) is None else name[:2]
        merged[short] = merged.get(short, 0) + amount
    return merged


def _most(
    energy: Mapping[str, int], amounts: Callable[[Sequence[str], int], list[str]], columns: int
) -> list[str]:
    """Return as many names as one line holds, the least energy left out first."""
    names = sorted(energy)
    while len(names) > 1 and len(" ".join(amounts(names, 0))) > columns:
        names.remove(min(names, key=lambda name: energy[name]))
    return names


def _counts(count: int, scene: Scene) -> list[str]:
    """Return *count* in full and, when that is long, in thousands and in millions."""
    texts = [scene.number(count)]
    if count >= 1_000:
        texts.append(f"{scene.number(count / 1e3, 1)}k")
    if count >= 1_000_000:
        texts.append(f"{scene.number(count / 1e6, 1)}M")
    return texts


def _subscribed_power(view: View) -> int | None:
    contract = _contract(view)
    return contract.subscribed_power if contract else None


def _subscribed(view: View, scene: Scene) -> str:
    va = _subscribed_power(view)
    if va is None:
        return ""
    return (
        scene.say("souscrit", "contract") + f" {scene.number(Decimal(va) / 1000, 1 if va % 1000 else 0)} kVA"
    )


def _amperes(view: View, *, summed: bool = False) -> str:
    currents = [current for current in view.reading.currents if current is not None]
    if not currents:
        return ""
    return f"{sum(currents)} A" if summed else "/".join(map(str, currents)) + " A"


def _volts(view: View) -> str:
    voltages = [voltage for voltage in view.reading.voltages if voltage is not None]
    return f"{sum(voltages) / len(voltages):.0f} V" if voltages else ""


def _tariff_lines(view: View, scene: Scene) -> tuple[list[tuple[str, str]], list[tuple[str, str]], str]:
    """Return the choices for the first and second line of the tariff page, and a note."""
    period, state = _period(view), view.tariff
    power = _subscribed_power(view)
    abo = f"{power // 1000} kVA" if power and not scene.tall else ""
    unknown = scene.say("demain ?", "tomorrow?")

    if state.has_peaks or period in ("HN", "PM"):
        # In English the hour comes last: "7:00 PM" would be the evening.
        note = scene.say("préavis non garanti", "notice not assured")
        if state.ejp is Ejp.PEAK or period == "PM":
            return (
                [(scene.say("PM  → 1:00 HN", "PM → HN at 1:00"), "")],
                [(unknown, abo), (unknown, "")],
                note,
            )
        if state.ejp is Ejp.NOTICE:
            soon = scene.now is not None and scene.now.hour == 6
            coming = scene.say("HN  → PM bientôt", "HN → PM soon")
            if soon:
                coming = scene.say("HN  → 7:00 PM", "HN → PM at 7:00")
            return [(coming, "")], [(scene.say("préavis reçu", "notice given"), "")], ""
        if scene.now is not None and not _in_ejp_season(scene.now):
            off = scene.say("hors saison EJP", "no peak season")
            return [(scene.say("HN  → 1er nov.", "HN → 1 Nov"), "")], [(off, "")], ""
        return [(scene.say("HN  → 7:00 PM ?", "HN → PM at 7:00?"), "")], [(unknown, abo), (unknown, "")], note

    colour = _colour_of(period)
    if colour is not None or state.tomorrow is not None or state.colour is not None:
        name = _period_name(view, scene)
        until = {"HC": "6:00", "HP": "22:00"}.get(period[:2], "")
        following = unknown
        if state.tomorrow is not None:
            following = scene.say("demain ", "tomorrow ") + scene.say(*_COLOURS[state.tomorrow])
        note = scene.say("nouveau jour à 6 h", "new day at 6:00")
        return [(f"{name} → {until}" if until else name, "")], [(following, "")], note

    name = {
        "TH": scene.say("Base", "Flat rate"),
        "HC": scene.say("Heures creuses", "Off-peak hours"),
        "HP": scene.say("Heures pleines", "Peak hours"),
    }.get(period, "")
    label = view.reading.values.get("LTARF")
    if not name:
        name = " ".join(label.split()).capitalize() if isinstance(label, str) else period or "?"
    then = scene.say("tarif unique", "one price") if period == "TH" else _next_switch(view, scene)
    if not then and not scene.tall:
        then = _subscribed(view, scene)
    return [(name[: scene.columns], "")], [(then, "")], ""


def _next_switch(view: View, scene: Scene) -> str:
    """Return the next change of tariff and its hour, from the day profile that a standard meter sends.

    The profile is tomorrow's (NOI-CPT_54E §6.2.3.21): what it says of the hours left today is likely, no more.
    """
    profile, now = view.reading.values.get("PJOURF+1"), scene.now
    if not isinstance(profile, tuple) or now is None:
        return ""
    current = view.reading.values.get("NTARF")
    switches = [
        switch
        for switch in profile
        if isinstance(switch, Switch) and switch.supplier_index not in (None, current)
    ]
    if not switches:
        return ""
    later = [switch for switch in switches if switch.start > now.time()]
    following = (later or switches)[0]
    number = following.supplier_index or 0
    contract = _contract(view)
    names = PERIODS.get(contract.option, ()) if contract else ()
    name = code(names[number - 1]) if number <= len(names) else f"F{number:02d}"
    return f"→ {following.start.hour}:{following.start.minute:02d} {name}" + (" ?" if later else "")


def _in_ejp_season(now: datetime) -> bool:
    """Return whether the next 7 h, when a peak can begin, lies between 1 November and 31 March."""
    month = now.month
    if now.hour >= 7 and (month, now.day) in ((3, 31), (10, 31)):
        return month == 10
    return month in (11, 12, 1, 2, 3)


# --- the painter ---


def paint(screen: Screen, width: int, height: int, shift: tuple[int, int] = (0, 0)) -> Bands:
    """Return the bands of *screen*, moved right and down by *shift* pixels, not inverted."""
    count = height // 8
    dx, dy = shift
    bands = [0] * (count + 1)
    if screen.picture is not None:
        bands[:count] = [int.from_bytes(band, "little") for band in pack(screen.picture)]
    for piece in screen.lines:
        top, offset = divmod(piece.y, 8)
        for index, strip in enumerate(_strip(piece.text, piece.font, piece.x, offset, piece.inverse, width)):
            if top + index < count:
                bands[top + index] |= strip
    full = (1 << 8 * width) - 1
    if dy:
        # What leaves a band enters the one below; the spare band at the end is empty, and feeds the first.
        high, low = int.from_bytes(b"\xfe" * width, "little"), int.from_bytes(b"\x01" * width, "little")
        bands = [(band << 1 & high) | (bands[index - 1] >> 7 & low) for index, band in enumerate(bands)]
    return tuple((band << 8 * dx & full).to_bytes(width, "little") for band in bands[:count])


def to_image(bands: Bands, inverted: bool = False) -> Image:
    """Return *bands* as a 1-bit Pillow picture."""
    from PIL import Image, ImageChops

    count, width = len(bands), len(bands[0])
    raw = bytearray(count * width)
    for index, band in enumerate(bands):
        raw[count - 1 - index :: count] = band
    picture = Image.frombytes("1", (8 * count, width), bytes(raw)).transpose(Image.Transpose.ROTATE_90)
    return ImageChops.invert(picture) if inverted else picture


def pack(picture: Image) -> Bands:
    """Return the bands of a 1-bit Pillow picture: the inverse of to_image()."""
    from PIL import Image

    raw, count = picture.transpose(Image.Transpose.ROTATE_270).tobytes(), picture.height // 8
    return tuple(raw[count - 1 - index :: count] for index in range(count))


@cache
def cell(font: str) -> tuple[int, int]:
    """Return the width and height of a letter of *font*."""
    width, height = font.split("x")
    return int(width), int(height)


@lru_cache(maxsize=128)
def _strip(text: str, font: str, x: int, offset: int, inverse: bool, width: int) -> tuple[int, ...]:
    """Return *text* as bands that start *offset* rows above the line, a band as one little-endian integer.

    Integers because laying one line over another, shifting and comparing are then one operation each.
    """
    height = cell(font)[1]
    letters = [_glyph(letter, font, offset) for letter in text.translate(_STANDS_FOR)]
    strips = []
    for band in range((offset + height + 7) // 8):
        row = (bytes(x) + b"".join([letter[band] for letter in letters]))[:width].ljust(width, b"\0")
        if inverse:
            lit = ((1 << height) - 1 << offset) >> 8 * band & 0xFF
            row = bytes(lit & ~column for column in row)
        strips.append(int.from_bytes(row, "little"))
    return tuple(strips)


@lru_cache(maxsize=512)
def _glyph(letter: str, font: str, offset: int) -> tuple[bytes, ...]:
    """Return *letter* as the column bytes of each band it touches when it starts *offset* rows down."""
    width, height = cell(font)
    glyphs = _glyphs(font)
    rows = glyphs.get(letter) or glyphs["?"]
    columns = [
        sum((row >> (width - 1 - x) & 1) << y for y, row in enumerate(rows)) << offset for x in range(width)
    ]
    return tuple(
        bytes(column >> 8 * band & 0xFF for column in columns) for band in range((offset + height + 7) // 8)
    )


@cache
def _glyphs(font: str) -> Mapping[str, tuple[int, ...]]:
    """Return the rows of every letter of *font*, the leftmost pixel in the highest bit."""
    width, height = cell(font)
    padding = -width % 8
    size = (width + padding) // 8
    glyphs = {}
    for entry in (Path(__file__).with_name("fonts") / f"spleen-{font}.hex").read_text("ascii").split():
        point, _, rows = entry.partition(":")
        raw = bytes.fromhex(rows)
        glyphs[chr(int(point, 16))] = tuple(
            int.from_bytes(raw[y * size : (y + 1) * size], "big") >> padding for y in range(height)
        )
    return glyphs
