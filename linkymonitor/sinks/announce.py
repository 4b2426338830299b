"""Which events a sink announces, and each of them as JSON and as a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from linkymonitor.language import Text
from linkymonitor.sinks.base import Event
from linkymonitor.sinks.forms import iso

SCHEMA = 1
#: So many characters of a sentence are sent: a line of the log may be as long as it likes.
_LONGEST = 1000


def as_dict(event: Event, lang: str) -> dict[str, object]:
    """Return *event* as JSON has it (etc/schema/event-1.json)."""
    return {
        "schema": SCHEMA,
        "id": identity(event),
        "kind": event.kind,
        "at": None if event.at is None else iso(event.at),
        "value": event.value,
        "before": event.before,
        "text": sentence(event, lang),
        "status": event.status,
        "meter": event.meter,
        "series": event.series,
        "since": None if event.since is None else iso(event.since),
    } | ({"figures": dict(event.figures)} if event.figures else {})


def encoded(event: Event, lang: str) -> bytes:
    """Return *event* as one JSON object."""
    return json.dumps(as_dict(event, lang), ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )


def identity(event: Event) -> str:
    """Return what is the same when *event* is sent again, and different for any other event."""
    parts = (event.kind, event.at, event.value, event.before, event.meter, event.series, event.text.en)
    return sha256("\n".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()[:16]


def sentence(event: Event, lang: str) -> str:
    """Return the sentence of *event* as one line that no program takes for a command."""
    words = "".join(letter if letter.isprintable() else " " for letter in event.text.render(lang))
    return " ".join(words.split())[:_LONGEST]


class Sent:
    """The events that the sink has sent already. When a batch of events is tried again, these are left out.

    Args:
        kinds: the kinds of events that are sent.
        oldest: an event that is older is not sent; None: every event is.
    """

    _KEPT = 1000

    def __init__(self, kinds: Iterable[str], oldest: timedelta | None = None) -> None:
        self._kinds = frozenset(kinds)
        self._oldest = oldest
        self._ids: dict[str, None] = {}

    def wanted(self, events: Sequence[Event]) -> list[Event]:
        """Return those of *events* that are still to be sent."""
        now = datetime.now(UTC)
        return [
            event
            for event in events
            if event.kind in self._kinds
            and identity(event) not in self._ids
            and (self._oldest is None or event.at is None or now - event.at <= self._oldest)
        ]

    def add(self, event: Event) -> None:
        """Note that *event* was sent."""
        self._ids[identity(event)] = None
        while len(self._ids) > self._KEPT:
            del self._ids[next(iter(self._ids))]


def trial(now: datetime) -> Event:
    """Return the event that ``deliver --test`` sends."""
    text = Text("Essai : linkymonitor peut vous prévenir", "Test: linkymonitor can notify you")
    return Event("note", now.replace(microsecond=0), "test", text)
