"""How many months of a price some days are worth, by the rule of the supplier."""

# Sources: the rules that suppliers and tools were seen to use are listed in docs/bill.md. No law names one.

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from linkymonitor.money.bill import days_in_month, months_after, whole_months
from linkymonitor.money.contract import Proration

_DAY = timedelta(days=1)


class Share:
    """A sum of parts of months, such as 18/31, exact and as it is written.

    Args:
        terms: the parts, each as it is written and its value in months.
    """

    def __init__(self, *terms: tuple[str, Fraction]) -> None:
        self.months = sum((value for _, value in terms), Fraction(0))
        self._terms = [text for text, _ in terms]

    def __str__(self) -> str:
        text = " + ".join(self._terms)
        return f"({text})" if len(self._terms) > 1 else text


def share(first: date, end: date, proration: Proration) -> Share:
    """Return how many months the days from *first* to before *end* are worth."""
    days = (end - first).days
    if proration is Proration.CALENDAR_MONTH:
        return _calendar_months(first, end)
    if proration is Proration.MONTH_30:
        return Share((f"{days}/30", Fraction(days, 30)))
    if proration is Proration.YEAR_365:
        return Share((f"12 × {days}/365", Fraction(12 * days, 365)))
    if proration is Proration.YEAR_366:
        return _years(first, end)
    return _anniversaries(first, end)


def _calendar_months(first: date, end: date) -> Share:
    terms = []
    whole = 0
    day = first
    while day < end:
        length = days_in_month(day.year, day.month)
        stop = min(day.replace(day=1) + length * _DAY, end)
        count = (stop - day).days
        if count == length:
            whole += 1
        else:
            terms.append((f"{count}/{length}", Fraction(count, length)))
        day = stop
    if whole:
        terms.insert(0, (str(whole), Fraction(whole)))
    return Share(*terms)


def _years(first: date, end: date) -> Share:
    terms = []
    day = first
    while day < end:
        new_year = date(day.year + 1, 1, 1)
        stop, length = min(new_year, end), (new_year - date(day.year, 1, 1)).days
        count = (stop - day).days
        terms.append((f"12 × {count}/{length}", Fraction(12 * count, length)))
        day = stop
    return Share(*terms)


def _anniversaries(first: date, end: date) -> Share:
    whole = whole_months(first, end)
    begun = months_after(first, whole)
    length, rest = (months_after(first, whole + 1) - begun).days, (end - begun).days
    terms = [(str(whole), Fraction(whole))] if whole else []
    if rest or not whole:
        terms.append((f"{rest}/{length}", Fraction(rest, length)))
    return Share(*terms)
