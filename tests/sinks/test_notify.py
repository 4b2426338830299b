"""Lines of [notify] run real programs, and send mail by a sendmail of ours."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from linkymonitor.errors import ConfigError, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.settings import Settings as Whole
from linkymonitor.sinks import bounded, notify
from linkymonitor.sinks.base import Event, House
from tests.support.commands import until
from tests.support.http_server import serving
from tests.support.ini import faults, parsed


def event(words: str = "Début de la pointe", **fields) -> Event:
    at = datetime.now(UTC).replace(microsecond=0)
    return Event("peak", at, "begins", Text(words, words), "WARN")._replace(**fields)


def program(folder: Path, body: str) -> Path:
    path = folder / "ring"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def built(folder: Path, line: str):
    settings = parsed(folder, f"[notify]\nme = {line}\n", Whole)
    return settings.destinations["notify.me"].build(House())


def test_a_command_gets_the_event_as_json_on_its_input(tmp_path):
    ring = program(tmp_path, 'cat > "$1"')
    built(tmp_path, f"command {ring} '{tmp_path}/got it'").events([event()])
    found = json.loads((tmp_path / "got it").read_text())
    assert (found["kind"], found["value"], found["text"]) == ("peak", "begins", "Début de la pointe")


@pytest.mark.parametrize("words", ["$(touch owned)", "`touch owned`", "; touch owned", "\n\x00", "--help"])
def test_no_text_becomes_a_command(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    ring = program(tmp_path, "cat > got; echo $# > words")
    built(tmp_path, f"command {ring} one").events([event(words)])
    assert json.loads(Path("got").read_text())["kind"] == "peak"
    assert Path("words").read_text() == "1\n"
    assert not Path("owned").exists()


def test_a_command_that_fails_is_tried_again_with_what_is_left(tmp_path, english):
    ring = program(
        tmp_path, f'cat >> {tmp_path}/got; test -e {tmp_path}/ok || {{ echo "no line" >&2; exit 3; }}'
    )
    one = built(tmp_path, f"command {ring}")
    both = [event("a"), event("b")]
    with pytest.raises(SinkUnavailable, match=r"status 3 \(no line\)"):
        one.events(both)
    (tmp_path / "ok").touch()
    one.events(both)
    one.events(both)
    found = (tmp_path / "got").read_text().replace("}{", "}\n{").splitlines()
    assert [json.loads(line)["text"] for line in found] == ["a", "a", "b"]


def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path, monkeypatch, english):
    monkeypatch.setattr(bounded, "PATIENCE", 0.5)
    ring = program(tmp_path, f"sleep 60 & echo $! > {tmp_path}/pid; sleep 60")
    began = time.monotonic()
    with pytest.raises(SinkUnavailable, match="not finished"):
        built(tmp_path, f"command {ring}").events([event()])
    assert time.monotonic() - began < 50
    child = int((tmp_path / "pid").read_text())
    until(lambda: not is_running(child))


def is_running(pid: int) -> bool:
    """Return whether a process runs; one that nobody has waited for does not."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_a_command_that_leaves_a_child_behind_is_not_waited_for(tmp_path):
    ring = program(tmp_path, "sleep 60 & exit 0")
    began = time.monotonic()
    built(tmp_path, f"command {ring}").events([event()])
    assert time.monotonic() - began < bounded.PATIENCE / 2


def test_a_command_that_prints_without_end_is_ended(tmp_path, english):
    ring = program(tmp_path, "yes")
    with pytest.raises(SinkUnavailable, match="more than 65536 bytes"):
        built(tmp_path, f"command {ring}").events([event()])


def test_an_event_that_is_a_day_old_is_dropped(tmp_path):
    ring = program(tmp_path, f"echo x >> {tmp_path}/got")
    one = built(tmp_path, f"command {ring}")
    one.events([event(at=datetime.now(UTC) - timedelta(days=2))])
    assert not (tmp_path / "got").exists()
    one.events([event(at=None), event(kind="period")])
    assert (tmp_path / "got").read_text() == "x\n"


def test_a_mail_goes_through_sendmail(tmp_path, monkeypatch):
    mailer = program(tmp_path, f'echo "$@" > {tmp_path}/words; cat > {tmp_path}/mail')
    monkeypatch.setattr(notify, "_SENDMAIL", (str(mailer),))
    built(tmp_path, "mail marie@example.org").events([event("Début\r\nBcc: all@example.org")])
    assert (tmp_path / "words").read_text() == "-oi -- marie@example.org\n"
    mail = message_from_bytes((tmp_path / "mail").read_bytes(), policy=default)
    assert mail["To"] == "marie@example.org"
    assert mail["Bcc"] is None
    assert mail["Subject"] == "linkymonitor: Début Bcc: all@example.org"
    assert mail.get_content().startswith("Début Bcc: all@example.org\n")


def test_a_url_gets_no_event_that_is_a_day_old(tmp_path):
    with serving(lambda _: (200, b"")) as server:
        one = built(tmp_path, f"url {server.url}")
        one.events([event(at=datetime.now(UTC) - timedelta(days=2)), event()])
        one.close()
    assert len(server.sent) == 1


@pytest.mark.parametrize(
    "line",
    [
        "command",
        "command 'open",
        "mail nobody at all",
        "mail -oQ/tmp",
        "url",
        "url nowhere",
        "shout",
        "",
        "mail",
    ],
)
def test_a_line_that_leads_nowhere_is_refused(tmp_path, line):
    (fault,) = faults(tmp_path, f"[notify]\nme = {line}\n", Whole)
    assert fault.startswith("[notify] me: expected ")


def test_an_unknown_event_is_refused(tmp_path):
    (fault,) = faults(tmp_path, "[notify]\nevents = pique\n", Whole)
    assert fault.startswith("[notify] events: pique is unknown")


def test_a_program_that_is_not_there_is_named(tmp_path, english):
    with pytest.raises(ConfigError, match="me: nowhere-at-all is not found"):
        built(tmp_path, "command nowhere-at-all")


def test_deliver_sends_a_trial(tmp_path, apart, call):
    ring = program(tmp_path, f"cat > {tmp_path}/got")
    path = tmp_path / "box.ini"
    path.write_text(f"[general]\nlang = en\n[log]\ndir = {tmp_path}\n[notify]\nme = command {ring}\n")
    status, out, err = call("deliver", "-c", path, "--test", "notify.me")
    assert (status, err) == (0, "")
    assert out.startswith("[sink:notify.me] has taken a trial event in ")
    assert json.loads((tmp_path / "got").read_text())["kind"] == "note"
