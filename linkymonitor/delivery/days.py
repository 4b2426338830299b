"""Makes an event of the summary of each day that is over; `report` keeps these summaries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from linkymonitor.errors import StorageError
from linkymonitor.language import Text, written_date
from linkymonitor.sinks.base import Event
from linkymonitor.summaries.day import DaySummary
from linkymonitor.summaries.store import Store
from linkymonitor.system.storage import Storage
from linkymonitor.system.zones import zone

#: After a long time without a summary, or with the first ones of a log, so many days are announced.
_MOST = 3


class DayEur(NamedTuple):
    """What a day has cost, in €, to the cent as its page shows it; None where a price or a figure is not known."""

    energy: Decimal | None = None
    #: With the subscription of the day.
    total: Decimal | None = None


def no_prices(day: DaySummary) -> DayEur:
    """Return the cost of *day* where no price is known."""
    return DayEur()


class Days:
    """The days of a log that are summarised.

    Args:
        log_dir: the folder of the log.
        timezone: the name of the zone of the days.
        storage: reads the summaries.
        cost: gives what a day has cost.
    """

    def __init__(
        self,
        log_dir: Path,
        timezone: str,
        storage: Storage,
        cost: Callable[[DaySummary], DayEur] = no_prices,
    ) -> None:
        self._cost = cost
        self._log_dir = log_dir
        self._timezone = timezone
        self._storage = storage
        self._directory = Store(log_dir, timezone, storage).directory
        self._signature: object = None
        self._events: list[Event] = []

    def newest(self) -> str:
        """Return the newest day that has a summary, as ISO 8601; empty when none has."""
        events = self.events()
        return events[-1].value if events else ""

    def events(self) -> list[Event]:
        """Return the events of the newest days, the oldest first."""
        try:
            # Each month is replaced whole, which changes the time of the folder.
            signature: object = self._directory.stat().st_mtime_ns
        except OSError:
            return []
        if signature != self._signature:
            self._signature = signature
            try:
                # A store remembers the files that it has looked at, so each look has its own.
                store = Store(self._log_dir, self._timezone, self._storage)
                self._events = [_event(day, self._cost(day)) for day in store.newest(_MOST)]
            except StorageError:
                self._signature = None
        return self._events


def _event(day: DaySummary, eur: DayEur) -> Event:
    at = datetime.fromtimestamp(day.end, UTC)
    peak_at = None if day.peak_at is None else datetime.fromtimestamp(day.peak_at, UTC)
    figures = {
        "date": day.date.isoformat(),
        "timezone": day.timezone,
        "contract": day.option,
        "consumed_wh": day.wh,
        "periods_wh": dict(day.energy),
        "energy_eur": None if eur.energy is None else f"{eur.energy:.2f}",
        "eur": None if eur.total is None else f"{eur.total:.2f}",
        "injected_wh": None if day.injected is None else day.injected.wh,
        "peak_va": day.peak_va,
        "peak_at": None if peak_at is None else f"{peak_at:%Y-%m-%dT%H:%M:%SZ}",
        "coverage": round(day.coverage, 4),
    }
    return Event("day", at, day.date.isoformat(), _sentence(day, eur, peak_at), figures=figures)


def _sentence(day: DaySummary, eur: DayEur, peak_at: datetime | None) -> Text:
    """Return the day as one line: its energy and its cost, each period, its peak, and what was not heard."""
    parts = []
    if day.wh is None:
        parts.append(Text("énergie inconnue", "energy not known"))
    else:
        parts.append(_kwh(day.wh))
        cost = eur.energy if eur.total is None else eur.total
        if cost is not None:
            words = f"{cost:.2f}"
            parts.append(Text(f"{words.replace('.', ',')}\u00a0€", f"€{words}"))
        if len(day.energy) > 1:
            each = [f"{register} " + _kwh(wh) for register, wh in day.energy.items() if wh]
            parts += each if len(each) > 1 else []
    if day.injected is not None and day.injected.wh:
        parts.append(Text("injecté ", "injected ") + _kwh(day.injected.wh))
    if day.peak_va is not None and peak_at is not None:
        local = f"{peak_at.astimezone(zone(day.timezone)):%H:%M}"
        parts.append(
            Text(f"pointe {day.peak_va}\u00a0VA à {local}", f"peak {day.peak_va}\u00a0VA at {local}")
        )
    if day.partial:
        heard = f"{day.coverage:.0%}"
        parts.append(Text(f"{heard[:-1]}\u00a0% du jour lus", f"{heard} of the day heard"))
    on = written_date(day.date)
    head = Text(f"{on.fr}\u00a0: ", f"{on.en}: ")
    return Text(
        head.fr + ", ".join(part.fr for part in parts), head.en + ", ".join(part.en for part in parts)
    )


def _kwh(wh: int) -> Text:
    hundredths = (wh + 5) // 10
    words = f"{hundredths // 100}.{hundredths % 100:02d}\u00a0kWh"
    return Text(words.replace(".", ","), words)
