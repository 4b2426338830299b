"""Records around an instant are found, however far away they are."""

from __future__ import annotations

from datetime import timedelta

from linkymonitor.daily_log.files import file_of
from linkymonitor.daily_log.line import STAMP, format_record
from linkymonitor.daily_log.search import first_after, last_before, last_until, lead, trail, until
from tests.support.logs import ALWAYS, EJP, START, data_line, record


def log_of(folder, *rows: tuple[int, dict[str, int]]) -> None:
    """Write a record for each of *rows*: the seconds from START, and the indexes."""
    lines = []
    for seconds, indexes in rows:
        stamp = (START + timedelta(seconds=seconds)).strftime(STAMP)
        lines.append(f"{stamp}\tDATA\t{format_record(record(0, indexes=indexes))}\n")
    file_of(folder, START.date()).write_text("".join(lines))


def test_the_last_record_before_and_the_first_after_are_found_however_far_away(tmp_path):
    early, late = START - timedelta(days=40), START + timedelta(days=300)
    file_of(tmp_path, early.date()).write_bytes(
        data_line(early, 1) + b"2026/01/11 99:99:99\tDATA\tnonsense\n"
    )
    file_of(tmp_path, late.date()).write_bytes(
        b"\0\n" + data_line(late, 2) + data_line(late + timedelta(seconds=1), 3)
    )
    file_of(tmp_path, START.date() - timedelta(days=1)).write_bytes(b"")
    assert last_before(tmp_path, START).indexes["HN"] == 1
    assert first_after(tmp_path, START, ALWAYS[1]).indexes["HN"] == 2
    assert first_after(tmp_path, START, START + timedelta(days=9)) is None
    assert last_before(tmp_path, early - timedelta(seconds=1)) is None


def test_records_that_a_clock_set_back_has_stamped_again_are_left_out(tmp_path):
    log_of(tmp_path, *((seconds, {"HN": number}) for number, seconds in enumerate([0, 10, 20, 5, 15, 25])))
    found = until(tmp_path, START + timedelta(seconds=22), timedelta(minutes=1))
    assert [wh for rows in found for wh in rows.registers["HN"]] == [0, 1, 2]
    newest = last_until(tmp_path, START + timedelta(seconds=60), timedelta(minutes=1))
    assert newest is not None
    assert (newest.ended_at, newest.indexes["HN"]) == (START + timedelta(seconds=25), 5)
    assert last_until(tmp_path, START - timedelta(seconds=1), timedelta(minutes=1)) is None


def test_readings_that_a_record_lacks_are_found_in_the_nearest_records_that_have_them(tmp_path):
    """Of the records before a day the last reading counts, of those after it the first one."""
    both, alone = {"HN": 7, "PM": 9}, {"HN": 8}
    log_of(tmp_path, (0, {"HN": 6, "PM": 8}), (10, both), (20, alone), (30, alone), (40, both), (50, both))
    here = record(0, START + timedelta(seconds=30), indexes=alone, contract=EJP, total_index=1)
    (before,) = lead(tmp_path, here)
    (after,) = trail(tmp_path, here, ALWAYS[1])
    assert before.ended_at == START + timedelta(seconds=10)
    assert after.ended_at == START + timedelta(seconds=40)
    assert before.indexes == after.indexes == both
    assert lead(tmp_path, before) == trail(tmp_path, after, ALWAYS[1]) == []
