"""Lines wait, get their stamps when they are written, and leave the queue once they are on the card."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from linkymonitor.daily_log.queue import RING, Batch, DayState, Queue
from linkymonitor.system.clock import WireClock
from linkymonitor.system.timeline import Timeline

START = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)


def nothing_there(day: date) -> DayState | None:
    return None


@pytest.fixture
def clock() -> WireClock:
    return WireClock(START)


@pytest.fixture
def queue(clock) -> Queue:
    timeline = Timeline(clock)
    timeline.look()
    return Queue(timeline, "en")


def put(queue: Queue, status: str, text: str, at: datetime | None = None) -> None:
    queue.put(queue.line(status, text, at))


def lines(batch: Batch) -> list[str]:
    return [line.partition("\t")[2] for line in batch.data.decode().splitlines()]


def test_a_batch_stays_in_the_queue_until_it_is_written(queue):
    put(queue, "DATA", "1")
    first = queue.next_batch(10, nothing_there)
    assert queue.next_batch(10, nothing_there) == first
    queue.written(first)
    assert len(queue) == 0
    assert queue.last_stamp == START


def test_a_batch_is_of_one_day_and_of_no_more_lines_than_wanted(queue, clock):
    for number in range(5):
        put(queue, "DATA", str(number))
        clock.advance(1)
    clock.advance(86400)
    put(queue, "DATA", "5")
    counts = []
    while len(queue):
        batch = queue.next_batch(3, nothing_there)
        counts.append((batch.day.day, batch.lines))
        queue.written(batch)
    assert counts == [(28, 3), (28, 2), (29, 1)]


def test_the_contract_stands_first_in_each_file_and_where_it_changes(queue, clock):
    put(queue, "INFO", "before the meter was heard")
    queue.contract = "Contrat: one"
    put(queue, "DATA", "1")
    queue.contract = "Contrat: other"
    put(queue, "DATA", "2")
    batch = queue.next_batch(10, nothing_there)
    assert lines(batch) == [
        "INFO\tContrat: one",
        "INFO\tbefore the meter was heard",
        "DATA\t1",
        "INFO\tContrat: other",
        "DATA\t2",
    ]
    queue.written(batch)
    put(queue, "DATA", "3")
    assert lines(queue.next_batch(10, nothing_there)) == ["DATA\t3"]
    assert queue.has_begun(START.date())
    queue.begin_again()
    assert lines(queue.next_batch(10, nothing_there)) == ["INFO\tContrat: other", "DATA\t3"]


def test_records_of_one_second_get_stamps_of_their_own_and_notes_do_not(queue):
    for status in ("DATA", "INFO", "DATA"):
        put(queue, status, "x")
    batch = queue.next_batch(10, nothing_there)
    assert [line[17:19] for line in batch.data.decode().splitlines()] == ["00", "00", "01"]


@pytest.mark.parametrize(
    ("there", "series"),
    [
        pytest.param(None, 0, id="no such file"),
        pytest.param(DayState(3, None), 3, id="a file without a record"),
        pytest.param(DayState(3, START - timedelta(hours=1)), 3, id="a file that ends before"),
        pytest.param(DayState(3, START + timedelta(hours=1)), 4, id="a file that ends later"),
    ],
)
def test_a_file_is_gone_on_with_in_a_series_that_has_no_record_of_that_stamp(queue, there, series):
    put(queue, "DATA", "x")
    batch = queue.next_batch(10, lambda day: there)
    assert batch.series == series
    assert lines(batch) == [*([f"INFO\tSerie: {series}"] if series else []), "DATA\tx"]


def test_what_has_no_room_is_dropped_from_the_head_and_counted(queue):
    for number in range(RING + 3):
        put(queue, "INFO", str(number))
    assert len(queue) == RING
    assert queue.dropped == 3
    assert lines(queue.next_batch(1, nothing_there)) == ["INFO\t3"]
