"""The real process `linkymonitor deliver`, with sinks of ours and of the user."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.commands import PYTHON, until
from tests.support.delivering import SINK
from tests.support.logs import START


def test_records_reach_the_sinks_while_the_log_grows_and_after_a_restart(house):
    house.configure(house.sections + house.csv)
    house.box.write(range(5))
    with house.daemon() as process:
        until(house.has_begun)
        until(lambda: (house.folder / "state/deliver/sink-files.json").exists())
        house.box.write(range(5, 20))
        until(lambda: house.kept() == list(range(5, 20)))
        process.send_signal(signal.SIGTERM)
        assert process.wait(100) == 0
    house.box.write(range(20, 30))
    house.deliver("--once")
    assert house.kept() == list(range(5, 30))
    (path,) = (house.folder / "csv").iterdir()
    assert len(path.read_text().splitlines()) == 1 + 25
    assert {name: sink["lag"] for name, sink in house.status().items()} == {"mine": 0, "files": 0}


def test_from_a_day_on_one_sink_alone_is_fed_again(house):
    house.configure(house.sections + house.csv)
    house.box.write(range(40), every=5000)
    house.deliver("--once")
    assert house.kept() == []
    house.deliver("--from", "2026-02-21", "--sink", "mine", "--once")
    # Local midnight is 23:00 in UTC; record 0 ends 5000 s after 19:10.
    assert house.kept() == list(range(2, 40))
    assert not (house.folder / "csv").exists()


def test_a_past_that_is_fed_shows_its_progress_on_a_terminal(house):
    house.configure(house.sections.replace("batch = 7", "batch = 40"))
    house.ask("slow")
    house.box.write(range(600), every=1500)
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*PYTHON, "deliver", "-c", str(house.config), "--from", "2026-02-20", "--once"],
        env=house.environ,
        stderr=slave,
        stdout=slave,
    )
    os.close(slave)
    shown = b""
    with suppress(OSError):  # the terminal of a process that has ended
        while piece := os.read(master, 4096):
            shown += piece
    assert process.wait(60) == 0
    os.close(master)
    assert house.kept() == list(range(600))
    drawn = re.findall(rb"\r[^\r]* ([ 0-9]+)%  (2026-\d\d-\d\d)", shown)
    assert drawn
    assert sorted(drawn) == drawn


def test_a_second_deliver_ends_with_75(house):
    house.box.write(range(3))
    with house.daemon():
        until(house.has_begun)
        house.deliver("--once", status=75)
        assert "process" in house.errors
        assert "--log-dir" not in house.errors
        # What only looks, and a test of a sink, need not wait.
        assert house.status()["mine"]["lag"] == 0
        assert "taken the record" in house.deliver("--test", "mine")


def test_a_sink_that_is_away_is_told_and_gets_everything_later(house):
    house.box.write(range(3))
    house.deliver("--once")
    away = house.ask("away")
    house.box.write(range(3, 20))
    house.deliver("--once", status=1)
    assert "[sink:mine] unavailable: nobody answers" in house.errors
    assert "has not got everything" in house.errors
    status = house.status(status=1)["mine"]
    assert (status["lag"], status["last_error"]) == (17, "nobody answers")
    assert status["unavailable_since"]
    assert status["next_try"] >= status["last_error_at"]
    kept = house.folder / "state/deliver/sink-mine.json"
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"next_try": "2099-01-01T12:00:00+00:00"}))
    assert "[sink:mine] next try, 2099-01-01" in house.deliver("--status", status=1)
    assert status["age_s"] == 17 * 12
    table = house.deliver("--status", status=1)
    assert "unavailable since" in table
    assert "nobody answers" in table
    assert "nobody answers" in (house.deliver("--test", "mine", status=1) + house.errors)
    away.unlink()
    with house.daemon():
        until(lambda: house.kept() == list(range(3, 20)))
        # The sink was away when another process ended; this one has found it.
        until(lambda: json.loads(kept.read_text())["unavailable_since"] == "")
    assert house.status()["mine"]["next_try"] is None


def test_a_trial_by_another_user_leaves_no_folder_to_the_service(house):
    house.box.write(range(3))
    assert "taken the record" in house.deliver("--test", "mine")
    assert not (house.folder / "state").exists()


def test_a_poisoned_record_is_set_aside_and_shown_in_the_status(house):
    house.box.write(range(3))
    house.deliver("--once")
    house.ask("poison", "7")
    house.box.write(range(3, 20))
    house.deliver("--once")
    assert house.kept() == [number for number in range(3, 20) if number != 7]
    assert house.status()["mine"]["set_aside"] == 1


def test_a_sink_that_hangs_holds_up_no_other_and_no_stop(house):
    house.configure(house.sections + house.csv)
    house.box.write(range(3))
    house.ask("hang")
    with house.daemon() as process:
        until(house.has_begun)
        until(lambda: (house.folder / "state/deliver/sink-files.json").exists())
        house.box.write(range(3, 10))
        until(lambda: len(list((house.folder / "csv").glob("*.csv"))) == 1)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(100) == 0
        assert time.monotonic() - began < 90
    (house.folder / "hang").unlink()
    house.deliver("--once")
    assert house.kept() == list(range(3, 10))


def test_the_past_cannot_be_sent_to_a_sink_that_is_disabled(house):
    house.configure(house.sections + "enabled = no\n")
    house.deliver("--from", "2026-02-20", "--sink", "mine", "--once", status=2)
    assert "enabled = yes" in house.errors


def test_a_status_changes_no_file_even_a_damaged_one(house):
    house.box.write(range(5))
    house.deliver("--once")
    path = house.folder / "state/deliver/sink-mine.json"
    path.write_bytes(b"\0" * 100)
    assert house.status()["mine"]["last_success"] is None
    assert path.read_bytes() == b"\0" * 100


def test_nothing_waits_in_the_log_for_a_sink_of_live_values_alone(house):
    house.configure(house.csv + "[sink:house]\ntype = domoticz\nurl = http://127.0.0.1:9\nidx_energy = 1\n")
    house.box.write(range(5))
    house.deliver("--once")
    house.box.write(range(5, 10))
    status = house.status()
    assert {name: (one["lag"], one["age_s"] is None) for name, one in status.items()} == {
        "files": (5, False),
        "house": (None, True),
    }
    line = next(line for line in house.deliver("--status").splitlines() if line.startswith("house "))
    assert line.split()[2:6] == ["in", "use", "–", "–"]


def test_a_sink_that_is_disabled_has_no_queue(house):
    house.box.write(range(5))
    house.deliver("--once")
    house.configure(house.sections + "enabled = no\n")
    house.box.write(range(5, 10))
    house.deliver("--once")
    assert not house.has_begun()
    house.configure()
    house.box.write(range(10, 15))
    house.deliver("--once")
    house.box.write(range(15, 20))
    house.deliver("--once")
    assert house.kept() == list(range(15, 20))


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("--sink", "mine"), 2, "--sink goes with --from"),
        (("--json",), 2, "--json goes with --status"),
        (("--test", "house"), 2, "[sink:house] is not in"),
        (("--from", "2026-02-20", "--sink", "x", "--once"), 2, "[sink:x] is not in"),
        (("--from", "yesterdy"), 2, "yesterdy"),
        (("--test", "mine"), 1, "no record to be sent"),
    ],
)
def test_wrong_words_are_one_sentence(house, words, status, says):
    house.deliver(*words, status=status)
    assert says in house.errors
    assert "Traceback" not in house.errors


def test_settings_without_a_sink_are_a_failure(house):
    house.configure("")
    house.deliver("--once", status=1)
    assert "no [sink:NAME]" in house.errors


def test_a_sink_that_cannot_be_made_keeps_no_other_from_running(house, call):
    (house.folder / "own/locked.py").write_text(
        SINK.replace(
            "self.folder = settings.folder",
            "from linkymonitor.sinks.network import library\n"
            "        library('nowhere', section='[sink:bad]', extra='bad', debian='python3-nowhere')",
        )
    )
    house.configure(house.sections + f"[sink:bad]\ntype = own.locked\nfolder = {house.folder}\n")
    house.box.write(range(3))
    house.deliver("--once", status=1)
    assert "python3-nowhere" in house.errors
    house.box.write(range(3, 6))
    house.deliver("--once", status=1)
    assert house.kept() == [3, 4, 5]
    status, _, faults = call("check", "-c", house.config)
    assert (status, "python3-nowhere" in faults) == (1, True)


def test_acquire_reads_settings_whose_sinks_cannot_be_made(house, call):
    """A password that is missing, or a broken broker, is no reason to lose the log."""
    (house.folder / "own/locked.py").write_text(
        SINK.replace("self.folder = settings.folder", "raise SystemExit(3)")
    )
    house.configure(f"[sink:bad]\ntype = own.locked\nfolder = {house.folder}\n")
    other = house.folder / "other"
    status, _, errors = call(
        "acquire", "-c", house.config, "-i", "sim:ejp,duration=30s,speed=max", "--log-dir", other
    )
    assert status == 0, errors
    assert list(other.glob("*.log"))


def test_the_log_of_acquire_is_delivered_while_both_run(house):
    """They share files alone; what one writes the other sends."""
    (house.folder / "own/mine.py").write_text(SINK.replace('"index_HN"', '"index_PM"'))
    log = str(house.folder / "log")
    spec = f"sim:ejp,day={START.date()},at=06:30,ejp={START.date()},duration=40m,speed=max"
    with house.daemon():
        until(house.has_begun)
        done = subprocess.run([*PYTHON, "acquire", "-c", str(house.config), "-i", spec, "--log-dir", log])
        assert done.returncode == 0
        wanted = sum(path.read_text().count("\tDATA\t") for path in Path(log).glob("*.log"))
        assert wanted > 50
        until(lambda: len(house.kept()) == wanted)
        until(lambda: ["period", "PM", None] in house.kept("event"))


def test_memory_and_start_are_those_of_a_small_process(house):
    """30 MB with one sink, on a real process; the bench has the figure."""
    house.box.write(range(200), every=60)
    house.configure(house.csv)
    with house.daemon() as process:
        until(lambda: (house.folder / "state/deliver/sink-files.json").exists())
        house.box.write(range(200, 400), every=60)
        until(lambda: len(list((house.folder / "csv").glob("*.csv"))) >= 1)
        status = Path(f"/proc/{process.pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak < 30_000, f"{peak} kB"
