"""Chooses the screen: the page of the rotation, the start screen or the alert."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from linkymonitor.model.terms import Ejp
from linkymonitor.outputs.display import pages
from linkymonitor.outputs.display.screen import LARGE, NORMAL, Scene, Screen, TextLine, cell
from linkymonitor.outputs.display.wording import amperes, beat, subscribed_power

if TYPE_CHECKING:
    from linkymonitor.model.reading import View


def compose(name: str, view: View | None, scene: Scene) -> Screen:
    """Return the screen to show while the rotation is at page *name*.

    Before the first frame this is the start screen; while the power drawn exceeds the subscribed power, the alert.
    In a mobile peak every screen is inverted, so that the peak is seen from across the room.
    """
    if view is None:
        return start(scene)
    if scene.stale:
        return pages.PAGES[name](view, scene)
    screen = alert(view, scene) if view.tariff.overload else pages.PAGES[name](view, scene)
    peak = view.tariff.has_peaks and view.tariff.ejp is Ejp.PEAK
    return replace(screen, inverted=True) if peak else screen


def start(scene: Scene) -> Screen:
    """Return the screen that is shown until the first frame comes."""
    top = (scene.height - 32) // 2
    return Screen(
        (
            scene.centred("linkymonitor", y=top),
            scene.centred(scene.say("écoute compteur", "awaiting meter"), y=top + 16),
        )
    )


def alert(view: View, scene: Scene) -> Screen:
    """Return the warning that the power drawn exceeds the subscribed power."""
    reading, subscribed = view.reading, subscribed_power(view)
    mark = "~" if reading.apparent_power_estimated else ""
    if reading.apparent_power is not None:
        amount, limit = mark + scene.power(reading.apparent_power, 2), ""
        unit = "kVA"
        if subscribed:
            limit = scene.number(subscribed / 1000)
    else:
        amount, limit, unit = amperes(view, summed=True).removesuffix(" A") or "--", "", "A"
        if subscribed:
            limit = scene.number(subscribed // 200)  # in A: at 200 V a kVA is 5 A, the sum of all phases
    title = scene.say("DÉPASSEMENT", "OVERLOAD")
    band = TextLine(f"  {title}", y=0, inverse=True, right=beat(scene))
    if not scene.tall:
        text = f"{amount} / {limit} {unit}" if limit else f"{amount} {unit}"
        return Screen((band, scene.centred(text, y=16)))
    wide = len(amount) * cell(LARGE)[0]
    left = (scene.width - wide - (len(unit) + 1) * cell(NORMAL)[0]) // 2
    lines = [band, TextLine(amount, left, 20, LARGE), TextLine(unit, left + wide + cell(NORMAL)[0], 27)]
    if limit:
        lines.append(scene.centred(scene.say(f"souscrit {limit} {unit}", f"limit {limit} {unit}"), y=48))
    return Screen(tuple(lines))
