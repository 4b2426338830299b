"""Makes events: from the lines of the log, and from one reading after another."""

# Strategy
#
# - What the log has is queued like records: a change of contract or period is found again after a crash, because the
#   place of a sink says which contract and period came before.
# - What only latest.json has (a notice, a peak, an overload, a silence) is not queued. While `deliver` is down no such
#   event is made. The first one after that has `since`, the last instant at which `deliver` watched.

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from linkymonitor.daily_log.reader import Entry
from linkymonitor.daily_log.statements import CONTRACT, GRID, SERIES, parse_contract
from linkymonitor.language import Text, as_text
from linkymonitor.live.reading import Newest
from linkymonitor.model.terms import TRUSTED_FOR, Ejp
from linkymonitor.sinks.base import Event, Row

BEGINS, ENDS = "begins", "ends"

_WATCHED: Mapping[str, tuple[Text, Text]] = {
    "notice": (
        Text("Préavis de pointe mobile", "Notice of a mobile peak"),
        Text("Fin du préavis de pointe mobile", "End of the notice of a mobile peak"),
    ),
    "peak": (
        Text("Début de la pointe mobile", "The mobile peak begins"),
        Text("Fin de la pointe mobile", "The mobile peak ends"),
    ),
    "overload": (
        Text("Puissance souscrite dépassée", "The subscribed power is exceeded"),
        Text("Puissance souscrite de nouveau respectée", "The subscribed power is no longer exceeded"),
    ),
    "silence": (
        Text("Plus de trame du compteur", "No more frames from the meter"),
        Text("Le compteur est de nouveau reçu", "The meter is heard again"),
    ),
}


class Known(NamedTuple):
    """What came before: the contract line and the period of the last record; empty when it is not known."""

    contract: str = ""
    period: str = ""

    @property
    def meter(self) -> str:
        """The hash of the meter of that contract, empty when it is not known."""
        stated = parse_contract(CONTRACT + self.contract)
        return stated.meter or "" if stated else ""


def of_rows(rows: list[Row], known: Known) -> tuple[list[Event], Known]:
    """Return an event for each change of period among *rows*, and what is known after them."""
    events = []
    period = known.period
    for row in rows:
        if row.period and row.period != period:
            if period:
                text = Text(
                    f"Période tarifaire : {period} → {row.period}", f"Tariff period: {period} → {row.period}"
                )
                events.append(
                    Event(
                        "period",
                        row.ended_at,
                        row.period,
                        text,
                        meter=row.meter,
                        series=row.series,
                        before=period,
                    )
                )
            period = row.period
    return events, known._replace(period=period)


def of_entry(entry: Entry, known: Known, series: int) -> tuple[Event | None, Known]:
    """Return the event of a line that is no record, None for a line that only programs need; and what is known then."""
    if entry.status == "INFO" and entry.text.startswith((SERIES, GRID)):
        return None, known
    contract = entry.contract
    if contract is None:
        return (
            Event("note", entry.at, "", as_text(entry.text), entry.status, known.meter, series),
            known,
        )
    words = entry.text.removeprefix(CONTRACT)
    before, known = known.contract, known._replace(contract=words)
    if not before or before == words:
        return None, known
    text = Text(f"Contrat : {words}", f"Contract: {words}")
    return Event("contract", entry.at, words, text, "INFO", contract.meter or "", series, before), known


class Watched(NamedTuple):
    """What latest.json showed: which of the four states last."""

    notice: bool = False
    peak: bool = False
    overload: bool = False
    silence: bool = False


class Watch:
    """Follows the readings of latest.json.

    Args:
        states: those of the run before.
        since: when the run before last watched, None when there was none.
    """

    def __init__(self, states: Watched, since: datetime | None) -> None:
        self.states = states
        self._since = since

    def update(self, newest: Newest | None, age: float, now: datetime | None) -> list[Event]:
        """Return an event for each state that begins or ends.

        Args:
            newest: the newest reading; None when there is none.
            age: the seconds since it was heard, or since `deliver` looks for one.
            now: the time, None when it is not known.
        """
        notice, peak, overload, _ = self.states
        silent = age > TRUSTED_FOR
        if newest is not None and not silent:
            if newest.ejp != Ejp.UNKNOWN.value:
                notice, peak = newest.ejp == "notice", newest.ejp == "peak"
            if newest.reading.overload is not None:
                overload = newest.reading.overload
            now = newest.taken_at or now
        states = Watched(notice, peak, overload, silent)
        if states == self.states:
            return []
        events = []
        for kind, was, lasts in zip(Watched._fields, self.states, states, strict=True):
            if was != lasts:
                begins, ends = _WATCHED[kind]
                events.append(
                    Event(
                        kind,
                        now,
                        BEGINS if lasts else ENDS,
                        begins if lasts else ends,
                        "WARN" if lasts and kind != "notice" else "INFO",
                        since=self._since,
                    )
                )
        self.states = states
        self._since = None
        return events
