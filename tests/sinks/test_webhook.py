"""Events go to a URL as signed JSON, or as texts for Slack and ntfy."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linkymonitor.errors import ConfigError, SinkRefused, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.settings import Settings as Whole
from linkymonitor.settings import load
from linkymonitor.sinks.base import Event, House
from linkymonitor.sinks.network import without_secrets
from linkymonitor.sinks.webhook import SIGNATURE, Format, Settings, Webhook
from tests.support.http_server import serving
from tests.support.ini import faults, written

AT = datetime(2026, 1, 13, 6, 0, tzinfo=UTC)
PEAK = Event("peak", AT, "begins", Text("Début de la pointe mobile", "The mobile peak begins"), "WARN")
PERIOD = Event("period", AT, "HC", Text("Période tarifaire : HP → HC", "Tariff period: HP → HC"), before="HP")
NOTE = Event("note", AT, "", Text("une ligne", "a line"))
DAY = Event("day", AT, "2026-01-12", Text("12/01/2026 : 1,00 kWh", "…"), figures={"consumed_wh": 1000})
TAKEN = (200, b"ok")


@pytest.fixture
def hook():
    """Make webhooks, which are closed at the end of the test."""
    made = []

    def make(url: str, **keys) -> Webhook:
        made.append(Webhook(Settings(name="hook", url=url, **keys)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def secret(folder: Path, text: str) -> Path:
    path = folder / text
    path.write_text(f"{text}\n")
    path.chmod(0o640)
    return path


def test_an_event_is_json_whose_signature_proves_who_sent_it(hook, tmp_path):
    with serving(lambda _: TAKEN) as server:
        hook(f"{server.url}/in?x=1", secret_file=secret(tmp_path, "k3y")).events([PEAK])
    (sent,) = server.sent
    assert (sent.path, sent.query) == ("/in", {"x": "1"})
    expected = hmac.new(b"k3y", sent.body, hashlib.sha256).hexdigest()
    assert sent.headers[SIGNATURE.lower()] == f"sha256={expected}"
    assert sent.headers["content-type"] == "application/json"
    found = json.loads(sent.body)
    assert len(found.pop("id")) == 16
    assert found == {
        "schema": 1,
        "kind": "peak",
        "at": "2026-01-13T06:00:00Z",
        "value": "begins",
        "before": "",
        "text": "Début de la pointe mobile",
        "status": "WARN",
        "meter": "",
        "series": 0,
        "since": None,
    }


def test_a_day_has_its_figures(hook):
    with serving(lambda _: TAKEN) as server:
        hook(server.url).events([DAY])
    assert json.loads(server.sent[0].body)["figures"] == {"consumed_wh": 1000}


def test_slack_gets_a_text_without_commands(hook):
    hostile = PEAK._replace(text=Text("<!everyone> & MSG1\n<http://x|y>", ""))
    with serving(lambda _: TAKEN) as server:
        hook(server.url, format=Format.SLACK).events([hostile])
    assert json.loads(server.sent[0].body) == {"text": "&lt;!everyone&gt; &amp; MSG1 &lt;http://x|y&gt;"}


def test_ntfy_gets_a_text_with_a_priority_and_a_token(hook, tmp_path):
    with serving(lambda _: TAKEN) as server:
        one = hook(f"{server.url}/topic", format=Format.NTFY, token_file=secret(tmp_path, "t0ken"))
        one.events([PEAK, PERIOD])
    peak, period = server.sent
    assert peak.body.decode() == "Début de la pointe mobile"
    assert (peak.headers["priority"], period.headers["priority"]) == ("high", "default")
    assert peak.headers["authorization"] == "Bearer t0ken"


@pytest.mark.parametrize("words", ["a\r\nX-Evil: 1", "\x1b[2J", "\ud800", "é" * 5000, '"}', "\u202egnp"])
@pytest.mark.parametrize("form", Format)
def test_hostile_text_breaks_no_form(hook, form, words):
    event = PEAK._replace(text=Text(words, words), value=words, before=words, meter=words)
    with serving(lambda _: TAKEN) as server:
        hook(server.url, format=form).events([event])
    (sent,) = server.sent
    assert "x-evil" not in sent.headers
    text = sent.body.decode() if form is Format.NTFY else json.loads(sent.body)["text"]
    assert text.isprintable()
    assert len(text) <= 1000


def test_only_the_events_that_are_asked_for_are_sent(hook):
    with serving(lambda _: TAKEN) as server:
        hook(server.url).events([NOTE, PERIOD])
        hook(server.url, events=("peak",)).events([NOTE, PERIOD, PEAK])
    assert [json.loads(sent.body)["kind"] for sent in server.sent] == ["period", "peak"]


def test_what_was_sent_before_a_failure_is_not_sent_again(hook):
    answers = [TAKEN, (500, b""), TAKEN]
    with serving(lambda _: answers.pop(0)) as server:
        one = hook(server.url)
        with pytest.raises(SinkUnavailable):
            one.events([PERIOD, PEAK])
        one.events([PERIOD, PEAK])
    assert [json.loads(sent.body)["kind"] for sent in server.sent] == ["period", "peak", "peak"]


def test_an_event_that_is_refused_does_not_hold_up_the_next(hook):
    answers = [(400, b"no such field"), TAKEN]
    with serving(lambda _: answers.pop(0)) as server, pytest.raises(SinkRefused, match="no such field"):
        hook(server.url).events([PERIOD, PEAK])
    assert len(server.sent) == 2


@pytest.mark.parametrize("status", [301, 401, 403, 404, 410, 429, 500])
def test_what_somebody_can_mend_is_tried_again(hook, status):
    with serving(lambda _: (status, b"")) as server, pytest.raises(SinkUnavailable, match=str(status)):
        hook(server.url).events([PEAK])


def test_the_path_of_the_url_is_in_no_message(hook):
    with serving(lambda sent: (404, sent.path.encode())) as server, pytest.raises(SinkUnavailable) as caught:
        hook(f"{server.url}/services/T0/c4nary").events([PEAK])
    assert "c4nary" not in without_secrets(str(caught.value))


def test_a_token_goes_to_another_machine_with_tls_only(tmp_path):
    with pytest.raises(ConfigError, match="example"):
        Webhook(Settings(name="x", url="http://hook.example/", token_file=secret(tmp_path, "t0ken")))


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("https://hooks.slack.com/services/T0/B0/c4nary", True),
        ("https://ntfy.sh/un-sujet-c4nary", True),
        ("http://homeassistant.lan:8123/api/webhook/c4nary", True),
        ("http://127.0.0.1:1880/linkymonitor/c4nary", False),
        ("https://ntfy.sh/maison", False),
        ("http://192.168.1.4:8080", False),
    ],
)
@pytest.mark.parametrize("lines", ["[sink:x]\ntype = webhook\nurl = {}\n", "[notify]\nx = url {}\n"])
def test_an_address_that_is_a_secret_is_refused_where_everybody_may_read_it(tmp_path, url, secret, lines):
    path = written(tmp_path, lines.format(url))
    (sink,) = load(path).destinations.values()
    path.chmod(0o644)
    if secret:
        with pytest.raises(ConfigError, match=r"url : tout le monde peut le lire ; .* url_file") as caught:
            sink.build(House(config=path))
        assert "c4nary" not in str(caught.value)
    else:
        sink.build(House(config=path)).close()
    path.chmod(0o640)
    sink.build(House(config=path)).close()


@pytest.mark.parametrize("line", ["type = webhook\nurl_file = {}\n", "x = url_file {}\n"])
def test_an_address_in_a_file_of_its_own_is_used_and_never_shown(tmp_path, line):
    with serving(lambda sent: (404, sent.path.encode())) as server:
        address = secret(tmp_path, "address")
        address.write_text(f"{server.url}/services/c4nary\n")
        section = "[sink:x]" if "type" in line else "[notify]"
        path = written(tmp_path, f"{section}\n{line.format(address)}")
        (sink,) = load(path).destinations.values()
        built = sink.build(House(config=path))
        with pytest.raises(SinkUnavailable) as caught:
            built.events([PEAK._replace(at=datetime.now(UTC))])
        built.close()
        assert server.sent[0].path == "/services/c4nary"
        assert "c4nary" not in without_secrets(str(caught.value))
        address.write_text("ntfy.sh/c4nary\n")
        with pytest.raises(ConfigError, match=r"url_file : on attend") as caught:
            sink.build(House(config=path))
        assert "c4nary" not in str(caught.value)
        address.chmod(0o644)
        with pytest.raises(ConfigError, match="chmod o="):
            sink.build(House(config=path))


def test_the_host_decides_the_form_when_none_is_set(hook, monkeypatch):
    find = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _host, *words, **keys: find("127.0.0.1", *words, **keys)
    )
    with serving(lambda _: TAKEN) as server:
        for host in ("ntfy.example", "hooks.slack.com", "house.example"):
            hook(server.url.replace("127.0.0.1", host)).events([PEAK])
    ntfy, slack, json_form = server.sent
    assert ntfy.headers["title"] == "linkymonitor"
    assert json.loads(slack.body).keys() == {"text"}
    assert json.loads(json_form.body)["kind"] == "peak"


def test_bad_settings_are_named(tmp_path):
    told = faults(
        tmp_path, "[sink:x]\ntype = webhook\nurl = nowhere\nevents = peak, pique\nformat = json\n", Whole
    )
    assert [fault.partition(";")[0] for fault in told] == [
        "[sink:x] url: expected an address such as http://192.168.1.20:8086",
        "[sink:x] events: pique is unknown",
    ]
    (both,) = faults(tmp_path, "[sink:x]\ntype = webhook\nurl = http://a\nurl_file = /b\n", Whole)
    assert both == "[sink:x] url: does not go with url_file; keep one"
    (neither,) = faults(tmp_path, "[sink:x]\ntype = webhook\n", Whole)
    assert neither == "[sink:x] url: missing; expected an address, or url_file"
