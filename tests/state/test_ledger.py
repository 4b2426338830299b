"""The ledger: differences of indexes within a local day, and never across what makes them meaningless."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkymonitor.model.energy import UNBROKEN
from linkymonitor.model.record import Contract, Record
from linkymonitor.money.book import PriceBook
from linkymonitor.money.contract import Contract as Terms
from linkymonitor.money.shelf import Shelf
from linkymonitor.money.tariffs import Prices
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.resources import shipped
from tests.support.meter_days import EJP, fold, moment, reading, record
from tests.support.truth import PARIS


def priced(**prices):
    """Return a ledger with prices in €/kWh."""
    return Ledger(PARIS, PriceBook(Prices(**{key: Decimal(price) for key, price in prices.items()})))


@pytest.fixture
def ledger():
    return Ledger(PARIS)


def test_the_first_reading_is_the_baseline(ledger):
    assert fold(
        ledger,
        reading("2026-12-01 08:00", HN=688322, PM=80072),
        reading("2026-12-01 09:00", HN=690322, PM=80072),
        reading("2026-12-01 10:00", HN=690322, PM=80372),
    ) == [{"HN": 0, "PM": 0}, {"HN": 2000, "PM": 0}, {"HN": 2000, "PM": 300}]


def test_a_new_local_day_begins_with_the_last_value_before_midnight(ledger):
    """As the daily log does, which has a record for each midnight."""
    assert fold(
        ledger,
        reading("2026-12-01 23:00", HN=1000),
        reading("2026-12-01 23:59:59", HN=2000),
        reading("2026-12-02 00:00:01", HN=2001),
    ) == [{"HN": 0}, {"HN": 1000}, {"HN": 1}]


def test_the_value_at_midnight_itself_belongs_to_the_new_day(ledger):
    assert fold(
        ledger,
        reading("2026-12-01 23:59:50", HN=2000),
        reading("2026-12-02 00:00:00", HN=2010),
        reading("2026-12-02 00:00:10", HN=2015),
    )[1:] == [{"HN": 0}, {"HN": 5}]


def test_the_energy_of_a_silence_over_midnight_is_shared_by_time(ledger):
    """As in the report."""
    assert fold(
        ledger,
        reading("2026-12-01 23:50", HN=2000),
        reading("2026-12-02 00:05", HN=2300),
        reading("2026-12-02 00:06", HN=2310),
    )[1:] == [{"HN": 100}, {"HN": 110}]


def test_the_share_is_settled_by_the_first_record_after_the_silence(ledger):
    ledger.update(reading("2026-12-01 23:50", HN=2000))
    ledger.update(reading("2026-12-02 00:05", HN=2300))
    ledger.update(reading("2026-12-02 00:05:30", HN=2340))
    ledger.settle(record("2026-12-01 23:50", HN=2000))
    ledger.update(reading("2026-12-02 00:06", HN=2400))
    ledger.settle(record("2026-12-02 00:06", HN=2400))
    assert ledger.totals().energy == {"HN": 150}
    ledger.update(reading("2026-12-02 00:07", HN=2450))
    ledger.settle(record("2026-12-02 00:07", HN=2450))
    assert ledger.totals().energy == {"HN": 200}


def test_a_record_that_was_dated_before_the_time_was_set_is_not_counted(ledger):
    """It comes to the log once the time is known, and is dated there."""
    ledger.restart([record("2026-12-01 08:00", HN=1000)])
    ledger.update(reading("2026-12-01 08:10", HN=1010))
    ledger.settle(record("1970-01-01 00:05", HN=1009))
    ledger.settle(record("2036-12-01 08:00", HN=1009))
    assert ledger.totals().energy == {"HN": 10}


def test_the_record_of_midnight_may_end_after_the_last_reading(ledger):
    """A short frame has ended it, which has no index."""
    ledger.update(reading("2026-12-01 23:59:00", HN=2000))
    ledger.update(reading("2026-12-01 23:59:50", HN=2010))
    ledger.settle(record("2026-12-02 00:00", HN=2010))
    assert fold(ledger, reading("2026-12-02 00:02", HN=2040)) == [{"HN": 30}]


def test_the_energy_of_a_silence_of_days_is_shared_by_time(ledger):
    """As in the report."""
    assert fold(
        ledger,
        reading("2026-11-29 20:00", HN=2000),
        reading("2026-12-01 08:00", HN=2500),
        reading("2026-12-01 08:01", HN=2510),
    )[1:] == [{"HN": 111}, {"HN": 121}]


@pytest.mark.parametrize(
    ("day", "next_day", "hours"),
    [
        pytest.param("2026-03-29", "2026-03-30", 23, id="23 hours"),
        pytest.param("2026-12-01", "2026-12-02", 24, id="24 hours"),
        pytest.param("2026-10-25", "2026-10-26", 25, id="25 hours"),
    ],
)
def test_a_day_lasts_from_local_midnight_to_local_midnight(ledger, day, next_day, hours):
    start, end = moment(f"{day} 00:00"), moment(f"{next_day} 00:00")
    assert end - start == timedelta(hours=hours)
    index, most, now = 1000, 0, start
    while now < end:
        most = ledger.update(reading(now, HN=index)).energy["HN"]
        index += 100
        now += timedelta(minutes=10)
    assert most == (hours * 6 - 1) * 100
    assert ledger.update(reading(end, HN=index)).energy["HN"] == 0


def test_a_frame_without_indexes_keeps_the_totals(ledger):
    assert fold(
        ledger,
        reading("2026-12-01 08:00", HN=1000),
        reading("2026-12-01 08:01", HN=1100),
        reading("2026-12-01 08:02", contract=None),
    )[-1] == {"HN": 100}


def test_a_day_goes_on_after_a_restart(ledger):
    """What was used while we were away is counted too: the meter counted it."""
    ledger.restore([record("2026-12-01 00:00", HN=1000, PM=50), record("2026-12-01 08:00", HN=2000, PM=50)])
    assert fold(ledger, reading("2026-12-01 10:00", HN=3000, PM=60)) == [{"HN": 2000, "PM": 10}]


def test_a_day_begins_between_the_records_around_its_midnight(ledger):
    ledger.restore([record("2026-12-01 23:30", HN=900), record("2026-12-01 23:55", HN=1000)])
    assert fold(ledger, reading("2026-12-02 00:20", HN=1300)) == [{"HN": 240}]


def test_what_two_records_share_over_a_midnight_is_settled_by_the_second_of_them(ledger):
    """Whatever the records after them say: 1,000 Wh in the hour around midnight, then next to nothing for hours."""
    known = [record("2026-12-01 23:30", HN=1000), record("2026-12-02 00:30", HN=2000)]
    ledger.restore([*known, record("2026-12-02 06:00", HN=2010)])
    ledger.settle(record("2026-12-02 06:30", HN=2011))
    assert ledger.totals().energy == {"HN": 510}


def test_the_day_that_is_begun_anew_from_the_log_knows_nothing_of_what_was_counted(ledger):
    fold(ledger, reading("2026-12-03 08:00", HN=900), reading("2026-12-03 09:00", HN=2900))
    ledger.restart([record("2026-12-01 08:00", HN=1000), record("2026-12-01 08:10", HN=1050)])
    assert fold(ledger, reading("2026-12-01 08:20", HN=1060)) == [{"HN": 60}]


def test_the_hashed_meter_of_the_log_is_not_another_meter(ledger):
    hashed = Contract(
        mode=EJP.mode, option="EJP", registers=EJP.registers, subscribed_power=9000, meter="9f3a"
    )
    ledger.restore([record("2026-12-01 08:00", hashed, HN=1000)])
    assert fold(ledger, reading("2026-12-01 09:00", HN=1500)) == [{"HN": 500}]


def test_a_meter_changed_while_we_were_away_is_seen_by_its_index(ledger):
    ledger.restore([record("2026-12-01 08:00", HN=688_000), record("2026-12-01 09:00", HN=689_000)])
    assert fold(ledger, reading("2026-12-01 12:00", HN=15), reading("2026-12-01 13:00", HN=515)) == [
        {"HN": 1000},
        {"HN": 1500},
    ]


def test_records_without_contract_or_indexes_do_no_harm(ledger):
    ledger.restore([record("2026-12-01 08:00", None, HN=1000), record("2026-12-01 08:01", None)])
    assert fold(ledger, reading("2026-12-01 09:00", HN=1500)) == [{"HN": 500}]


def test_a_clock_set_back_over_midnight_does_not_bring_yesterday_back(ledger):
    found = fold(
        ledger,
        reading("2026-12-01 23:59:55", HN=1000),
        reading("2026-12-02 00:00:05", HN=1010),
        reading("2026-12-01 23:59:57", HN=1012),
        reading("2026-12-02 00:00:07", HN=1030),
    )
    assert found[1:] == [{"HN": 10}, {"HN": 12}, {"HN": 30}]


def test_a_clock_that_was_days_ahead_begins_its_true_day(ledger):
    found = fold(ledger, reading("2036-12-01 08:00", HN=1000), reading("2026-12-01 08:00", HN=1500))
    assert found[1] == {"HN": 0}


def test_costs_are_those_of_the_prices():
    ledger = priced(hn="0.1781", pm="0.3440")
    ledger.update(reading("2026-12-01 08:00", HN=1000, PM=0))
    totals = ledger.update(reading("2026-12-01 12:00", HN=11_000, PM=5000))
    assert totals.cost == {"HN": Decimal("1.78"), "PM": Decimal("1.72")}
    assert totals.total_cost == Decimal("3.50")


def test_a_price_that_is_not_set_leaves_no_line_and_no_total_once_it_is_needed():
    ledger = priced(hn="0.1781")
    ledger.update(reading("2026-12-01 08:00", HN=1000, PM=0))
    before = ledger.update(reading("2026-12-01 12:00", HN=11_000, PM=0))
    after = ledger.update(reading("2026-12-01 12:01", HN=11_000, PM=1))
    assert before.cost == after.cost == {"HN": Decimal("1.78")}
    assert (before.total_cost, after.total_cost) == (Decimal("1.78"), None)


def test_without_prices_or_without_energy_there_is_no_cost(ledger):
    totals = ledger.update(reading("2026-12-01 08:00", HN=1000))
    assert (totals.cost, totals.total_cost) == ({}, None)
    assert priced(hn="0.1").totals().total_cost is None


STEPS = st.lists(
    st.tuples(
        st.integers(1, 7200),  # seconds to the next frame
        st.floats(0, 1),  # share of what the subscription lets through meanwhile
        st.booleans(),  # whether it goes to HN or PM
        st.sampled_from(["frame", "frame", "frame", "frame", "lost", "restart"]),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(STEPS)
def test_the_day_adds_up_whatever_is_lost_or_restarted(steps):
    """Against the meter itself: its indexes now, less those of the frame that began the day."""
    ledger = Ledger(PARIS)
    now = moment("2026-10-24 20:00")
    indexes = {"HN": 688_322, "PM": 80_072}
    heard = []
    lived_from = 0
    for seconds, share, normal, what in steps:
        now += timedelta(seconds=seconds)
        indexes["HN" if normal else "PM"] += int(share * 9000 * seconds / 3600)
        if what == "lost":
            continue
        if what == "restart":
            # What is restored is two records with a silence between, however short.
            lived_from = len(heard)
            ledger = Ledger(PARIS)
            ledger.restore(
                Record(started_at=at, ended_at=at, contract=EJP, tariff_period=None, indexes=values)
                for at, values in heard
            )
        heard.append((now, dict(indexes)))
        energy = ledger.update(reading(now, **indexes)).energy
        midnight = now.astimezone(PARIS).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        first_at, first = next((at, values) for at, values in heard if at >= midnight)
        # Floats here, fractions there: a half may be rounded either way.
        base, slack = first, 0
        before = [(at, values) for at, values in heard if at < midnight]
        lived = len(before) > lived_from
        if before and first_at != midnight and not (first_at - before[-1][0] <= UNBROKEN and lived):
            part = (midnight - before[-1][0]) / (first_at - before[-1][0])
            base = {name: round(wh + (first[name] - wh) * part) for name, wh in before[-1][1].items()}
            slack = 1
        elif before and first_at != midnight:
            base = before[-1][1]
        for name in ("HN", "PM"):
            assert abs(energy[name] - (indexes[name] - base[name])) <= slack


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-7200, 7200), st.integers(0, 10**9)), min_size=1, max_size=40))
def test_no_energy_is_negative_and_none_goes_down_within_a_day(frames):
    ledger = Ledger(PARIS)
    now = moment("2026-12-01 12:00")
    found = []
    for seconds, index in frames:
        now = max(
            moment("2026-12-01 00:00"), min(moment("2026-12-01 23:59"), now + timedelta(seconds=seconds))
        )
        found.append(ledger.update(reading(now, HN=index)).energy["HN"])
    assert min(found) >= 0
    assert all(before <= after for before, after in pairwise(found))


def test_an_offer_whose_hours_decide_costs_each_half_hour_at_its_price():
    """Off-peak from 22:00: two hours at 10 kWh each, at 0.2021 and at 0.1576 €/kWh."""
    terms = Terms(offer="edf-vert-electrique-hc", power=6, off_peak=("22:00-06:00",))
    book = PriceBook(Prices(), {}, terms, {}, Shelf((shipped("etc/tariffs"),)))
    ledger = Ledger(PARIS, book)
    ledger.update(reading("2026-06-10 21:00", TH=0))
    totals = ledger.update(reading("2026-06-10 23:00", TH=20_000))
    assert totals.cost == {"HP": Decimal("2.02"), "HC": Decimal("1.58")}
    assert totals.total_cost == Decimal("3.60")
    assert totals.energy == {"TH": 20_000}


def test_a_new_day_has_the_prices_of_its_date():
    old, new = Prices(hn=Decimal("0.1")), Prices(hn=Decimal("0.2"))
    ledger = Ledger(PARIS, PriceBook(old, {date(2026, 12, 2): new}))
    ledger.update(reading("2026-12-01 23:00", HN=1000))
    eve = ledger.update(reading("2026-12-01 23:50", HN=3000))
    ledger.update(reading("2026-12-02 00:00", HN=3000))
    day = ledger.update(reading("2026-12-02 00:30", HN=5000))
    assert (eve.total_cost, day.total_cost) == (Decimal("0.20"), Decimal("0.40"))
