"""The card of a month that says what the bill that is running will be."""

from __future__ import annotations

from linkymonitor.language import Text
from linkymonitor.report.next_bill import NextBill
from linkymonitor.report.period.sentences import Card, day_name, whole_amount
from linkymonitor.report.words import Words

_NAME = Text("Facture du {}", "Bill of {}")
_BOUNDS = Text("de {} à {}", "{} to {}")
_SETTLED = Text("reste {} après les mensualités", "{} left after the instalments")
_BACK = Text("{} à récupérer", "{} to get back")


def bill_card(running: NextBill, words: Words) -> Card | None:
    """Return the card of *running*; None when nothing is known of it."""
    eur = running.eur if running.eur is not None else running.so_far
    if eur is None:
        return None
    notes = []
    if running.eur is None and running.reason is not None:
        notes.append(words.say(running.reason))
    elif running.low is not None and running.high is not None:
        notes.append(
            words.say(_BOUNDS, *(whole_amount(bound, words) for bound in (running.low, running.high)))
        )
    left = running.settlement
    if left is not None:
        notes.append(words.say(_SETTLED if left >= 0 else _BACK, whole_amount(abs(left), words)))
    name = words.say(_NAME, day_name(running.last, words, year=False))
    return Card(name, words.number(eur, 0), "€", ", ".join(notes), before=not words.french)
