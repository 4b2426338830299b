"""Words and figures of the pages of the display, as functions of a view and a scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from linkymonitor.language import SHORT_MONTHS, Text
from linkymonitor.model.terms import PERIODS, Colour, Ejp, code
from linkymonitor.outputs.display.screen import BEATS, Scene
from linkymonitor.tic.day_profile import Switch

if TYPE_CHECKING:
    from linkymonitor.model.reading import MonthTotals, View
    from linkymonitor.model.record import Contract

#: Cause of a rejected group → its word in French; in English the cause itself is shown.
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

_COLOURS: Mapping[Colour, Text] = {
    Colour.BLUE: Text("BLEU", "BLUE"),
    Colour.WHITE: Text("BLANC", "WHITE"),
    Colour.RED: Text("ROUGE", "RED"),
}
#: The last letter of the code of a Tempo period → its colour.
_BY_LETTER = {"B": Colour.BLUE, "W": Colour.WHITE, "R": Colour.RED}


def cause_of(word: str, scene: Scene) -> str:
    """Return the cause *word* of rejected groups in the language of the screen."""
    return scene.say(_CAUSES.get(word, word), word)


def beat(scene: Scene) -> str:
    """Return the glyph of the sign of life, which changes at each believed frame."""
    return BEATS[scene.beat]


def tariff_state(view: View, scene: Scene) -> str:
    """Return the state of EJP, or the tariff period under other contracts, in eight letters at most."""
    if not view.tariff.has_peaks:
        return "--" if scene.stale else period_name(view, scene)
    if scene.stale:
        return "EJP --"
    return {
        Ejp.NORMAL: scene.say("EJP NON", "EJP NO"),
        Ejp.NOTICE: scene.say("PRÉAVIS", "NOTICE"),
        Ejp.PEAK: scene.say("EJP OUI", "EJP YES"),
        Ejp.UNKNOWN: "EJP ?",
    }[view.tariff.ejp]


def period_in_force(view: View) -> str:
    """Return the code of the tariff period in force, empty while it is not known."""
    return code(view.reading.tariff_period or view.tariff.tariff_period or "")


def colour_of(period: str) -> Colour | None:
    """Return the colour of a Tempo period, None for any other."""
    return _BY_LETTER[period[3]] if period in PERIODS["TEMPO"] else None


def period_name(view: View, scene: Scene) -> str:
    """Return the name of the tariff period in force as it is shown, ``?`` while it is not known."""
    period = period_in_force(view)
    colour = colour_of(period)
    if colour is not None:
        return f"{period[:2]} {_COLOURS[colour].render(scene.lang)}"
    if period == "TH":
        return "BASE"
    if view.tariff.colour is not None:
        return f"{period} {_COLOURS[view.tariff.colour].render(scene.lang)}"
    return period or "?"


def short_name(register: str) -> str:
    """Return the name of a register in three letters; a Tempo register keeps the meter's letter for its colour.

    The register of mobile peaks is ``EJP``: beside hours, the meter's ``PM`` would be read as the afternoon.
    """
    if colour_of(register) is None:
        return "EJP" if register == "PM" else register
    return register[:2] + register[3].lower()


def long_name(register: str, scene: Scene) -> str:
    """Return the name of a register with the word of its Tempo colour."""
    colour = colour_of(register)
    if colour is None:
        return short_name(register)
    return f"{register[:2]} {_COLOURS[colour].render(scene.lang).lower()}"


def cost_of_day(view: View, scene: Scene) -> str:
    """Return what the day has cost so far, empty while a price that is needed is not set."""
    cost = view.today.total_cost
    return "" if cost is None or not view.today.energy else scene.money(cost)


def month_name(month: MonthTotals, scene: Scene) -> str:
    """Return the name of *month* in five letters at most; of a bill, its last day."""
    if month.bill_until is not None:
        until = month.bill_until
        name = SHORT_MONTHS[until.month - 1].render(scene.lang)
        return f"{until.day} {name}"
    return SHORT_MONTHS[month.first.month - 1].render(scene.lang)


def known_days(month: MonthTotals, scene: Scene) -> str:
    """Return of how many days of *month* the energy is known, empty when that is all of them."""
    if month.known_days >= month.days:
        return ""
    return f"{month.known_days}/{month.days} {scene.say('j', 'd')}"


def whole_euros(euros: Decimal, scene: Scene) -> str:
    """Return *euros* without cents."""
    return f"€{scene.number(euros)}" if scene.lang == "en" else f"{scene.number(euros)} €"


def contract_of(view: View) -> Contract | None:
    """Return the contract of the reading; when this frame has none, the last contract that is known."""
    return view.reading.contract or view.tariff.contract


def registers_of(view: View) -> list[str]:
    """Return the registers of the contract in the meter's order, then other registers that counted energy today."""
    contract = contract_of(view)
    listed = list(contract.registers) if contract else []
    return listed + [name for name in view.today.energy if name not in listed]


def merged_colours(energy: Mapping[str, int]) -> dict[str, int]:
    """Return *energy* (register → Wh) with the colours of Tempo added up: ``HC`` and ``HP`` of all colours."""
    merged: dict[str, int] = {}
    for name, amount in energy.items():
        short = name if colour_of(name) is None else name[:2]
        merged[short] = merged.get(short, 0) + amount
    return merged


def most_that_fit(
    energy: Mapping[str, int], amounts: Callable[[Sequence[str], int], list[str]], columns: int
) -> list[str]:
    """Return the registers that fit on one line; those with the least energy are left out.

    Args:
        energy: register → Wh.
        amounts: returns a text for each of some registers, with so many decimals.
        columns: how many letters the line has.
    """
    names = sorted(energy)
    while len(names) > 1 and len(" ".join(amounts(names, 0))) > columns:
        names.remove(min(names, key=lambda name: energy[name]))
    return names


def counts(count: int, scene: Scene) -> list[str]:
    """Return *count* as texts, the longest first: in full, then from 1,000 on in thousands, and in millions."""
    texts = [scene.number(count)]
    if count >= 1_000:
        texts.append(f"{scene.number(count / 1e3, 1)}k")
    if count >= 1_000_000:
        texts.append(f"{scene.number(count / 1e6, 1)}M")
    return texts


def subscribed_power(view: View) -> int | None:
    """Return the subscribed power in VA, None while it is not known."""
    contract = contract_of(view)
    return contract.subscribed_power if contract else None


def subscription(view: View, scene: Scene) -> str:
    """Return the subscribed power in words, empty while it is not known."""
    va = subscribed_power(view)
    if va is None:
        return ""
    return (
        scene.say("souscrit", "contract") + f" {scene.number(Decimal(va) / 1000, 1 if va % 1000 else 0)} kVA"
    )


def amperes(view: View, *, summed: bool = False) -> str:
    """Return the current of each phase, or their sum; empty when the frame has none."""
    currents = [current for current in view.reading.currents if current is not None]
    if not currents:
        return ""
    return f"{sum(currents)} A" if summed else "/".join(map(str, currents)) + " A"


def volts(view: View) -> str:
    """Return the mean voltage of the phases, empty when the frame has none."""
    voltages = [voltage for voltage in view.reading.voltages if voltage is not None]
    return f"{sum(voltages) / len(voltages):.0f} V" if voltages else ""


def tariff_lines(view: View, scene: Scene) -> tuple[list[tuple[str, str]], list[tuple[str, str]], str]:
    """Return the choices for the first and the second line of the tariff page (see Scene.row), and a note."""
    period, state = period_in_force(view), view.tariff
    unknown = scene.say("demain ?", "tomorrow?")

    if state.has_peaks or period in ("HN", "PM"):
        # In words, because the meter's PM, for a mobile peak, would be read as the afternoon beside an hour.
        note = scene.say("préavis non garanti", "notice not assured")
        normal = scene.say("Heures normales", "Normal hours")
        if state.ejp is Ejp.PEAK or period == "PM":
            until = scene.say("EJP jusqu'à 1 h", "EJP until 1:00")
            return [(until, "")], [(scene.say("demain EJP ?", "EJP tomorrow?"), "")], note
        if state.ejp is Ejp.NOTICE:
            soon = scene.now is not None and scene.now.hour == 6
            coming = scene.say("EJP à 7 h", "EJP at 7:00") if soon else scene.say("EJP bientôt", "EJP soon")
            return [(coming, "")], [(scene.say("préavis reçu", "notice given"), "")], ""
        if scene.now is not None and not _in_ejp_season(scene.now):
            return [(normal, "")], [(scene.say("EJP : 1er nov.", "EJP from 1 Nov"), "")], ""
        doubt = scene.say("EJP 7 h ?", "EJP at 7:00?")
        return [(normal, "")], [(doubt, "")], note

    colour = colour_of(period)
    if colour is not None or state.tomorrow is not None or state.colour is not None:
        name = period_name(view, scene)
        until = {"HC": scene.say("6 h", "6:00"), "HP": scene.say("22 h", "22:00")}.get(period[:2], "")
        following = unknown
        if state.tomorrow is not None:
            following = scene.say("demain ", "tomorrow ") + _COLOURS[state.tomorrow].render(scene.lang)
        note = scene.say("nouveau jour à 6 h", "new day at 6:00")
        first = [(f"{name} → {until}", ""), (f"{name} →{until}", "")] if until else [(name, "")]
        return first, [(following, "")], note

    name = {
        "TH": scene.say("Base", "Flat rate"),
        "HC": scene.say("Heures creuses", "Off-peak hours"),
        "HP": scene.say("Heures pleines", "Peak hours"),
    }.get(period, "")
    label = view.reading.values.get("LTARF")
    if not name:
        name = " ".join(label.split()).capitalize() if isinstance(label, str) else period or "?"
    then = [(scene.say("tarif unique", "one price") if period == "TH" else _next_switch(view, scene), "")]
    if then == [("", "")] and not scene.tall:
        power = subscription(view, scene)
        then = [(power, ""), (power.partition(" ")[2], "")]
    return [(name[: scene.columns], "")], then, ""


def _next_switch(view: View, scene: Scene) -> str:
    """Return the next change of the tariff period with its hour, from the day profile of a standard meter.

    The profile is that of tomorrow (NOI-CPT_54E §6.2.3.21). For the rest of today it is only likely, hence the ``?``.
    """
    following, likely = _following(view, scene)
    if following is None:
        return ""
    number = following.supplier_index or 0
    contract = contract_of(view)
    names = PERIODS.get(contract.option, ()) if contract else ()
    name = code(names[number - 1]) if number <= len(names) else f"F{number:02d}"
    return f"→ {following.start.hour}:{following.start.minute:02d} {name}" + (" ?" if likely else "")


def next_hour(view: View, scene: Scene) -> str:
    """Return the hour of the next change of the tariff period, empty while it is not known."""
    following, _ = _following(view, scene)
    return f"→{following.start.hour}:{following.start.minute:02d}" if following else ""


def _following(view: View, scene: Scene) -> tuple[Switch | None, bool]:
    """Return the next change of the tariff period, if it is known, and whether it is only likely."""
    profile, now = view.reading.values.get("PJOURF+1"), scene.now
    if not isinstance(profile, tuple) or now is None:
        return None, False
    current = view.reading.values.get("NTARF")
    switches = [
        switch
        for switch in profile
        if isinstance(switch, Switch) and switch.supplier_index not in (None, current)
    ]
    if not switches:
        return None, False
    later = [switch for switch in switches if switch.start > now.time()]
    return (later or switches)[0], bool(later)


def _in_ejp_season(now: datetime) -> bool:
    """Return whether the next 7:00, the hour at which peaks begin, is from 1 November to 31 March."""
    month = now.month
    if now.hour >= 7 and (month, now.day) in ((3, 31), (10, 31)):
        return month == 10
    return month in (11, 12, 1, 2, 3)
