"""A server that answers late for an hour, by a clock of the test: what it is asked, and what it has at the end."""

from __future__ import annotations

import pytest

from linkymonitor.delivery.feeder import NEVER
from linkymonitor.errors import SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.sinks.network import no_answer
from tests.delivery.test_feeder import Bench, newest

#: How long a sink waits for an answer, and how often the log has a new record, both in seconds.
PATIENCE, RECORD = 10.0, 12.0
HOUR = 3600.0


class Late:
    """A far end that takes all that it is sent, and answers *delay* seconds later."""

    def __init__(self, clock) -> None:
        self.delay = 0.0
        self.requests = self.readings = 0
        #: Key of a record → its number.
        self.taken: dict[object, int] = {}
        self.largest = 0
        self._clock = clock

    def write(self, records) -> None:
        self.requests += 1
        self.largest = max(self.largest, len(records))
        self.taken |= {(row.meter, row.series, row.ended_at): row.fields["power"] for row in records}
        self._answer()

    def live(self, _reading) -> None:
        self.requests += 1
        self.readings += 1
        self._answer()

    def close(self) -> None:
        pass

    def _answer(self) -> None:
        self._clock.advance(min(self.delay, PATIENCE))
        if self.delay > PATIENCE:
            raise SinkUnavailable("http://base : " + no_answer(PATIENCE, Text("url", "url")).fr)


@pytest.fixture
def bench(tmp_path) -> Bench:
    made = Bench(tmp_path, batch=50)
    made.sink = Late(made.clock)
    made.feeder = made.started()
    return made


def live_for_an_hour(bench: Bench) -> int:
    """Let the log and the readings of an hour come while the sink is fed; return how many records there are."""
    begin, written = bench.clock.monotonic(), 0
    while (passed := bench.clock.monotonic() - begin) < HOUR:
        while written * RECORD <= passed:
            bench.box.write(range(written, written + 1))
            written += 1
            bench.feeder.look()
        bench.feeder.show(newest(bench))
        due = bench.feeder.step() - bench.clock.monotonic()
        bench.clock.advance(min(max(due, 0.0), 1.0))
    return written


def test_answers_after_nine_seconds_keep_up_with_the_log(bench):
    bench.sink.delay = 9.0
    written = live_for_an_hour(bench)
    assert bench.feeder.standing.last_error == ""
    assert written - len(bench.sink.taken) <= 3
    assert 100 < bench.sink.readings < HOUR / bench.sink.delay
    bench.sink.delay = 0.0
    bench.run()
    assert list(bench.sink.taken.values()) == list(range(written))


def test_answers_that_come_too_late_cost_some_requests_and_nothing_is_lost_or_twice(bench):
    bench.sink.delay = 15.0
    written = live_for_an_hour(bench)
    # Pauses of 1 s to 512 s take a third of the hour, and those of 600 s the rest.
    assert bench.sink.requests <= 16
    # The records wait in the log, not in memory: no more than one batch was ever asked for.
    assert bench.sink.largest <= 50
    standing = bench.state.read("test")
    assert standing.unavailable_since
    assert standing.last_error == (
        "http://base : pas de réponse en 10 s ; vérifiez que le serveur marche, et url"
    )
    assert (standing.delivered, standing.set_aside) == (0, 0)
    bench.sink.delay = 0.0
    while (due := bench.run()) != NEVER:
        bench.clock.advance(due - bench.clock.monotonic())
    assert list(bench.sink.taken.values()) == list(range(written))
    assert bench.feeder.standing.delivered == written
    assert bench.state.read("test").unavailable_since == ""
