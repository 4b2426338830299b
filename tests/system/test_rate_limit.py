"""The rate limit: the lines that are logged for a cause that lasts."""

from __future__ import annotations

import logging

from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.system.rate_limit import FIRST, LONGEST, RateLimit, RateLimitFilter


def test_the_wait_doubles_up_to_an_hour_and_the_lines_kept_back_are_counted():
    limit = RateLimit()
    through = [(now, kept) for now in range(4 * 3600) if (kept := limit.due("cable", now)) is not None]
    assert [now for now, _ in through[:5]] == [0, 60, 180, 420, 900]
    assert [kept for _, kept in through[:3]] == [0, FIRST - 1, 2 * FIRST - 1]
    assert through[-1][0] - through[-2][0] == LONGEST


def test_a_cause_that_was_quiet_for_two_waits_is_new_again():
    limit = RateLimit()
    assert [limit.due("cable", now) for now in (0, 60, 120, 420, 480)] == [0, 0, None, 1, 0]


def test_causes_do_not_hold_each_other_back_and_few_are_remembered():
    limit = RateLimit()
    assert [limit.due(cause, 0) for cause in range(1000)] == [0] * 1000
    assert limit.due(999, 1) is None
    assert limit.due(0, 1) == 0


def test_the_numbers_of_a_message_make_no_new_cause_and_its_texts_do():
    now = [0.0]
    limit = RateLimitFilter(lambda: now[0])

    def through(*values: object) -> str | None:
        record = logging.LogRecord("port", logging.WARNING, "", 0, "%s: %d bytes lost", values, None)
        return record.repeats if limit.filter(record) else None

    assert through("/dev/ttyUSB0", 7) == ""
    assert through("/dev/ttyUSB0", 8) is None
    assert through("/dev/ttyUSB1", 8) == ""
    now[0] = 60.0
    assert through("/dev/ttyUSB0", 9) == " (+1)"


def test_two_texts_are_two_causes():
    limit = RateLimitFilter(lambda: 0.0)
    for text in (Text("carte absente", "no card"), Text("carte pleine", "card full")):
        assert limit.filter(logging.LogRecord("log", logging.WARNING, "", 0, "%s", (text,), None))


def test_an_error_is_compared_by_its_words():
    limit = RateLimitFilter(lambda: 0.0)

    def goes_through(error: Exception) -> bool:
        return limit.filter(logging.LogRecord("pin", logging.WARNING, "", 0, "%s", (error,), None))

    assert goes_through(OSError(5, "Input/output error"))
    assert not goes_through(OSError(5, "Input/output error"))
    assert goes_through(StorageError("/run: permission denied"))
    assert goes_through(StorageError("/var/log: no space left"))
