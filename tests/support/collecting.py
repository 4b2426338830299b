"""A sink that keeps what it is given, and fails as a test tells it to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from linkymonitor.errors import SinkRefused, SinkUnavailable
from linkymonitor.sinks.base import Configured, Event, Live, Row, Settings


class Collecting:
    """Keeps records, events and live values.

    Args:
        settings: not used.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.rows: list[Row] = []
        self.told: list[Event] = []
        self.shown: list[Live] = []
        self.calls = 0
        #: Raised at each call, when it is not None.
        self.away: BaseException | None = None
        #: Whether a record is refused, and with what.
        self.poison: Callable[[Row], BaseException | None] = lambda row: None
        self.closed = False

    def write(self, records: Sequence[Row]) -> None:
        self.calls += 1
        if self.away is not None:
            raise self.away
        for row in records:
            if (fault := self.poison(row)) is not None:
                raise fault
        self.rows += records

    def events(self, events: Sequence[Event]) -> None:
        if self.away is not None:
            raise self.away
        self.told += events

    def live(self, reading: Live) -> None:
        if self.away is not None:
            raise self.away
        self.shown.append(reading)

    def close(self) -> None:
        self.closed = True

    @property
    def numbers(self) -> list[int]:
        """The indexes of the records, by which the tests number them."""
        return [row.fields["index_HN"] for row in self.rows]

    def unavailable(self) -> None:
        self.away = SinkUnavailable("nobody answers")

    def back(self) -> None:
        self.away = None

    def refuse(self, *numbers: int, with_=SinkRefused) -> None:
        self.poison = lambda row: with_("cannot be stored") if row.fields["index_HN"] in numbers else None


def configured(sink: Collecting, **keys) -> Configured:
    """Return the settings of a section whose sink is *sink*."""
    return Configured(lambda settings: sink, Settings(name="test", **keys), "test")
