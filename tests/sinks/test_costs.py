"""The costs that an MQTT sink adds up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from linkymonitor.sinks.costs import Costs
from tests.support.mqtt_box import price, row

PARIS = ZoneInfo("Europe/Paris")
#: A local midnight, at the beginning of a month.
MIDNIGHT = datetime(2026, 1, 31, 23, 0, tzinfo=UTC)


def counted(*rows, costs=Costs(), of=price) -> Costs:  # noqa: B008 -- a named tuple does not change
    for one in rows:
        costs = costs.add(one, of, PARIS)
    return costs


def indexes(hn: int, pm: int = 500) -> dict[str, int]:
    return {"index_HN": hn, "index_PM": pm, "index_total": hn + pm, "index_injected": 7}


def at(minutes: float, hn: int, pm: int = 500, **changes):
    return row(0, MIDNIGHT + timedelta(minutes=minutes), fields=indexes(hn, pm), **changes)


def test_each_register_has_its_own_price_exact_to_the_wh():
    costs = counted(at(1, 1000), at(2, 1003), at(3, 1003, 501))
    assert costs.registers == {"HN": Decimal("0.0006"), "PM": Decimal("0.0008")}


def test_a_record_that_comes_again_costs_nothing_more():
    rows = [at(minute, 1000 + minute) for minute in range(1, 20)]
    once = counted(*rows)
    assert counted(*rows[5:], costs=once) == once


def test_what_was_not_kept_before_a_crash_is_found_again_by_the_index():
    rows = [at(minute, 1000 + minute) for minute in range(1, 20)]
    kept = Costs.of(counted(*rows[:5]).document())
    assert counted(rows[-1], costs=kept).registers == counted(*rows).registers


def test_a_day_and_a_month_are_known_from_their_first_instant_on():
    before = counted(at(-20, 900), at(-10, 950))
    assert before.shown()["cost_day"] is None
    midnight = counted(at(0, 1000), costs=before)
    assert midnight.day == "2026-01-31"
    first = counted(at(10, 1050), costs=midnight)
    assert (first.of_day, first.of_month) == (Decimal("0.01"), Decimal("0.01"))
    second = counted(at(24 * 60, 2000), at(24 * 60 + 10, 2010), costs=first)
    assert (second.of_day, second.of_month) == (Decimal("0.002"), Decimal("0.202"))


def test_a_day_whose_midnight_was_silent_is_not_known_but_its_energy_is_paid():
    costs = counted(at(-60, 1000), at(60, 1100))
    assert (costs.of_day, costs.of_month) == (None, None)
    assert costs.registers["HN"] == Decimal("0.02")


def test_a_price_that_is_not_known_gives_no_cost_and_no_day():
    costs = counted(at(-1, 1000), at(1, 1010), at(2, 1020), of=lambda *_: None)
    assert costs.registers == {}
    assert costs.shown() == {}
    known_later = counted(at(3, 1030), costs=costs)
    assert known_later.registers == {"HN": Decimal("0.002"), "PM": Decimal(0)}
    assert known_later.shown()["cost_day"] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"meter": "ffffffffffff"},
        {"fields": indexes(5)},
    ],
    ids=["another meter", "an index that begins anew"],
)
def test_another_epoch_costs_nothing_by_itself_and_no_sum_falls(changes):
    costs = counted(at(1, 1000), at(2, 1100))
    after = counted(at(3, 900)._replace(**changes), costs=costs)
    assert after.registers == costs.registers
    more = counted(at(4, after.indexes["HN"] + 10, meter=after.meter), costs=after)
    assert more.registers["HN"] == costs.registers["HN"] + Decimal("0.002")


def test_a_clock_that_is_set_back_opens_a_series_and_loses_nothing():
    costs = counted(at(60, 1000), at(61, 1010))
    back = counted(at(1, 1020, series=1), at(2, 1030, series=1), costs=costs)
    assert back.registers["HN"] == Decimal("0.006")


def test_the_price_is_asked_for_the_instant_before_the_stamp():
    asked = []

    def ask(register, instant, subscribed):
        asked.append((register, instant, subscribed))
        return Decimal(1)

    counted(at(0, 1000), of=ask)
    assert asked[0] == ("HN", MIDNIGHT - timedelta(seconds=1), 9000)
