"""A price or an amount of the paper that our own prices have, on days before or for another subscribed power."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from linkymonitor.billing.compare import Compared
from linkymonitor.billing.paper import PaperLine
from linkymonitor.billing.path import Pricing
from linkymonitor.billing.values import ENERGY, SUBSCRIPTION, TAX, Bill, BilledDay, Line
from linkymonitor.language import Text, written_date

_DAY = timedelta(days=1)
#: In kVA, those of houses.
_POWERS = (3, 6, 9, 12, 15, 18, 24, 30, 36)
#: So many rows of prices before that of a line are looked at.
_ROWS = 24


class Elsewhere(NamedTuple):
    """Our own prices of other days and of other powers."""

    pricing: Pricing
    #: The prices of any day.
    day_of: Callable[[date], BilledDay]
    #: The subscribed power in kVA, None when it is not known.
    kva: int | None
    #: Works our bill for another power, in kVA.
    at_power: Callable[[int], Bill]


def explained(compared: Iterable[Compared], elsewhere: Elsewhere) -> Iterator[Compared]:
    """Yield each of *compared*; a price or an amount that is ours on days before, or at another power, says so."""
    others: list[tuple[int, Bill]] | None = None
    for each in compared:
        theirs, line = each.theirs, each.ours
        if theirs is None or line is None or each.cause not in ("price", "amount"):
            yield each
            continue
        if line.kind in (SUBSCRIPTION, TAX) and elsewhere.kva is not None:
            others = others or [(kva, elsewhere.at_power(kva)) for kva in _POWERS if kva != elsewhere.kva]
            if (kva := _power_of(theirs, line, others)) is not None:
                why = Text(
                    f"une autre puissance : {kva} kVA, la nôtre {elsewhere.kva} kVA",
                    f"another power: {kva} kVA, ours {elsewhere.kva} kVA",
                )
                yield each._replace(cause="power", why=why)
                continue
        until = _last_day_of(theirs.price, line, elsewhere)
        if each.cause == "price" and each.why is not None and until is not None:
            on = written_date(until)
            each = each._replace(
                why=each.why + Text(f" ; c'est le nôtre jusqu'au {on.fr}", f"; it was ours up to {on.en}")
            )
        yield each


def _power_of(theirs: PaperLine, line: Line, others: Iterable[tuple[int, Bill]]) -> int | None:
    """Return the power for which our line has the price of *theirs*, or else its amount; None when there is none."""
    for kva, bill in others:
        for other in bill.lines:
            if (other.kind, other.first, other.last) != (line.kind, line.first, line.last):
                continue
            # The price of a tax is its rate, which is that of every power.
            alike = other.price == theirs.price if line.kind == SUBSCRIPTION else other.eur == theirs.eur
            if alike and other.kwh is None:
                return kva
    return None


def _last_day_of(price: Decimal | None, line: Line, elsewhere: Elsewhere) -> date | None:
    """Return the last day before *line* on which our price of the same was *price*, None when there is none."""
    if price is None or line.kind not in (SUBSCRIPTION, ENERGY):
        return None
    since = elsewhere.day_of(line.first).prices.since
    for _ in range(_ROWS):
        if since is None:
            return None
        day = elsewhere.day_of(since - _DAY)
        register = line.register
        own = (
            elsewhere.pricing.subscription(day)
            if register is None
            else elsewhere.pricing.energy(day, register)
        )
        if own == price:
            return day.date
        since = day.prices.since
    return None
