"""`acquire`: its sources, its end, and the files that it leaves."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from linkymonitor.daily_log.files import file_of
from tests.support.commands import AT, DAY, PYTHON, daemon, log_text, records, until, wire
from tests.support.pty_meter import PtyMeter

pytestmark = pytest.mark.usefixtures("apart")


@pytest.mark.parametrize("source", ["file", "-", "stdin", "sim:hc", "pipe"])
def test_what_is_not_a_meter_needs_a_log_directory_by_name(call, historique, tmp_path, source):
    if source == "pipe":
        os.mkfifo(tmp_path / "pipe")
        source = tmp_path / "pipe"
    status, out, err = call("acquire", "-i", historique if source == "file" else source)
    assert (status, out) == (2, "")
    assert "--log-dir" in err
    assert err.count("\n") == 1


def test_a_file_that_is_not_there_is_1_and_one_sentence(call, tmp_path):
    status, _, err = call("acquire", "-i", tmp_path / "gone.tic", "--log-dir", tmp_path / "log")
    assert status == 1
    assert err.count("\n") == 1
    assert "fichier absent" in err
    assert not (tmp_path / "log").exists()


def test_a_wrong_simulator_is_wrong_usage(call, tmp_path):
    status, _, err = call("acquire", "-i", "sim:tempoo", "--log-dir", tmp_path / "log")
    assert status == 2
    assert err == "linkymonitor: sim:tempoo : tempoo : inconnu, vouliez-vous dire tempo ?\n"
    assert call("decode", "sim:seed=x")[0] == 2


def test_the_fault_of_a_long_simulator_does_not_repeat_it(call, tmp_path):
    source = "sim:ejp,pv,seed=7,day=2026-01-13,at=18:58,notice=6h,power=9,kinds=flip+burst,tempoo"
    status, _, err = call("acquire", "-i", source, "--log-dir", tmp_path / "log")
    assert status == 2
    assert err == "linkymonitor: sim : tempoo : inconnu, vouliez-vous dire tempo ?\n"


@pytest.mark.parametrize("mode", ["historique", "standard"])
def test_acquire_logs_a_file_on_the_time_of_the_wire(call, historique, standard, tmp_path, mode):
    """A byte lasts ten bits, a gap 25 ms; the DATE of a standard meter corrects the clock."""
    path, folder = {"historique": historique, "standard": standard}[mode], tmp_path / "log"
    start = datetime.fromisoformat("2026-03-01T12:00:00+01:00" if mode == "historique" else AT)
    began = time.monotonic()
    assert call("acquire", "-i", path, "--log-dir", folder, "--at", start.isoformat())[0] == 0
    assert time.monotonic() - began < 20
    logged = records(folder)
    length = {"historique": 10 / 1200, "standard": 10 / 9600}[mode] * path.stat().st_size
    sent = re.findall(rb"[\x03\x83]", path.read_bytes())
    wanted = start + timedelta(seconds=length + 0.025 * len(sent))
    # A stamp is cut to the second, and DATE is the time of the beginning of the frame.
    assert timedelta(0) <= wanted - logged[-1].ended_at < timedelta(seconds=3)
    assert sum(record.frames for record in logged) == len(sent)
    assert [record.frames for record in logged[:-1]] == [8] * (len(logged) - 1)
    assert 1 <= logged[-1].frames <= 8, "the last record is shorter, and is there"


def test_a_standard_meter_s_date_wins_over_the_start(call, standard, tmp_path):
    call("acquire", "-i", standard, "--log-dir", tmp_path / "log", "--at", "2026-12-24T12:00:00+01:00")
    # The first DATE is the time of the capture.
    assert {record.ended_at.date() for record in records(tmp_path / "log")} == {DAY.date()}


def test_without_at_a_file_begins_now(call, historique, tmp_path):
    before = datetime.now(UTC).replace(microsecond=0)
    call("acquire", "-i", historique, "--log-dir", tmp_path / "log")
    first = records(tmp_path / "log")[0]
    assert before <= first.ended_at <= datetime.now(UTC) + timedelta(seconds=15)


def test_time_ends_a_run_on_the_time_of_the_wire(call, historique, tmp_path):
    call("acquire", "-i", historique, "--log-dir", tmp_path / "log", "--at", AT, "-t", "60")
    ran = records(tmp_path / "log")[-1].ended_at - datetime.fromisoformat(AT)
    assert 57 <= ran.total_seconds() <= 60


def test_a_recording_is_replayed_at_its_own_time(call, tmp_path):
    from linkymonitor.source.recording import block, header

    frame = wire("hc,seed=1", 0.01)
    (tmp_path / "r.rec").write_bytes(
        header(DAY) + b"".join(block(10.0 * number, frame) for number in range(20))
    )
    call("acquire", "-i", tmp_path / "r.rec", "--log-dir", tmp_path / "log")
    assert records(tmp_path / "log")[-1].ended_at == DAY + timedelta(seconds=190)


def test_the_simulator_as_fast_as_can_be_lives_its_own_day(call, tmp_path):
    spec = "sim:ejp,day=2027-01-13,at=06:50,peak,duration=20m,every=5s,speed=max"
    assert call("acquire", "-i", spec, "--log-dir", tmp_path / "log")[0] == 0
    logged = records(tmp_path / "log")
    peak = next(record for record in logged if record.tariff_period == "PM..")
    assert peak.started_at >= datetime(2027, 1, 13, 5, 59, 50, tzinfo=UTC)
    assert logged[-1].ended_at > datetime(2027, 1, 13, 6, 9, 50, tzinfo=UTC)


def test_stdin_is_read_to_its_end(historique, tmp_path):
    done = subprocess.run(
        [*PYTHON, "acquire", "-i", "-", "--log-dir", "log", "--at", AT],
        input=historique.read_bytes(),
        capture_output=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert sum(record.frames for record in records(tmp_path / "log")) > 30


def test_files_are_private_to_the_user_and_the_group(call, historique, tmp_path):
    call("acquire", "-i", historique, "--log-dir", tmp_path / "log", "--at", AT)
    for path in (tmp_path / "log").iterdir():
        assert path.stat().st_mode & 0o027 == 0, path
    assert (tmp_path / "log" / "salt").stat().st_mode & 0o077 == 0


def test_the_log_directory_is_made_and_a_file_in_its_place_is_one_sentence(call, historique, tmp_path):
    assert call("acquire", "-i", historique, "--log-dir", tmp_path / "a/b/log", "--at", AT)[0] == 0
    (tmp_path / "taken").write_text("")
    status, _, err = call("acquire", "-i", historique, "--log-dir", tmp_path / "taken", "--at", AT)
    assert status == 1
    assert err.count("\n") == 1


def test_a_log_that_is_refused_until_the_end_is_told_and_is_1(call, historique, tmp_path, caplog):
    folder = tmp_path / "log"
    folder.mkdir()
    file_of(folder, DAY.date()).symlink_to(tmp_path / "elsewhere")
    status, _, _ = call("acquire", "-i", historique, "--log-dir", folder, "--at", AT)
    assert status == 1
    last = [record.getMessage() for record in caplog.records if record.name == "linkymonitor.daily_log"][-1]
    assert "sont perdues" in last


def test_a_device_that_is_not_there_is_one_warning_and_no_failure(tmp_path):
    done = subprocess.run(
        [*PYTHON, "acquire", "-i", "/dev/ttyLinky7", "--log-dir", "log", "-t", "2"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert done.returncode == 0
    assert done.stderr.count("ATTENTION ") == 1
    assert "/dev/ttyLinky7 : absent ; branchez le module TIC" in done.stderr


def test_the_daemon_reads_a_meter_locks_and_stops_clean(tmp_path):
    folder, runtime = tmp_path / "log", tmp_path / "run"
    with PtyMeter() as meter:
        over = threading.Event()
        sent = wire("ejp,seed=3,day=2027-01-13,at=19:00", 5)

        def speak():
            while not over.is_set():
                for start in range(0, len(sent), 40):
                    meter.write(sent[start : start + 40])
                    if over.wait(0.02):
                        return

        speaker = threading.Thread(target=speak)
        speaker.start()
        try:
            (tmp_path / "my.ini").write_text(
                f"[general]\nruntime_dir = {runtime}\nraw_values = yes\n"
                f"[log]\ndir = {folder}\nsync_every = 100ms\n"
            )
            with daemon("acquire", "-c", tmp_path / "my.ini", "-i", meter.path) as first:
                latest = runtime / "latest.json"
                until(latest.exists)
                until(lambda: "\tDATA\t" in log_text(folder))
                document = json.loads(latest.read_text())
                assert document["schema"] == 1
                assert document["mode"] == "historique"
                assert document["values"]["ADCO"].startswith("*********")
                assert document["raw"]["ADCO"] == [None, document["values"]["ADCO"]]
                assert int(document["raw"]["PAPP"][1]) == document["values"]["PAPP"]
                # Both the port and the log are locked.
                with daemon("acquire", "-i", meter.path, "--log-dir", "other", LANG="en_US.UTF-8") as second:
                    _, err = second.communicate(timeout=100)
                assert second.returncode == 75
                assert str(first.pid).encode() in err
                with daemon("acquire", "-i", "sim:hc", "--log-dir", folder) as third:
                    _, err = third.communicate(timeout=100)
                assert third.returncode == 75
                assert str(first.pid).encode() in err
                first.send_signal(signal.SIGTERM)
                first.send_signal(signal.SIGTERM)
                _, err = first.communicate(timeout=100)
            assert first.returncode in (0, -signal.SIGTERM)
            assert b"Traceback" not in err
        finally:
            over.set()
            speaker.join()
    assert not latest.exists()
    assert "Arrêt : " in log_text(folder).splitlines()[-1]


def test_storms_of_signals_leave_whole_lines(tmp_path):
    """Many signals to stop are one stop."""
    for number in range(4):
        folder = tmp_path / f"log{number}"
        with daemon("acquire", "-i", "sim:hc", "--log-dir", folder) as process:
            until(lambda folder=folder: list(folder.glob("*.lock")) or list(folder.glob(".*lock")))
            while process.poll() is None:
                process.send_signal(signal.SIGTERM if number % 2 else signal.SIGINT)
                time.sleep(0.001 * number)
            _, err = process.communicate(timeout=100)
        assert process.returncode in (0, -signal.SIGTERM, -signal.SIGINT, 1), err
        text = log_text(folder)
        assert text == "" or text.endswith("\n")
        with daemon("acquire", "-i", "sim:hc,speed=max,duration=30s", "--log-dir", folder) as again:
            again.communicate(timeout=100)
        assert again.returncode == 0, "the lock is let go of by death"


@pytest.mark.parametrize("watched_by_systemd", [False, True])
def test_acquire_opens_no_socket_but_that_of_the_service_manager(historique, tmp_path, watched_by_systemd):
    notify = tmp_path / "notify"
    environ = dict(os.environ)
    if watched_by_systemd:
        environ |= {"NOTIFY_SOCKET": str(notify), "WATCHDOG_USEC": "30000000"}
    watched = (
        "import sys\n"
        "def hook(event, arguments):\n"
        "    if event == 'socket.__new__':\n"
        "        sys.stderr.write(f'SOCKET of family {int(arguments[1])}\\n')\n"
        "    elif event.startswith('socket.'):\n"
        "        sys.stderr.write(f'SOCKET {event} {arguments[1:]}\\n')\n"
        "sys.addaudithook(hook)\n"
        "from linkymonitor.cli import main\n"
        f"sys.exit(main(['acquire', '-l', '-i', {str(historique)!r}, '--log-dir', 'log', '--at', {AT!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", watched],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        env=environ,
    )
    assert done.returncode == 0, done.stderr
    seen = {line for line in done.stderr.splitlines() if line.startswith("SOCKET")}
    unix = {f"SOCKET of family {int(socket.AF_UNIX)}", f"SOCKET socket.connect ({str(notify)!r},)"}
    assert seen == (unix if watched_by_systemd else set())


@pytest.mark.parametrize(
    ("options", "settings", "estimates"),
    [
        (["-l"], "[tariff]\nhn = 0.15\npm = 0.7\nsubscription_month = 16\n", True),
        (["-l"], "", False),
        (["-l"], "[display]\npages = live\n[tariff]\nhn = 0.15\n", False),
        ([], "[tariff]\nhn = 0.15\npm = 0.7\nsubscription_month = 16\n", False),
    ],
    ids=["shown", "no-price", "no-page", "no-display"],
)
def test_the_month_is_counted_only_for_a_display_that_shows_it(
    historique, tmp_path, options, settings, estimates
):
    (tmp_path / "own.ini").write_text(settings)
    words = ["acquire", *options, "-c", "own.ini", "-i", str(historique), "--log-dir", "log", "--at", AT]
    asked = (
        "import sys\n"
        "from linkymonitor.cli import main\n"
        f"status = main({words!r})\n"
        "print('linkymonitor.estimate.projection' in sys.modules)\n"
        "sys.exit(status)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(estimates)
    assert "Traceback" not in done.stderr


def at_a_terminal(*words, **environ) -> str:
    """Run acquire with its stderr on a terminal; return what the terminal got."""
    controller, terminal = pty.openpty()
    done = subprocess.run(
        [*PYTHON, "acquire", *map(str, words)],
        stderr=terminal,
        timeout=60,
        env={**os.environ, **environ},
        check=True,
    )
    assert done.returncode == 0
    os.close(terminal)
    said = b""
    with suppress(OSError):  # the end of a pty is an error on Linux
        while chunk := os.read(controller, 4096):
            said += chunk
    os.close(controller)
    return said.decode()


def test_by_hand_it_says_what_it_reads_and_where_it_writes(historique, tmp_path):
    words = ("-i", historique, "--log-dir", tmp_path / "log", "--at", AT)
    folder = tmp_path / "log"
    assert at_a_terminal(*words) == (
        f"Lecture de {historique}, mode à trouver ; journal dans {folder} ; Ctrl-C pour arrêter\r\n"
    )
    assert at_a_terminal(*words, "-m", "H", LANG="en_GB.UTF-8") == (
        f"Reading {historique}, mode historique; log in {folder}; Ctrl-C to stop\r\n"
    )


def test_without_a_terminal_it_says_nothing(historique, tmp_path):
    words = ("-i", historique, "--log-dir", tmp_path / "log", "--at", AT)
    done = subprocess.run([*PYTHON, "acquire", *map(str, words)], capture_output=True, timeout=60, check=True)
    assert done.stderr == b""


def test_a_time_that_the_user_gives_is_no_step_of_the_clock_on_stderr(call, historique, tmp_path, caplog):
    for at in (AT, "2026-01-13T18:58:00+01:00"):
        assert call("acquire", "-i", historique, "--log-dir", tmp_path / "log", "--at", at)[0] == 0
    assert "Horloge" not in caplog.text
    assert "Horloge : l'heure recule de" in log_text(tmp_path / "log")
