"""Columns hold what rows hold."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from linkymonitor.daily_log.columns import Columns, known, without_gaps
from linkymonitor.model.record import Record
from tests.support.logs import START, record


@st.composite
def runs(draw) -> list[Record]:
    """Return records that differ in their registers and in what they lack."""
    registers = st.dictionaries(st.sampled_from(["HN", "PM", "F01"]), st.integers(0, 9))
    count = draw(st.integers(1, 8))
    return [
        record(
            n,
            START + timedelta(seconds=n),
            indexes=draw(registers),
            apparent_power=draw(st.none() | st.integers(0, 9)),
            voltages=draw(st.sampled_from([(), (230,), (230, None, 231)])),
        )
        for n in range(count)
    ]


@given(runs())
def test_rows_become_columns_and_rows_again(rows):
    columns = Columns.of(rows)
    assert len(columns) == len(rows)
    assert list(columns.rows()) == rows
    assert columns.apparent_power == [row.apparent_power for row in rows]
    assert columns.indexes == [row.indexes for row in rows]


@given(runs(), st.integers(0, 8), st.integers(0, 8))
def test_some_of_the_columns_are_those_of_some_rows(rows, start, stop):
    assert list(Columns.of(rows)[start:stop].rows()) == rows[start:stop]
    even = [not n % 2 for n in range(len(rows))]
    assert list(Columns.of(rows).where(even).rows()) == rows[::2]


@given(st.lists(runs(), min_size=1, max_size=3))
def test_parts_are_joined_whatever_registers_they_name(parts):
    joined = Columns.joined(map(Columns.of, parts))
    assert list(joined.rows()) == [row for part in parts for row in part]
    assert all(len(column) == len(joined) for column in joined.registers.values())


def test_the_times_of_columns_are_whole_seconds_and_a_row_has_them_as_datetimes():
    ended_at = START + timedelta(seconds=2)
    columns = Columns.of([record(0, START), record(1, ended_at + timedelta(microseconds=7))])
    assert columns.ended_at == [START.timestamp(), ended_at.timestamp()]
    assert columns.row(1).ended_at == ended_at
    assert columns.row(1).indexes["HN"] == 1


def test_nothing_is_joined_to_nothing():
    assert len(Columns.joined([])) == 0


def test_a_column_without_a_value_is_not_known():
    assert not known([None, None])
    assert not known([])
    assert known([None, 0])
    assert without_gaps([None, 0, None, 3]) == [0, 3]
