"""Every message of a day in each of four contracts is as its schema in etc/schema/ has it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.follower import Follower, Place
from linkymonitor.delivery.days import Days
from linkymonitor.delivery.events import Known, Watch, Watched, of_entry, of_rows
from linkymonitor.delivery.feeder import live_of
from linkymonitor.delivery.rows import rows_of
from linkymonitor.language import Text
from linkymonitor.live.latest import Latest
from linkymonitor.live.reading import Watcher
from linkymonitor.model.reading import View
from linkymonitor.model.terms import Ejp
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.sinks.base import Event
from linkymonitor.sinks.webhook import Settings as WebhookSettings
from linkymonitor.sinks.webhook import Webhook
from linkymonitor.state.tariff import TariffFold
from linkymonitor.system.resources import shipped
from linkymonitor.system.storage import Storage
from linkymonitor.tic.interpret import interpret
from tests.support.contracts import HOUSES, write_days
from tests.support.http_server import serving
from tests.support.mosquitto import mosquitto, subscribed
from tests.support.mqtt_box import sink as mqtt_sink
from tests.support.schema import faults, schema

NAMES = sorted(path.name.removesuffix("-1.json") for path in shipped("etc/schema").glob("*-1.json"))
HOSTILE = 'MSG1 "\\\n\x1b[2J </script> é☃'


def check(name: str, documents: list[dict]) -> None:
    """Check each of *documents* against the schema *name*."""
    wanted = schema(name)
    assert documents
    for document in documents:
        assert faults(document, wanted) == [], document


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """Return the folder of a log of four days."""
    folder = tmp_path_factory.mktemp("contracts")
    write_days(folder)
    return folder


def content(log):
    """Return the rows of the log, and the events that its lines make."""
    follower, place, known = Follower(log), Place(), Known()
    rows, events = [], []
    while (piece := follower.after(place, 5000)) is not None:
        place = piece.end
        for item in piece.content:
            if isinstance(item, Columns):
                new = list(rows_of(item))
                made, known = of_rows(new, known)
                rows += new
                events += made
            else:
                event, known = of_entry(item, known, place.series)
                events += [event] if event else []
    return rows, events


def readings(folder):
    """Yield each tenth minute of each house: the content of latest.json, and what `deliver` reads of it."""
    latest, watcher = Latest(Storage(), folder), Watcher(folder, lambda: 1e6)
    for spec in HOUSES:
        options = parse_spec(spec)
        house = House(options)
        tariff = TariffFold()
        for minute in range(0, 24 * 60, 10):
            at = options.start + timedelta(minutes=minute)
            reading = interpret(house.frame_at(at), options.mode, at)
            latest.write(View(reading=reading, tariff=tariff.update(reading), now=1000.0 + 60 * minute))
            newest = watcher.read()
            assert newest is not None
            yield json.loads((folder / "latest.json").read_bytes()), newest


def test_the_schemas_name_their_draft_and_their_version():
    assert NAMES == ["event", "latest", "live", "record", "report"]
    for name in NAMES:
        found = schema(name)
        assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert found["$id"] == f"urn:linkymonitor:schema:{name}:1"
        assert found["properties"]["schema"]["const"] == 1


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("event", {"schema": 1, "kind": "peak"}),
        (
            "record",
            {
                "schema": 2,
                "meter": "",
                "series": 0,
                "ended_at": "2026-01-13T17:58:12Z",
                "contract": "",
                "period": "",
            },
        ),
        (
            "record",
            {"schema": 1, "meter": "", "series": 0, "ended_at": "13/01/2026", "contract": "", "period": ""},
        ),
        (
            "record",
            {
                "schema": 1,
                "meter": "",
                "series": 0,
                "ended_at": "2026-01-13T17:58:12Z",
                "contract": "",
                "period": "",
                "power": 1.5,
            },
        ),
        (
            "record",
            {
                "schema": 1,
                "meter": "",
                "series": True,
                "ended_at": "2026-01-13T17:58:12Z",
                "contract": "",
                "period": "",
            },
        ),
        (
            "record",
            {
                "schema": 1,
                "meter": "",
                "series": 0,
                "ended_at": "2026-01-13T17:58:12Z",
                "contract": "",
                "period": "",
                "volts": 1,
            },
        ),
    ],
)
def test_what_breaks_a_schema_is_found(name, document):
    assert faults(document, schema(name))


@pytest.mark.server
def test_every_message_on_mqtt_is_as_its_schema_has_it(log, tmp_path):
    rows, events = content(log)
    hostile = [event._replace(text=Text(HOSTILE, HOSTILE), value=HOSTILE) for event in events[:1]]
    with mosquitto(tmp_path / "broker") as broker, subscribed(broker.port) as subscriber:
        sink = mqtt_sink(broker.port, None)
        sink.write([*rows, rows[0]._replace(contract=HOSTILE, period=HOSTILE)])
        sink.events([*events, *hostile])
        shown = 0
        for _, newest in readings(tmp_path):
            sink.live(live_of(newest, newest.heard + 0.5))
            shown += 1
        sink.close()
        check("record", subscriber.documents("record"))
        check("event", subscriber.documents("event"))
        check("live", subscriber.documents("live"))
        assert len(subscriber.documents("record")) == len(rows) + 1
        assert len(subscriber.documents("live")) == shown


def test_every_event_of_a_webhook_is_as_its_schema_has_it(log, tmp_path, call, apart):
    _, events = content(log)
    assert {event.kind for event in events} >= {"period", "contract"}
    watch = Watch(Watched(), datetime(2026, 1, 1, tzinfo=UTC))
    for _, newest in readings(tmp_path):
        for age in (0.0, 100.0):
            events += watch.update(newest, age, newest.taken_at)
    status, _, err = call(
        "report", "--log-dir", log, "-o", tmp_path / "pages", "-s", "2026-01-10", "-e", "2026-01-13"
    )
    assert status == 0, err
    days = Days(log, "Europe/Paris", Storage()).events()
    assert [day.value for day in days] == ["2026-01-10", "2026-01-11", "2026-01-12"]
    events += [*days, Event("note", None, "", Text(HOSTILE, HOSTILE), "ERROR")]
    kinds = {"period", "contract", "note", "notice", "peak", "overload", "silence", "day"}
    with serving(lambda _: (204, b"")) as server:
        hook = Webhook(WebhookSettings(name="hook", url=server.url, events=tuple(kinds)))
        hook.events(events)
        hook.close()
    sent = [json.loads(request.body) for request in server.sent]
    assert {document["kind"] for document in sent} >= {
        "period",
        "contract",
        "note",
        "notice",
        "peak",
        "silence",
        "day",
    }
    check("event", sent)


def test_every_latest_json_is_as_its_schema_has_it(tmp_path):
    documents = [document for document, _ in readings(tmp_path)]
    check("latest", documents)
    assert {document["ejp"] for document in documents} >= {"normal", "peak"}
    assert Ejp.UNKNOWN.value in schema("latest")["properties"]["ejp"]["enum"]


@pytest.mark.parametrize(
    "days", [("10", "10"), ("11", "11"), ("12", "12"), ("13", "13"), ("10", "13"), ("20", "20")]
)
def test_the_figures_of_report_are_as_their_schema_has_them(log, call, apart, days):
    first, last = days
    prices = log.parent / "prices.ini"
    prices.write_text("[tariff]\nbase = 0,20\nhn = 0,15\npm = 0,90\nsubscription_month = 12,50\n")
    for words in ((), ("-c", prices)):
        status, out, _ = call(
            "report", *words, "--log-dir", log, "-s", f"2026-01-{first}", "-e", f"2026-01-{last}", "--json"
        )
        assert status == 0
        check("report", [json.loads(out)])
