"""What the page of a period says: its title, its flags, the sentences that open it, and its cards."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from linkymonitor.language import Text
from linkymonitor.report.formats import NBSP
from linkymonitor.report.period.texts import CHANCE_KINDS
from linkymonitor.report.period.texts import PeriodTexts as P
from linkymonitor.report.period.values import Before, PeriodFigures, kind_of_range
from linkymonitor.report.words import Words

_FLAGS = {
    "ejp": (P.flag_ejp, P.flag_ejp_one, "peak"),
    "red": (P.flag_red, P.flag_red_one, "red"),
    "white": (P.flag_white, P.flag_white_one, "white"),
}
#: So many of the periods of an offer are named on the card of the cost, the dearest ones.
_PARTS = 3


class Card(NamedTuple):
    """A figure that is shown large; a sentence below it."""

    name: str
    value: str
    unit: str
    note: str
    #: Whether the unit stands before the value.
    before: bool = False
    #: What the value is made of: code of a period, ``""`` for the subscription → €.
    parts: tuple[tuple[str, Decimal], ...] = ()


def title(first: date, last: date, words: Words) -> str:
    """Return the name of the period from *first* to *last*, with a capital."""
    text = name_of(first, last, words)
    return text[0].upper() + text[1:]


def in_sentence(first: date, last: date, words: Words) -> str:
    """Return the name of the period from *first* to *last* as it stands within a sentence."""
    name = name_of(first, last, words)
    return words.say(P.range_in_sentence, name) if kind_of_range((first, last)) == "range" else name


def name_of(first: date, last: date, words: Words) -> str:
    """Return the name of the period from *first* to *last*: ``janvier 2026``, ``2026``, ``du 5 au 9 janvier 2026``."""
    kind = kind_of_range((first, last))
    if kind == "year":
        return str(first.year)
    if kind == "month":
        return f"{words.month(first.month)}{NBSP}{first.year}"
    begin = day_name(first, words, year=first.year != last.year)
    if (first.year, first.month) == (last.year, last.month):
        begin = day_number(first, words)
    return words.say(P.range_title, begin, day_name(last, words))


def day_number(day: date, words: Words) -> str:
    """Return the day of the month, the first one as French writes it."""
    return "1ᵉʳ" if day.day == 1 and words.french else str(day.day)


def day_name(day: date, words: Words, *, year: bool = True) -> str:
    """Return *day* as ``1ᵉʳ janvier 2026``."""
    text = f"{day_number(day, words)}{NBSP}{words.month(day.month)}"
    return f"{text}{NBSP}{day.year}" if year else text


def days_of(count: int, words: Words) -> str:
    """Return *count* days in words."""
    return words.say(P.say_days_one) if count == 1 else words.say(P.say_days, words.number(count))


def flags(figures: PeriodFigures, words: Words, now: float) -> list[tuple[str, str]]:
    """Return the marks beside the title: style and words."""
    marks = []
    for special in figures.specials:
        if special.kind in _FLAGS and special.days:
            many, one, style = _FLAGS[special.kind]
            marks.append((style, words.say(one) if special.days == 1 else words.say(many, special.days)))
    if figures.empty:
        return [("plain", words.say(P.flag_empty))]
    if figures.today is not None:
        day = (
            day_number(figures.today, words)
            if figures.whole_month
            else day_name(figures.today, words, year=False)
        )
        marks.append(("plain", words.say(P.flag_until, day, words.clock(now))))
    if figures.since is not None and figures.since > figures.first:
        marks.append(("plain", words.say(P.flag_since, day_name(figures.since, words, year=False))))
    return marks


def whole_amount(eur: Decimal, words: Words) -> str:
    """Return *eur* without its cents."""
    text = words.number(eur)
    return f"{text}{NBSP}€" if words.french else f"€{text}"


def signed(amount: Decimal, words: Words) -> str:
    """Return the difference *amount* in whole €, with its sign; without one when it rounds to 0."""
    shown, nothing = whole_amount(abs(amount), words), whole_amount(Decimal(0), words)
    sign = "" if shown == nothing else "−" if amount < 0 else "+"
    return f"{sign}{shown}"


def measured_days(figures: PeriodFigures) -> int:
    """Return how many days have figures."""
    return sum(not day.empty and not day.barely for day in figures.days)


def answer(figures: PeriodFigures, words: Words) -> list[str]:
    """Return the sentences that open the page; each stands only when its figures are known."""
    if figures.empty:
        return [words.say(P.say_empty)]
    sentences = [_first(figures, words)]
    if figures.total is None and figures.consumed is not None:
        sentences.append(words.say(P.no_cost, why_no_cost(figures, words)))
    if figures.before is not None:
        sentences.append(_compared(figures.before, words))
    ahead = figures.projection
    if ahead is not None and ahead.eur is not None:
        text = (
            P.say_ends_month if figures.whole_month else P.say_ends_year if figures.whole_year else P.say_ends
        )
        sentences.append(words.say(text, whole_amount(ahead.eur, words)))
    if figures.missing:
        sentences.append(words.say(P.say_missing, days_of(len(figures.missing), words)))
    return sentences


def _first(figures: PeriodFigures, words: Words) -> str:
    if figures.consumed is None:
        return words.say(P.say_unknown)
    count, used = days_of(measured_days(figures), words), words.kwh(figures.consumed, 0)
    cost = figures.total if figures.total is not None else figures.consumed_eur
    if cost is None:
        return words.say(P.say_energy, count, used)
    text = P.say_cost if figures.total is not None else P.say_energy_only
    sentence = words.say(text, count, words.amount(cost), used)
    for special in figures.specials:
        if special.kind in ("ejp", "red") and special.days and special.eur and special.wh:
            shares = (
                words.percent(float(special.eur / cost), 0),
                words.percent(special.wh / figures.consumed if figures.consumed else 0, 0),
            )
            peak = special.kind == "ejp"
            sentence += words.say(
                P.say_peak if peak else P.say_red, special_days(special.kind, special.days, words), *shares
            )
    return sentence + "."


def special_days(kind: str, count: int, words: Words) -> str:
    """Return *count* days of *kind*, ``ejp``, ``red`` or ``white``, in words."""
    many, one, _ = _FLAGS[kind]
    return words.say(one) if count == 1 else words.say(many, count)


def why_no_cost(figures: PeriodFigures, words: Words) -> str:
    """Return why the period, whose energy is known, has no total."""
    if figures.elsewhere:
        return words.say(P.elsewhere, words.kwh(figures.elsewhere))
    if figures.reason is not None:
        return words.say(figures.reason)
    return words.say(P.no_prices)


def _compared(before: Before, words: Words) -> str:
    name, count = in_sentence(before.first, before.last, words), days_of(before.days, words)
    if before.eur is not None and before.own_eur is not None:
        change = before.own_eur - before.eur
        amount = whole_amount(abs(change), words)
        same = round(change) == 0
    else:
        used = before.own_wh - before.wh
        amount = f"{words.kwh(abs(used), 0)}{NBSP}kWh"
        change, same = Decimal(used), abs(used) < 500
    if same:
        return words.say(P.say_as_much, name, count)
    return words.say(P.say_more if change > 0 else P.say_less, name, count, amount)


def how_estimated(figures: PeriodFigures, words: Words) -> str:
    """Return how the estimate is made, and what LinkyPy would say; or why there is none."""
    ahead = figures.projection
    if ahead is None:
        return (
            ""
            if figures.no_projection is None
            else words.say(P.no_estimate, words.say(figures.no_projection))
        )
    days = words.say(P.ahead_days, days_of(ahead.days, words))
    if ahead.missing:
        days = words.say(P.ahead_missing, days, days_of(ahead.missing, words))
    sentences = [words.say(P.ahead_how, days, ahead.weekdays, ahead.weekend_days)]
    for chance in ahead.chances:
        if chance.by_day:
            among = P.chance_unknown if chance.left is None else P.chance_left
            known = () if chance.left is None else (words.number(chance.left),)
            sentences.append(
                words.say(
                    P.chance,
                    words.say(CHANCE_KINDS[chance.kind]),
                    words.number(chance.mean, 1),
                    chance.low,
                    chance.high,
                    words.say(among, *known),
                )
            )
    if figures.linkypy is not None and figures.linkypy.estimated_cost is not None:
        sentences.append(words.say(P.linkypy, words.amount(figures.linkypy.estimated_cost)))
    return " ".join(sentences)


def cards(figures: PeriodFigures, words: Words) -> list[Card]:
    """Return the figures that are shown large."""
    shown = []
    if figures.consumed is not None:
        a_day = figures.consumed / max(measured_days(figures), 1)
        shown.append(
            Card(
                words.say(P.consumed),
                words.kwh(figures.consumed, _places(figures)),
                "kWh",
                words.say(P.consumed_a_day, words.number(Decimal(str(a_day)) / 1000, 1)),
            )
        )
    shown += _cost_card(figures, words)
    ahead = figures.projection
    if (
        ahead is not None
        and ahead.eur is not None
        and ahead.low_eur is not None
        and ahead.high_eur is not None
    ):
        bounds = words.say(
            P.ends_bounds, whole_amount(ahead.low_eur, words), whole_amount(ahead.high_eur, words)
        )
        if ahead.one_more_eur is not None and ahead.one_more:
            more = P.ends_one_more_ejp if ahead.one_more == "ejp" else P.ends_one_more_red
            joint = " ; " if words.french else "; "
            bounds += joint + words.say(more, whole_amount(ahead.eur + ahead.one_more_eur, words))
        shown.append(
            _money(words.say(P.ends, day_name(ahead.until, words, year=False)), ahead.eur, bounds, words, 0)
        )
    elif ahead is not None:
        bounds = words.say(P.ends_bounds, words.kwh(ahead.low_wh, 0), words.kwh(ahead.high_wh, 0))
        name = words.say(P.ends, day_name(ahead.until, words, year=False))
        shown.append(Card(name, words.kwh(ahead.wh, 0), "kWh", bounds))
    shown += _versus_card(figures, words)
    shown += _special_card(figures, words)
    shown += _injected_card(figures, words)
    if figures.peak is not None and figures.peak_at is not None:
        value, unit = words.power(figures.peak)
        on = day_name(words.local_date(figures.peak_at), words, year=False)
        note = words.say(P.peak_at, on, words.clock(figures.peak_at))
        if figures.subscribed_kva:
            share = words.number(Decimal(figures.peak) / figures.subscribed_kva / 10)
            note += ", " + words.say(P.peak_share, share, figures.subscribed_kva)
        shown.append(Card(words.say(P.peak), value, unit, note))
    return shown


def _money(name: str, eur: Decimal, note: str, words: Words, places: int = 2) -> Card:
    value = words.number(abs(eur), places)
    return Card(name, f"−{value}" if eur < 0 else value, "€", note, before=not words.french)


def _cost_card(figures: PeriodFigures, words: Words) -> list[Card]:
    cost = figures.total if figures.total is not None else figures.consumed_eur
    if cost is None:
        reason = words.say(P.unread) if figures.consumed is None else why_no_cost(figures, words)
        return [] if figures.empty else [Card(words.say(P.cost), "–", "", reason)]
    text: Text = P.cost_known if figures.known_in_part else P.cost_so_far if figures.today else P.cost
    name = words.say(text)
    dearest = sorted((line for line in figures.lines if line.eur), key=lambda line: -(line.eur or 0))[:_PARTS]
    parts = [
        f"{line_name(line.code, line.name, words, sentence=True)} {words.percent(float(line.eur / cost), 0)}"
        for line in dearest
        if line.eur and cost
    ]
    if figures.subscription and figures.total:
        parts.append(words.say(P.subscription_part, words.percent(float(figures.subscription / cost), 0)))
    if figures.whole_year and figures.measured_whole:
        parts.insert(0, words.say(P.cost_a_month, words.amount(cost / 12)))
    made_of = [(line.code, line.eur) for line in figures.lines if line.eur]
    if figures.subscription and figures.total:
        made_of.append(("", figures.subscription))
    return [_money(name, cost, ", ".join(parts), words)._replace(parts=tuple(made_of))]


def _special_card(figures: PeriodFigures, words: Words) -> list[Card]:
    """Return what the dear hours of the EJP or red days of a year cost; on a month the first sentence has it."""
    cost = figures.total if figures.total is not None else figures.consumed_eur
    for special in figures.specials if figures.whole_year else ():
        if special.kind in ("ejp", "red") and special.days and special.eur and figures.consumed and cost:
            share = words.percent(special.wh / figures.consumed, 0)
            a_day = words.amount(special.eur / special.days)
            name, note = (P.peak_cost, P.peak_note) if special.kind == "ejp" else (P.red_cost, P.red_note)
            return [_money(words.say(name), special.eur, words.say(note, share, a_day), words)]
    return []


def _versus_card(figures: PeriodFigures, words: Words) -> list[Card]:
    before = figures.before
    if before is None:
        return []
    name = words.say(P.versus, in_sentence(before.first, before.last, words))
    count = words.say(P.versus_days, days_of(before.days, words))
    if before.eur is None or before.own_eur is None:
        change = before.own_wh - before.wh
        sign = "−" if change < 0 else "+"
        return [Card(name, f"{sign}{words.kwh(abs(change), 1)}", "kWh", count)]
    difference = before.own_eur - before.eur
    note = count
    if before.by_price:
        by_use = difference - before.by_price
        note = words.say(P.versus_parts, signed(before.by_price, words), signed(by_use, words)) + ", " + count
    amount = words.number(abs(difference))
    sign = "" if amount == words.number(Decimal(0)) else "−" if difference < 0 else "+"
    return [
        Card(name, f"{sign}{amount}", "€", note) if words.french else Card(name, f"{sign}€{amount}", "", note)
    ]


def _injected_card(figures: PeriodFigures, words: Words) -> list[Card]:
    given = figures.injected
    if given is None:
        return []
    name = P.injected_least if given.at_least else P.injected_estimated if given.estimated else P.injected
    wh = given.low_wh if given.at_least else given.wh
    if given.estimated:
        note = words.say(P.injected_between, words.kwh(given.low_wh, 1), words.kwh(given.high_wh, 1))
    elif given.eur is not None:
        note = words.say(P.injected_paid, words.amount(given.eur))
    else:
        note = words.say(P.injected_given)
    return [Card(words.say(name), words.kwh(wh, _places(figures)), "kWh", note)]


def _places(figures: PeriodFigures) -> int:
    """Return the decimals of the kWh that are shown large: none on a year, whose figures are long."""
    return 0 if figures.whole_year else 1


def line_name(code: str, name: Text, words: Words, *, sentence: bool = False) -> str:
    """Return the name of the period *code*: that of the offer, else what the register counts."""
    shown = name.render(words.lang)
    if shown != code:
        return shown
    return words.in_period(code) if sentence else words.period(code)
