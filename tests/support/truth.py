"""The expected values of a simulated house; computed without the code under test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from linkymonitor.simulator.house import House
from linkymonitor.simulator.household import Truth

PARIS = ZoneInfo("Europe/Paris")
T = TypeVar("T")


def local(day: date, clock: str = "00:00") -> datetime:
    """Return the instant at which clocks in Paris show *clock* on *day*."""
    return datetime.combine(day, time.fromisoformat(clock), PARIS)


def timeline(
    house: House,
    what: Callable[[Truth], T],
    since: datetime,
    until: datetime,
    step: timedelta = timedelta(seconds=30),
) -> list[tuple[datetime, T]]:
    """Return the instants at which the truth of *house* changes, with the new values; the first instant is *since*."""
    found: list[tuple[datetime, T]] = []
    elapsed = timedelta(0)
    begin = since.astimezone(ZoneInfo("UTC"))
    while begin + elapsed < until:
        now = what(house.truth(begin + elapsed))
        if not found or now != found[-1][1]:
            found.append((begin + elapsed, now))
        elapsed += step
    return found


def energy(house: House, since: datetime, until: datetime) -> dict[str, int]:
    """Return the Wh that each register of *house* counted between two instants."""
    before = house.truth(since).indexes
    return {code: wh - before[code] for code, wh in house.truth(until).indexes.items()}
