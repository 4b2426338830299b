"""The sentences at the top of the page of a day; each is shown only when its condition holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from linkymonitor.estimate.season import SEASONS
from linkymonitor.language import Text
from linkymonitor.money.tariffs import DOUBTED, key_of
from linkymonitor.report.day import ELSEWHERE, DayFigures
from linkymonitor.report.formats import NBSP
from linkymonitor.report.texts import Texts

if TYPE_CHECKING:
    from linkymonitor.report.words import Words

#: Sentences about injection and about a load are added only while there are fewer sentences than this.
_MOST = 4
#: The dear registers, the dearest first; the first of them that counted has its cost beside the cost of the day.
_DEAR = ("PM", "HPJR", "HPJW", "HP")
#: Less injected energy than this, in Wh, has no sentence.
_LEAST_INJECTED = 100

#: A steady load is taken for a water heater if it begins in the first or in the last so many seconds of a day, and
#: draws at most so many VA.
_MORNING, _EVENING = 7 * 3600, 3 * 3600
_LARGEST_HEATER = 3500

_Sentences = Callable[[DayFigures, "Words"], Iterator[str]]


def sentences(day: DayFigures, words: Words) -> list[str]:
    """Return the sentences at the top of the page of *day*."""
    if day.empty:
        return [_nothing_heard(day, words)]
    chosen = [text for sentence in _ALWAYS for text in sentence(day, words)]
    for sentence in _WITH_ROOM:
        if len(chosen) < _MOST:
            chosen += sentence(day, words)
    return chosen


def _nothing_heard(day: DayFigures, words: Words) -> str:
    if day.consumed is not None:
        return words.say(Texts.say_silent, _used(day.consumed, words))
    return words.say(Texts.say_future if day.until <= day.start else Texts.say_none)


def _used(wh: int, words: Words) -> str:
    """Return *wh* in kWh: below 1 kWh with three decimals, else with one."""
    return words.kwh(wh, 1 if wh >= 1000 else 3)


def _unread(day: DayFigures, words: Words) -> Iterator[str]:
    if day.unread:
        names = ", ".join(f"{words.period(name)} ({name})" for name in day.unread)
        yield words.say(Texts.say_unread_some if len(day.unread) > 1 else Texts.say_unread, names)


def _cost(day: DayFigures, words: Words) -> Iterator[str]:
    """Yield what the day used and cost, and the share of its dear register."""
    if day.lost:
        yield _known(day, words)
        if day.first and day.lost[0].start <= day.start:
            yield words.say(Texts.say_first, words.clock(day.lost[0].end))
    elif day.consumed is not None:
        used = _used(day.consumed, words)
        at = (words.clock(day.until),) if day.so_far else ()
        if day.shown_cost is None:
            text = words.say(Texts.say_used_so_far if day.so_far else Texts.say_used, *at, used)
        else:
            text = words.say(_cost_text(day), *at, words.eur(day.shown_cost), used)
        yield text + _of_which(day, words) + "."
    if day.first and day.settable and not any(line.price is not None for line in day.lines):
        yield words.say(Texts.say_set_prices)


def _known(day: DayFigures, words: Words) -> str:
    """Return when the day was measured, and its known energy and cost. Some energy is unknown, so there is no total."""
    text = _measured(day, words)
    if day.barely or not day.consumed:
        return text + "."
    used = _used(day.consumed, words)
    if day.consumed_eur is None:
        return words.say(Texts.say_known, text, used) + "."
    eur = words.amount(day.consumed_eur)
    return words.say(Texts.say_known_eur, text, used, eur) + _of_which(day, words) + "."


def _measured(day: DayFigures, words: Words) -> str:
    first, last = day.lost[0], day.lost[-1]
    late, early = first.start <= day.start, last.end >= day.until
    if late and early and len(day.lost) == 2:
        return words.say(Texts.say_only, words.clock(first.end), words.end_clock(last.start, day))
    if len(day.lost) == 1 and early:
        return words.say(Texts.say_stopped, words.clock(last.start))
    if len(day.lost) == 1 and late:
        return words.say(Texts.say_started, words.clock(first.end))
    return words.say(Texts.say_broken)


def _doubted(day: DayFigures, words: Words) -> Iterator[str]:
    """Yield the prices that were probably set in centimes."""
    doubted = [
        words.say(Texts.doubted_price, key_of(line.code), words.price(line.price))
        for line in day.lines
        if line.price is not None and line.price > DOUBTED
    ]
    if doubted:
        yield words.say(Texts.say_doubted, ", ".join(doubted))


def _cost_text(day: DayFigures) -> Text:
    if day.total is None:
        return Texts.say_energy_cost_so_far if day.so_far else Texts.say_energy_cost
    return Texts.say_cost_so_far if day.so_far else Texts.say_cost


def _of_which(day: DayFigures, words: Words) -> str:
    """Return the part of the dear register in the cost or the energy; empty where no other register counted."""
    counted = {line.code: line for line in day.lines if line.wh}
    dear = next((counted[code] for code in _DEAR if code in counted), None)
    if dear is None or dear.wh is None or len(counted) < 2:
        return ""
    if day.shown_cost is None:
        return words.say(Texts.say_of_which_kwh, words.kwh(dear.wh, 1), words.in_period(dear.code))
    if dear.eur is None or (day.peak_hours and day.peak_hours.eur == dear.eur):
        return ""  # the cost of the peak has a sentence of its own
    return words.say(Texts.say_of_which, words.eur(dear.eur), words.in_period(dear.code))


def _epochs(day: DayFigures, words: Words) -> Iterator[str]:
    for epoch in day.breaks:
        text = Texts.say_break_contract if epoch.contract else Texts.say_break_index
        yield words.say(text, words.clock(epoch.at))


def _beyond_registers(day: DayFigures, words: Words) -> Iterator[str]:
    elsewhere = next((line.wh for line in day.lines if line.code == ELSEWHERE), None)
    if elsewhere:
        yield words.say(Texts.say_elsewhere, words.kwh(elsewhere))
    elif day.apart:
        yield words.say(Texts.say_apart, words.number(abs(day.apart)))


def _over_subscription(day: DayFigures, words: Words) -> Iterator[str]:
    subscribed = day.contract.subscribed_power if day.contract else None
    if subscribed and day.peak and day.peak > subscribed and day.peak_at:
        yield words.say(Texts.say_over, words.kva(subscribed), words.clock(day.peak_at))


def _partial(day: DayFigures, words: Words) -> Iterator[str]:
    if not day.so_far and day.partial:
        missing = words.number((1 - day.quality.coverage) * 100)
        text = Texts.say_partial_lost if day.lost else Texts.say_partial
        yield words.say(text, words.say(Texts.nearly_all) if missing == "100" else missing)


def _load(day: DayFigures, words: Words) -> Iterator[str]:
    load = day.load
    if load is not None and len(load.codes) == 1:
        power = f"{words.number(Decimal(load.va) / 1000, 1)}{NBSP}kVA"
        begin, end = words.clock(load.start), words.end_clock(load.end, day)
        at_night = load.start - day.start < _MORNING or day.end - load.start < _EVENING
        heater = at_night and load.va <= _LARGEST_HEATER
        # Where the offer has other periods than the meter has registers, the register names no price.
        named = len(day.lines) > 1 and any(line.code == load.codes[0] for line in day.lines)
        within = words.say(Texts.say_within, words.in_period(load.codes[0])) if named else ""
        yield words.say(Texts.say_heater if heater else Texts.say_load, power, begin, end, within)


def _injected(day: DayFigures, words: Words) -> Iterator[str]:
    injected = day.injected
    if injected is None or injected.wh < _LEAST_INJECTED:
        return
    used = words.kwh(injected.wh, 1)
    if injected.at_least:
        yield words.say(Texts.say_injected_least, words.kwh(injected.low_wh, 1), words.unheard(day))
    elif injected.eur is not None:
        yield words.say(Texts.say_injected_paid, used, words.amount(injected.eur))
    else:
        yield words.say(Texts.say_injected if injected.estimated else Texts.say_injected_exact, used)


def _peak(day: DayFigures, words: Words) -> Iterator[str]:
    """Yield what the peak that began on this day has cost."""
    peak = day.peak_hours
    if peak is not None and peak.eur is not None and peak.wh:
        since, until = words.clock(peak.since), words.clock(peak.until)
        yield words.say(Texts.say_peak, since, until, words.amount(peak.eur), words.kwh(peak.wh, 1))


def _left(day: DayFigures, words: Words) -> Iterator[str]:
    """Yield how many EJP days or red days are left, if *day* is such a day."""
    for kind, dear, some, single in (
        ("ejp", day.ejp, Texts.say_left_ejp, Texts.say_left_ejp_one),
        ("red", day.colour == "red", Texts.say_left_red, Texts.say_left_red_one),
    ):
        if dear and kind in day.left:
            days, of = day.left[kind], SEASONS[kind].days
            yield words.say(single, of) if days == 1 else words.say(some, days, of)


#: In the order of the page: the sentences that are shown whenever their condition holds, then the others.
_ALWAYS: Sequence[_Sentences] = (
    _unread,
    _cost,
    _doubted,
    _epochs,
    _beyond_registers,
    _over_subscription,
    _partial,
    _peak,
    _left,
)
_WITH_ROOM: Sequence[_Sentences] = (_injected, _load)
