"""The pages of the display: each is a function of a view and a scene that returns a screen."""

# Strategy
#
# - A page returns a Screen: lines of text, each in a font at a place. paint.py makes the bytes of the panel of it. So
#   a page is short, and its text can be printed where there is no picture.
# - A panel is updated in bands of eight rows. Letters that touch few bands need few bytes when they change.
# - Each page must draw `--` and the age in place of old values (scene.stale).
# - In the 8x16 font, the last column and the last row of pixels stay dark, so that the shift by one pixel against
#   burn-in cuts no letter.

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from linkymonitor.model.terms import Ejp, Mode
from linkymonitor.outputs.display.screen import LARGE, SMALL, Scene, Screen, TextLine
from linkymonitor.outputs.display.wording import (
    amperes,
    beat,
    cause_of,
    cost_of_day,
    counts,
    known_days,
    long_name,
    merged_colours,
    month_name,
    most_that_fit,
    next_hour,
    registers_of,
    short_name,
    subscription,
    tariff_lines,
    tariff_state,
    volts,
    whole_euros,
)

if TYPE_CHECKING:
    from linkymonitor.model.reading import View

Page = Callable[["View", Scene], Screen]

#: The name of a page in the configuration → its function.
PAGES: dict[str, Page] = {}


def page(function: Page) -> Page:
    """Make *function* a page; its name is the name of the page in the configuration."""
    PAGES[function.__name__] = function
    return function


@page
def live(view: View, scene: Scene) -> Screen:
    """The tariff, the time, the power drawn and the power injected."""
    reading, tariff = view.reading, view.tariff
    peak = tariff.has_peaks and tariff.ejp is Ejp.PEAK and not scene.stale
    right = "→01:00" if peak else scene.clock
    lines = [scene.row((tariff_state(view, scene), f"{right} {beat(scene)}"), y=0)]
    drawn = reading.apparent_power
    injected = reading.injected_power if scene.injects else None
    drawn_mark = "~" if reading.apparent_power_estimated else ""
    injected_mark = "~" if reading.injected_power_estimated else ""

    def kva(va: int | None, mark: str, decimals: int = 3) -> str:
        return "--" if va is None or scene.stale else mark + scene.power(va, decimals)

    if scene.tall:
        # The unit stands on the baseline of the large figure.
        lines.append(TextLine(f"C {kva(drawn, drawn_mark)}", y=20, font=LARGE))
        lines.append(TextLine("", y=27, right="kVA"))
        if scene.stale:
            lines.append(scene.row(("", scene.age), y=48))
        else:
            currents = [amperes(view), amperes(view, summed=True), ""]
            left = f"I {kva(injected, injected_mark)}" if injected is not None else volts(view)
            if injected is None and len(reading.currents) < 2 and cost_of_day(view, scene):
                left = scene.say("jour ", "today ") + cost_of_day(view, scene)
                currents = [current for current in currents if len(left + current) < scene.columns]
            lines.append(scene.row(*((left, current) for current in currents), y=48))
    elif scene.stale:
        lines.append(scene.row(("C --", scene.age), y=16))
    elif injected is None:
        # One power only needs no letter, so there is room for its unit and a second fact.
        second = cost_of_day(view, scene) or next_hour(view, scene)
        powers = [f"{kva(drawn, drawn_mark, decimals)} kVA" for decimals in (2, 1)]
        if not second:
            second, powers = amperes(view, summed=True), [f"C {kva(drawn, drawn_mark)} kVA"]
        lines.append(scene.row(*((power, second) for power in powers), (powers[0], ""), y=16))
    else:
        for decimals in (3, 2, 1):
            left = f"C {kva(drawn, drawn_mark, decimals)}"
            right = f"I {kva(injected, injected_mark, decimals)}"
            if scene.fits(left, right):
                break
        lines.append(scene.row((left, right), y=16))
    return Screen(tuple(lines))


@page
def today(view: View, scene: Scene) -> Screen:
    """The energy and the cost of the day so far, the total and by register."""
    energy, cost = view.today.energy, view.today.cost
    names = [name for name in registers_of(view) if energy.get(name)] or registers_of(view)[:2]
    unknown = scene.stale or not energy
    total = sum(energy.values()) / 1000

    money = cost_of_day(view, scene) or scene.say("prix ?", "price?")
    summary = [(f"{scene.number(total, n)} kWh", money) for n in (1, 0)]
    if unknown:
        summary = [("-- kWh", scene.say("-- €", "€--"))]

    def amounts(some: Sequence[str], decimals: int) -> list[str]:
        return [f"{short_name(name)} {scene.number(energy.get(name, 0) / 1000, decimals)}" for name in some]

    def detail(some: Sequence[str], y: int) -> TextLine:
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
                energy = merged_colours(energy)
                names = most_that_fit(energy, amounts, scene.columns)
            lines.append(detail(names, 16))
        return Screen(tuple(lines))

    lines = [scene.row((title, scene.clock), y=0, font=SMALL), scene.row(*summary, y=16)]
    if scene.stale:
        lines.append(scene.row(("", scene.age), y=48))
    elif not unknown and len(names) > 2:
        # A day of Tempo has three registers, each with the word of its colour.
        for index, name in enumerate(names[:3]):
            amount = scene.number(energy.get(name, 0) / 1000, 1)
            lines.append(scene.row((long_name(name, scene), f"{amount} kWh"), y=32 + 10 * index, font=SMALL))
    elif not unknown:
        if len(names) == 2:
            lines.append(detail(names, 34))
        priced = [f"{short_name(name)} {scene.money(cost[name])}" for name in names if name in cost]
        if len(names) == 2 and len(priced) == 2:
            lines.append(scene.row((priced[0], priced[1]), (priced[0], ""), y=51, font=SMALL))
        else:
            lines.append(scene.row((subscription(view, scene), ""), y=51, font=SMALL))
    return Screen(tuple(lines))


@page
def month(view: View, scene: Scene) -> Screen:
    """The energy and the cost of the month, or of the running bill, so far, and what it is expected to cost."""
    known = view.month
    if known is None or scene.stale:
        title, unknown = scene.say("ce mois", "this month"), ("-- kWh", scene.say("-- €", "€--"))
        if scene.stale:
            return Screen((scene.row(unknown, y=0), scene.row(("", scene.age), y=48 if scene.tall else 16)))
        return Screen((scene.row(unknown, y=0), scene.row((title, ""), y=16)))
    kwh = f"{scene.number(known.wh / 1000)} kWh"
    money = [scene.say("prix ?", "price?")]
    if known.eur is not None:
        money = [scene.money(known.eur), whole_euros(known.eur, scene)]
    mwh = f"{scene.number(known.wh / 1e6, 1)} MWh"
    summary = [(energy, amount) for energy in (kwh, mwh) for amount in money]
    name, days = month_name(known, scene), known_days(known, scene)
    end = [(days or name, "")]
    if known.expected is not None:
        cost = f"~{whole_euros(known.expected, scene)}"
        end = [(f"{days} →" if days else scene.say(f"fin {name}", f"end {name}"), cost), (days or name, cost)]
    if not scene.tall:
        return Screen((scene.row(*summary, y=0), scene.row(*end, y=16)))
    title = scene.say("ce mois", "this month") if known.bill_until is None else scene.say("facture", "bill")
    lines = [scene.row((title, scene.clock), y=0, font=SMALL)]
    lines.append(scene.row(*summary, y=16))
    if known.expected is None:
        lines.append(scene.row((name, days), y=34))
        return Screen(tuple(lines))
    cost = f"~{whole_euros(known.expected, scene)}"
    lines.append(scene.row((scene.say(f"fin {name}", f"end {name}"), cost), (name, cost), y=34))
    if known.low is not None and known.high is not None:
        low, high = scene.number(known.low), whole_euros(known.high, scene)
        if scene.lang == "en":
            low = whole_euros(known.low, scene)
        bounds = f"{low} {scene.say('à', 'to')} {high}"
        lines.append(scene.row((bounds, days), (bounds, ""), y=51, font=SMALL))
    return Screen(tuple(lines))


@page
def tariff(view: View, scene: Scene) -> Screen:
    """The tariff period, and the next change of it as far as it is known."""
    first, second, note = tariff_lines(view, scene)
    if scene.stale:
        first, second, note = [(scene.say("tarif", "tariff"), "--")], [("", scene.age)], ""
    if not scene.tall:
        return Screen((scene.row(*first, y=0), scene.row(*second, y=16)))
    lines = [scene.row(*first, y=0), scene.row(*second, y=48 if scene.stale else 18)]
    if note:
        lines.append(scene.row((note, ""), y=39, font=SMALL))
    if not scene.stale:
        power = subscription(view, scene)
        lines.append(scene.row((power, scene.clock), (power, ""), y=51, font=SMALL))
    return Screen(tuple(lines))


@page
def line(view: View, scene: Scene) -> Screen:
    """The quality of the line: speed, mode, frames, rejected groups."""
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
            # Rounded down, so that 100 % appears only when no group was rejected.
            quality = f"{scene.number(math.floor(1000 * health.groups / heard) / 10, 1)}%"
        first = [(f"{speed} {mode}", quality), (f"{speed} {mode[0]}.", quality)]
        unit = scene.say("tr.", "fr.")
        # When there is no room, the frames are shortened first: the errors matter more to the reader.
        second = [
            (f"{frames} {unit}", f"{errors} er")
            for errors in counts(rejected, scene)
            for frames in counts(health.frames, scene)
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
            cause = f"{cause_of(worst[0], scene)} {scene.number(worst[1])}"
        lines.append(
            scene.row((checked, cut) if checked else (cut, ""), (checked or cut, ""), y=39, font=SMALL)
        )
        lines.append(scene.row((cause, ""), y=51, font=SMALL))
    return Screen(tuple(lines))
