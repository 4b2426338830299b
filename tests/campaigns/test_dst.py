"""Daylight-saving days: 23 or 25 hours that add up to what the meter counted, the repeated hour told apart."""

# The appliance runs through each day in UTC, a frame a minute from the eve to the next day. The report is in local
# time. The hours must add up to the indexes of the simulated house, at the frames before the two
# midnights. The full form has all 24 days of 2024 to 2035.

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from linkymonitor.appliance import Appliance
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.live.latest import Latest
from linkymonitor.meter.meter import Meter
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report.hourly import hour_names
from linkymonitor.report.range import as_json
from linkymonitor.report.words import Words
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from tests.support.extent import extent
from tests.support.fakes import Bytes
from tests.support.figures import days
from tests.support.pairs import pairs
from tests.support.tally import tally
from tests.support.truth import PARIS, local

DAY = timedelta(days=1)


def changes(years: range) -> list[date]:
    """Return the days of *years* on which clocks change: those that do not have 24 hours."""
    days = []
    for year in years:
        day = date(year, 1, 1)
        while day.year == year:
            if local(day + DAY).astimezone(UTC) - local(day).astimezone(UTC) != DAY:
                days.append(day)
            day += DAY
    return days


DAYS = changes(extent(range(2026, 2027), range(2024, 2036)))
CONTRACTS = ("historique,base", "standard,hc", "historique,ejp", "standard,tempo")


def live(folder, spec: str, day: date):
    """Run through *day* and 15 minutes around it; return the house, the ledger and the beginnings of the frames."""
    house = House(parse_spec(f"{spec},seed={day.toordinal() % 97},day={day - DAY},every=1m"))
    begin, end = local(day).astimezone(UTC) - timedelta(minutes=15), local(day + DAY).astimezone(UTC)
    house.skip_to(begin)
    clock = WireClock(begin)
    chunks, began = [], []
    ended = begin
    # The ledger is asked before the next midnight, the report after it.
    for at, wire in house.frames(end + timedelta(minutes=15)):
        over = at + timedelta(seconds=len(wire) * 10 / house.options.mode.speed)
        chunks.append(((over - ended).total_seconds(), wire))
        began.append((over, at))
        ended = over
    storage = Storage()
    ledger = Ledger(PARIS)
    totals = []
    appliance = Appliance(
        meter=Meter(Bytes(clock, chunks, house.options.mode), clock),
        clock=clock,
        log=DailyLog(storage, LogSettings(dir=folder), clock),
        aggregator=Aggregator(1),
        ledger=ledger,
        latest=Latest(storage, None),
        callbacks=[lambda reading: totals.append((reading.taken_at, dict(ledger.totals().energy)))],
    )
    appliance.run()
    before = [energy for at, energy in totals if at < end]
    return house, before[-1], began


def said_at(house, began, midnight) -> dict[str, int]:
    """Return the indexes of the last frame before *midnight*, which the record of midnight repeats."""
    return dict(house.truth(max(at for over, at in began if over <= midnight)).indexes)


@pytest.fixture(autouse=True)
def _tallied():
    yield
    tally("days of 23 and 25 hours", 1, note="energy to the Wh", quiet=True)


@pytest.mark.campaign
@pytest.mark.parametrize(("spec", "day"), pairs(CONTRACTS, DAYS))
def test_hours_add_up_to_the_indexes(tmp_path, spec, day):
    house, live_energy, began = live(tmp_path, spec, day)
    common = {"tz": PARIS, "prices": PriceBook(Prices()), "now": local(day + 2 * DAY), "storage": Storage()}
    (found,) = days(tmp_path, (day, day), **common)

    hours = (local(day + DAY).astimezone(UTC) - local(day).astimezone(UTC)) // timedelta(hours=1)
    assert hours == (23 if day.month == 3 else 25)
    assert len(found.hours) == found.length == hours

    before, after = (said_at(house, began, local(midnight)) for midnight in (day, day + DAY))
    counted = {code: after[code] - before[code] for code in before if after[code] != before[code]}
    assert abs(sum(hour.wh for hour in found.hours) - sum(counted.values())) <= 1
    sums = {code: sum(hour.energy.get(code, 0) for hour in found.hours) for code in before}
    assert {code: wh for code, wh in sums.items() if wh} == counted
    assert {code: wh for code, wh in live_energy.items() if wh} == counted
    assert found.consumed == sum(counted.values())

    for hour in found.hours:
        marks = [datetime.fromtimestamp(hour.start + edge, UTC) for edge in (0, 3600)]
        low, high = (sum(said_at(house, began, mark).values()) for mark in marks)
        assert hour.wh == high - low

    names = [hour.hour for hour in found.hours]
    repeated = [hour for hour in found.hours if names.count(hour.hour) == 2]
    if hours == 23:
        assert (2 in names, repeated) == (False, [])
    else:
        assert [(hour.hour, hour.offset) for hour in repeated] == [(2, 7200), (2, 3600)]
        told = [name for name in hour_names(found, Words("fr", PARIS)) if name.startswith("2")]
        assert len(set(told[:2])) == 2
    assert all("UTC" not in name or hours == 25 for name in hour_names(found, Words("fr", PARIS)))
    json = as_json(tmp_path, (day, day), **common)
    assert json["consumed"]["wh"] == found.consumed
    assert (json["quality"]["coverage"], json["quality"]["gaps"]) == (1.0, [])
