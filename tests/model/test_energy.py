"""The energy of a meter: the fold over readings and the columns of the report have the same rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkymonitor.daily_log.columns import Columns
from linkymonitor.model.energy import IndexFold, Step, share
from linkymonitor.model.epochs import ROLL_OVER
from linkymonitor.model.reading import Reading
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Mode
from linkymonitor.report.indexes import IndexColumns, Indexes
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from tests.support.truth import PARIS

BEGIN = datetime(2026, 10, 24, 20, tzinfo=UTC)
NAMES = ("F01", "F02", "F03")
OFFER = Contract(
    mode=Mode.STANDARD, option="OFFRE", registers=("F01",), subscribed_power=9000, meter="000000000123"
)


@pytest.mark.parametrize(
    ("begin", "end", "instant", "wh"),
    [
        pytest.param(0, 10, -1, 0, id="before"),
        pytest.param(0, 10, 0, 0, id="at the first reading"),
        pytest.param(0, 10, 5, 50, id="between"),
        pytest.param(0, 10, 3.333, 33, id="rounded once"),
        pytest.param(0, 10, 10, 100, id="at the second reading"),
        pytest.param(0, 10, 11, 100, id="after"),
        pytest.param(5, 5, 5, 100, id="a reading takes the place of one with the same time"),
        pytest.param(10, 0, 5, 0, id="a clock set back"),
    ],
)
def test_what_is_counted_between_two_readings_is_shared_by_time(begin, end, instant, wh):
    assert share(100, begin, end, instant) == wh
    assert Step("TH", begin, end, 100).until(instant) == wh


@given(st.integers(0, 10**6), st.integers(1, 10**7), st.lists(st.floats(0, 1), max_size=20).map(sorted))
def test_the_parts_of_a_step_are_whole_and_add_up(wh, seconds, places):
    cuts = [share(wh, 0, seconds, place * seconds) for place in (0, *places, 1)]
    parts = [after - before for before, after in pairwise(cuts)]
    assert sum(parts) == wh
    assert all(part >= 0 for part in parts)


def test_registers_that_are_not_in_a_reading_count_when_they_are_heard_again():
    fold = IndexFold()
    fold.take(0, OFFER, {"F01": 100, "F02": 50})
    assert fold.take(10, OFFER, {"F01": 101}) == [Step("F01", 0, 10, 1)]
    assert fold.take(20, OFFER, {"F01": 103, "F02": 54}) == [Step("F01", 10, 20, 2), Step("F02", 0, 20, 4)]


# The history of a meter: the fold and the report must get the same energy from any history.

CONTRACTS = [
    OFFER,
    None,
    OFFER._replace(registers=("F01", "F02")),
    OFFER._replace(subscribed_power=3000),
    OFFER._replace(subscribed_power=None),
    OFFER._replace(option="AUTRE", registers=("F01", "F03")),
    OFFER._replace(option=""),
    OFFER._replace(meter="000000000999"),
    OFFER._replace(meter=None),
]

EVENTS = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 20), st.integers(0, 300), st.integers(0, 7200), st.just(200_000)),  # seconds
        st.sampled_from(NAMES),  # the register in force
        st.one_of(st.floats(0, 0.2), st.floats(0, 1)),  # share of 18 kVA
        st.sets(st.sampled_from(NAMES)),  # the registers that the record lost
        st.sampled_from([*CONTRACTS[:1] * 8, *CONTRACTS]),
        st.sampled_from(["", "", "", "", "", "", "reset", "leap"]),
    ),
    max_size=40,
)
STARTS = st.tuples(
    *[st.sampled_from([0, 5, 688_322, ROLL_OVER - 3000]) for _ in NAMES],
)


def life(starts, events):
    """Return the records of a meter whose registers begin at *starts*."""
    indexes, now, rows = dict(zip(NAMES, starts, strict=True)), BEGIN, []
    for seconds, name, part, lost, contract, what in events:
        now += timedelta(seconds=seconds)
        indexes[name] += int(part * 18_000 * seconds / 3600)
        if what == "reset":
            indexes[name] = 0
        elif what == "leap":
            indexes[name] += 60 + int(part * 400)
        indexes[name] %= ROLL_OVER
        read = {code: wh for code, wh in indexes.items() if code not in lost and (wh or code == name)}
        rows.append(record(now, contract, read))
    return rows


def record(at, contract, indexes):
    return Record(started_at=at, ended_at=at, contract=contract, tariff_period=None, indexes=indexes)


def used(energy):
    return {code: wh for code, wh in energy.items() if wh}


@settings(deadline=None, max_examples=300)
@given(STARTS, EVENTS.filter(bool))
def test_the_columns_of_the_report_and_the_fold_have_the_same_energy_in_each_hour(starts, events):
    rows = life(starts, events)
    times = [row.ended_at.timestamp() for row in rows]
    marks = [BEGIN.timestamp() + 3600 * hour for hour in range(int((times[-1] - times[0]) // 3600) + 2)]
    fold = IndexFold()
    steps = [
        step for row, at in zip(rows, times, strict=True) for step in fold.take(at, row.contract, row.indexes)
    ]
    expected = [{} for _ in marks[1:]]
    for hour, (begin, end) in zip(expected, pairwise(marks), strict=True):
        for step in steps:
            hour[step.register] = hour.get(step.register, 0) + step.until(end) - step.until(begin)
    columns = Indexes(IndexColumns.joined([Columns.of(rows)]), times)
    if columns.codes:
        assert columns.between(marks) == [used(hour) for hour in expected]


@settings(deadline=None, max_examples=200)
@given(STARTS, EVENTS.filter(bool), st.integers(0, 40))
def test_the_display_and_the_report_have_the_same_day(starts, events, restarted):
    """Every frame makes a record, and at frame *restarted* the ledger begins anew from the log."""
    ledger, aggregator = Ledger(PARIS), Aggregator(2)
    logged = []
    frames = [row for row in life(starts, events) if row.indexes]
    if restarted < len(frames):
        # The log has a hash of the meter's address, so after a restart only the indexes show a change of meter.
        frames = [row._replace(contract=row.contract and row.contract._replace(meter=None)) for row in frames]
    for number, row in enumerate(frames):
        if number == restarted:
            aggregator = Aggregator(2)
            ledger.restart(logged)
        reading = Reading(
            taken_at=row.ended_at,
            mode=Mode.STANDARD,
            meter=row.contract.meter if row.contract else None,
            contract=row.contract,
            apparent_power=100,
            indexes=row.indexes,
        )
        ledger.update(reading)
        if not logged:
            # The report cannot count before its first record; the display begins with the first reading.
            logged.append(row)
        for closed in aggregator.add(reading):
            logged.append(closed)
            ledger.settle(closed)
    last = aggregator.close()
    if last is not None:
        logged.append(last)
        ledger.settle(last)
    if not logged:
        return
    shown = ledger.totals().energy
    times = [row.ended_at.timestamp() for row in logged]
    midnight, _ = ledger.day_of(logged[-1].ended_at)
    (day,) = Indexes(IndexColumns.joined([Columns.of(logged)]), times).between(
        [midnight.timestamp(), times[-1] + 1]
    )
    assert used(shown) == day
