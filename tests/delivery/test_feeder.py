"""One sink is fed from a real log: pauses, halves, what is set aside, events and live values."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from linkymonitor.daily_log.follower import Follower, Place
from linkymonitor.delivery.feeder import FIRST, KEPT_EVERY, LONGEST, NEVER, Feeder
from linkymonitor.delivery.state import ASIDE_MOST, Standing, StateFolder
from linkymonitor.errors import SinkRefused, SinkUnavailable
from linkymonitor.live.reading import Newest
from linkymonitor.model.reading import Reading
from linkymonitor.model.terms import Mode
from linkymonitor.sinks.base import Event
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from tests.support.collecting import Collecting, configured
from tests.support.logs import START
from tests.support.queue import Box


class Bench:
    """A box with a log, one sink and a clock that the test advances."""

    def __init__(self, folder, **keys) -> None:
        self.box = Box(folder / "log")
        self.sink = Collecting()
        self.clock = WireClock(START)
        self.state = StateFolder(folder / "state", Storage())
        self.state.prepare()
        self.keys = keys
        self.feeder = self.started()

    def started(self) -> Feeder:
        return Feeder(
            "test",
            configured(self.sink, **self.keys),
            self.sink,
            Follower(self.box.folder),
            self.state,
            self.state.read("test") or Standing(),
            monotonic=self.clock.monotonic,
            chance=lambda: 0.0,
        )

    def run(self) -> float:
        """Step until there is nothing to do now; return when the next step is due."""
        self.feeder.look()
        while (due := self.feeder.step()) <= self.clock.monotonic():
            pass
        return due


@pytest.fixture
def bench(tmp_path) -> Bench:
    return Bench(tmp_path)


def test_records_come_in_order_and_the_place_is_kept(bench):
    bench.box.write(range(20))
    assert bench.run() == NEVER
    assert bench.sink.numbers == list(range(20))
    bench.feeder = bench.started()
    assert bench.run() == NEVER
    bench.box.write(range(20, 25))
    bench.run()
    assert bench.sink.numbers == list(range(25))
    assert bench.feeder.standing.delivered == 25


def test_a_row_has_the_names_of_the_schema(bench):
    bench.box.write(range(1), power_max=230, currents=(3, None, 2), voltages=(231, 232), injected_power=None)
    bench.run()
    (row,) = bench.sink.rows
    assert (row.series, row.contract, row.period) == (0, "EJP", "HN")
    assert row.ended_at == START + timedelta(seconds=12)
    assert len(row.meter) == 12
    assert row.fields == {
        "power": 0,
        "power_min": 0,
        "power_max": 230,
        "current": 5,
        "current_1": 3,
        "current_3": 2,
        "voltage_1": 231,
        "voltage_2": 232,
        "index_HN": 0,
        "index_PM": 80072,
        "frames": 8,
        "rejected": 0,
    }
    assert row.overload is False


def test_a_batch_has_no_more_records_than_the_setting_allows(tmp_path):
    bench = Bench(tmp_path, batch=5)
    bench.box.write(range(23))
    bench.run()
    assert bench.sink.numbers == list(range(23))
    assert bench.sink.calls == 5


def test_a_sink_that_is_away_gets_everything_when_it_is_back(bench, caplog):
    caplog.set_level("INFO")
    bench.sink.unavailable()
    bench.box.write(range(10))
    pauses = []
    for _ in range(12):
        now = bench.clock.monotonic()
        pauses.append(bench.run() - now)
        bench.clock.advance(pauses[-1])
        bench.box.write(range(10 * len(pauses), 10 * len(pauses) + 10))
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
    assert (pauses[0], pauses[-1]) == (FIRST, LONGEST)
    kept = bench.state.read("test")
    assert kept.unavailable_since
    assert kept.last_error == "nobody answers"
    bench.sink.back()
    bench.run()
    assert bench.sink.numbers == list(range(130))
    assert bench.state.read("test").unavailable_since == ""
    told = [record.getMessage() for record in caplog.records if "[sink:test]" in record.getMessage()]
    assert len(told) == 2
    assert "nobody answers" in told[0]
    assert "0:37:03" in told[1]


def test_nothing_is_tried_before_the_pause_is_over(bench):
    bench.sink.unavailable()
    bench.box.write(range(3))
    bench.run()
    calls = bench.sink.calls
    bench.clock.advance(0.5)
    bench.run()
    assert bench.sink.calls == calls


def test_pauses_differ_by_chance(bench):
    bench.feeder._chance = lambda: 1.0  # noqa: SLF001
    bench.sink.unavailable()
    bench.box.write(range(3))
    assert bench.run() == bench.clock.monotonic() + 0.75


def test_a_refused_record_alone_is_set_aside_and_the_others_come_in_order(bench, caplog):
    bench.sink.refuse(7, 13)
    bench.box.write(range(20))
    bench.run()
    assert bench.sink.numbers == [number for number in range(20) if number not in (7, 13)]
    assert bench.feeder.standing.set_aside == 2
    (path,) = bench.state.directory.glob("*.refused.jsonl")
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    assert [one["record"]["index_HN"] for one in kept] == [7, 13]
    assert kept[0]["why"] == "cannot be stored"
    assert sum(path.name in record.getMessage() for record in caplog.records) == 2


def test_refused_records_fill_their_file_up_to_its_cap_and_no_further(bench, caplog):
    bench.box.write(range(3))
    (path,) = [bench.state.directory / "sink-test.refused.jsonl"]
    path.write_bytes(b"x" * (ASIDE_MOST - 1) + b"\n")
    bench.sink.refuse(1)
    bench.run()
    assert path.stat().st_size == ASIDE_MOST
    assert bench.sink.numbers == [0, 2]
    assert "plein" in caplog.text


def test_an_exception_that_comes_back_for_one_record_sets_it_aside_after_three_tries(bench, caplog):
    bench.sink.refuse(4, with_=ZeroDivisionError)
    bench.box.write(range(10))
    tries = 0
    while (due := bench.run()) != NEVER:
        bench.clock.advance(due - bench.clock.monotonic())
        tries += 1
    assert tries == 2
    assert bench.sink.numbers == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert bench.feeder.standing.set_aside == 1
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("fault", [ValueError("broken"), SystemExit(3)], ids=["a bug", "sys.exit"])
def test_a_sink_that_is_broken_loses_no_record(bench, fault):
    bench.sink.away = fault
    bench.box.write(range(10))
    for _ in range(9):
        bench.clock.advance(max(bench.run() - bench.clock.monotonic(), 0))
    assert bench.feeder.standing.set_aside == 0
    bench.sink.back()
    bench.clock.advance(LONGEST)
    bench.run()
    assert bench.sink.numbers == list(range(10))


def test_a_change_of_period_or_contract_is_an_event_also_across_a_restart(bench):
    bench.box.write(range(3))
    bench.run()
    bench.feeder = bench.started()
    bench.box.write(range(3, 5), tariff_period="PM..")
    bench.box.write(range(5, 7))
    bench.run()
    periods = [(event.value, event.before) for event in bench.sink.told if event.kind == "period"]
    assert periods == [("PM", "HN"), ("HN", "PM")]


def test_a_contract_line_at_the_head_of_each_file_is_no_event(bench):
    from tests.support.logs import EJP

    bench.box.write(range(3))
    bench.box.clock.advance(86400)
    bench.box.write(range(3, 5))
    bench.box.write(range(5, 7), contract=EJP._replace(subscribed_power=12000))
    bench.run()
    (event,) = [event for event in bench.sink.told if event.kind == "contract"]
    assert "puissance=12000" in event.value
    assert "puissance=9000" in event.before
    assert event.meter == bench.sink.rows[0].meter


def test_a_note_of_the_log_is_an_event(bench):
    bench.box.log.note("WARN", "Compteur muet")
    bench.box.write(range(2))
    bench.run()
    (note,) = [event for event in bench.sink.told if event.kind == "note"]
    assert (note.status, note.text.fr) == ("WARN", "Compteur muet")


def newest(bench: Bench, **fields) -> Newest:
    reading = Reading(taken_at=START, mode=Mode.HISTORIQUE, apparent_power=230, currents=(1,), **fields)
    return Newest(reading, START, bench.clock.monotonic(), "HN..", "normal", {"PAPP": 230})


def test_live_values_come_at_most_once_in_each_interval_and_the_newest_wins(tmp_path):
    bench = Bench(tmp_path, every=timedelta(seconds=10))
    for power in range(25):
        bench.feeder.show(newest(bench)._replace(values={"PAPP": power}))
        bench.run()
        bench.clock.advance(1)
    assert [live.values["PAPP"] for live in bench.sink.shown] == [0, 10, 20]
    bench.clock.advance(6)
    bench.run()
    live = bench.sink.shown[-1]
    assert live.values["PAPP"] == 24
    assert live.age == 7
    assert live.taken_at == START
    assert live.fields == {"power": 230, "current": 1, "current_1": 1}
    assert (live.period, live.ejp) == ("HN", "normal")


def test_a_live_value_of_the_time_when_the_sink_was_away_is_replaced_by_the_newest(bench):
    bench.sink.unavailable()
    bench.feeder.show(newest(bench))
    bench.run()
    bench.clock.advance(300)
    bench.feeder.show(newest(bench))
    bench.sink.back()
    bench.run()
    assert [live.age for live in bench.sink.shown] == [0]


def test_a_call_that_asks_nothing_of_the_far_end_does_not_end_its_absence(bench, caplog):
    caplog.set_level("INFO")

    class Silent:
        """Takes live values only, from a far end that is away."""

        away = True

        def write(self, _records):
            return False

        def live(self, _reading):
            if self.away:
                raise SinkUnavailable("nobody answers")

    bench.sink = Silent()
    bench.feeder = bench.started()
    for number in range(5):
        bench.box.write(range(10 * number, 10 * number + 10))
        bench.feeder.show(newest(bench))
        bench.run()
        bench.clock.advance(LONGEST)
        # There are records, and no reading: the log is read on all the same.
        assert bench.run() == NEVER
        bench.clock.advance(LONGEST)
        assert Follower(bench.box.folder).after(bench.state.read("test").place, 500) is None
    assert bench.feeder.is_away
    assert (bench.feeder.standing.delivered, bench.feeder.standing.last_success) == (0, "")
    bench.sink.away = False
    bench.feeder.show(newest(bench))
    bench.run()
    assert not bench.feeder.is_away
    # That is known to `--status` at once, and not only with the next record.
    kept = bench.state.read("test")
    assert kept.last_success
    assert not kept.unavailable_since
    told = [record.getMessage() for record in caplog.records if "[sink:test]" in record.getMessage()]
    assert len(told) == 2


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ((), "the records wait in the log"),
        (("records",), "the events wait"),
        (("records", "events"), "what it misses is not sent later"),
    ],
)
def test_what_becomes_of_that_which_a_sink_misses_is_told(bench, caplog, missing, words):
    if "records" in missing:
        bench.sink.takes_records = False
    if "events" in missing:
        bench.sink.events = None
        bench.feeder = bench.started()
    bench.sink.unavailable()
    bench.feeder.show(newest(bench))
    bench.run()
    assert [record.getMessage() for record in caplog.records] == [
        f"[sink:test] unavailable: nobody answers; {words}"
    ]


def test_a_success_is_kept_although_the_log_does_not_grow(bench):
    for _ in range(3):
        bench.clock.advance(KEPT_EVERY)
        bench.feeder.show(newest(bench))
        bench.run()
        kept = bench.state.read("test").last_success
        assert kept == bench.feeder.standing.last_success != ""


def test_events_wait_while_the_sink_is_away(bench):
    from linkymonitor.language import as_text

    bench.sink.unavailable()
    bench.feeder.tell([Event("peak", START, "begins", as_text("peak"))])
    bench.run()
    bench.sink.back()
    bench.clock.advance(LONGEST)
    bench.run()
    assert [event.kind for event in bench.sink.told] == ["peak"]


def test_a_sink_without_live_and_events_gets_records(tmp_path):
    class Plain:
        def __init__(self) -> None:
            self.rows = []

        def write(self, records):
            self.rows += records

        def close(self):
            pass

    bench = Bench(tmp_path)
    plain = Plain()
    bench.sink = plain
    feeder = Feeder(
        "plain",
        configured(Collecting()),
        plain,
        Follower(bench.box.folder),
        bench.state,
        Standing(),
        monotonic=bench.clock.monotonic,
    )
    assert (feeder.wants_live, feeder.wants_events) == (False, False)
    feeder.tell([Event("peak", None, "begins", None)])
    bench.box.write(range(3))
    while feeder.step() != NEVER:
        pass
    assert len(plain.rows) == 3


def test_a_state_that_cannot_be_read_is_set_aside_and_the_sink_begins_at_the_end(bench, caplog):
    for content in (b"", b"{}", b"\0" * 300, b'{"place": 3}', b"[1, 2]"):
        (bench.state.directory / "sink-test.json").write_bytes(content)
        assert bench.state.read("test") is None
    assert "--from DATE" in caplog.text
    assert list(bench.state.directory.glob("*.bad-*"))


@pytest.mark.parametrize("name", ["a/b", "..", "#+$", "é è", "x" * 60, "."])
def test_any_name_of_a_sink_has_its_file(bench, name):
    standing = Standing(Place("2026_01_13_linkymonitor.log", 5, "x", 1, "y"), delivered=3)
    bench.state.write(name, standing)
    assert bench.state.read(name) == standing
    assert len(list(bench.state.directory.iterdir())) == 1
    assert bench.state.forget_others(["another"]) == [name]
    assert bench.state.read(name) is None


def test_a_password_is_in_no_log_and_in_no_state(bench, tmp_path, caplog):
    from linkymonitor.sinks.network import read_secret

    path = tmp_path / "password"
    path.write_text("Xq9!canary\n")
    path.chmod(0o600)
    assert read_secret(path, section="[sink:test]") == "Xq9!canary"
    bench.sink.away = RuntimeError("mqtt://me:Xq9!canary@house refused")
    bench.box.write(range(2))
    bench.run()
    bench.sink.back()
    bench.sink.refuse(1, with_=lambda text: SinkRefused("Xq9!canary is wrong"))
    bench.clock.advance(LONGEST)
    bench.run()
    assert "canary" not in caplog.text
    assert "***" in caplog.text
    for file in bench.state.directory.iterdir():
        assert "canary" not in file.read_text()


def test_a_state_folder_that_cannot_be_written_costs_no_record(bench, caplog):
    import shutil

    shutil.rmtree(bench.state.directory)
    bench.state.directory.write_text("a file in its place")
    bench.box.write(range(5))
    bench.run()
    bench.box.write(range(5, 9))
    bench.run()
    assert bench.sink.numbers == list(range(9))
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1


def test_a_log_that_cannot_be_read_is_tried_again(bench):
    bench.box.write(range(3))
    hidden = bench.box.folder.with_name("hidden")
    bench.box.folder.rename(hidden)
    bench.box.folder.write_text("a file in its place")
    due = bench.run()
    assert due > bench.clock.monotonic()
    bench.box.folder.unlink()
    hidden.rename(bench.box.folder)
    bench.clock.advance(60)
    bench.run()
    assert bench.sink.numbers == [0, 1, 2]


def test_a_time_of_last_success_is_in_utc(bench):
    bench.box.write(range(1))
    bench.run()
    assert datetime.fromisoformat(bench.feeder.standing.last_success).tzinfo == UTC
