"""Records around an instant are found, however far away they are."""

from __future__ import annotations

from datetime import timedelta

from linkymonitor.daily_log.files import file_of
from linkymonitor.daily_log.search import first_after, last_before
from tests.support.logs import (
    ALWAYS,
    START,
    data_line,
)


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
