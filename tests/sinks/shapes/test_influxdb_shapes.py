"""InfluxDB in the shapes of LinkyPy and of Sébastien Reuiller, and a real InfluxDB 1."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from linkymonitor.errors import SinkUnavailable
from linkymonitor.sinks.base import House, OfferPrices, Row
from linkymonitor.sinks.shapes.influxdb_linkypy import LinkyPy
from linkymonitor.sinks.shapes.influxdb_linkypy import Settings as LinkyPySettings
from linkymonitor.sinks.shapes.influxdb_reuiller import Reuiller
from linkymonitor.sinks.shapes.influxdb_reuiller import Settings as ReuillerSettings
from tests.support.databases import Influx1
from tests.support.http_server import Sent, serving
from tests.support.shape_frames import GOLDEN, NAMES, live_of_frame

HISTORIQUE = [name for name in NAMES if name.startswith("historique")]
#: The prices that LinkyPy was given when the golden costs were made.
OFFERS = [
    OfferPrices(
        "EDF",
        "Tarif Bleu, HC",
        Decimal("21.23"),
        {"HP": Decimal("0.2068"), "HC": Decimal("0.1565")},
        lambda register, at: register,
    ),
    OfferPrices(
        "EDF", "Tarif Bleu, Base", Decimal("20.1"), {"TH": Decimal("0.1952")}, lambda register, at: "TH"
    ),
    # The colour of a day of the month is not known.
    OfferPrices(
        "EDF",
        "Tempo",
        Decimal("20.1"),
        {"HCJB": Decimal("0.1296"), "HPJB": Decimal("0.1609")},
        lambda register, at: f"{register}JB" if at < 1767500000 else "unknown",
    ),
]


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def offers(_day: date, kva: int) -> Sequence[OfferPrices]:
    return OFFERS if kva == 9 else []


@pytest.fixture
def database(tmp_path):
    made = Influx1(tmp_path / "database")
    try:
        made.start()
        yield made
    finally:
        made.stop()


def linkypy(url: str, **keys) -> LinkyPy:
    settings = LinkyPySettings(**{"name": "l", "url": url, **keys})
    settings.house = House(offers=offers)
    return LinkyPy(settings)


def reuiller(url: str) -> Reuiller:
    return Reuiller(ReuillerSettings(name="r", url=url, database="linky"))


def rows_of(begin: datetime, count: int) -> list[Row]:
    """Return *count* records of a house with off-peak hours, two in each minute."""
    return [
        Row(
            "0440d28074d5",
            0,
            begin + timedelta(seconds=30 * number),
            "HC",
            "HP",
            {
                "power": 500 + number,
                "current": 3,
                "current_1": 3,
                "index_HC": 7000,
                "index_HP": 9000 + number,
            },
            subscribed_power=9000,
        )
        for number in range(count)
    ]


def answered(database: Influx1, query: str) -> list[dict]:
    """Return each row that answers *query*, with its tags, by the names of its columns."""
    return [
        {**series.get("tags", {}), **dict(zip(series["columns"], row, strict=True))}
        for series in database.ask(query)
        for row in series["values"]
    ]


@pytest.mark.server
def test_each_frame_has_the_points_of_linkypy_and_its_policy_and_queries_are_made_once(database, tmp_path):
    at = now()
    for number, name in enumerate(HISTORIQUE):
        box = linkypy(database.url)
        box.live(live_of_frame(name, tmp_path, at + timedelta(seconds=number)))
        box.close()
    local = at.astimezone(ZoneInfo("Europe/Paris"))
    for number, name in enumerate(HISTORIQUE):
        wanted = json.loads((GOLDEN / f"linkypy/{name}.json").read_bytes())["fields"]
        (found,) = answered(
            database,
            f"SELECT * FROM linky_rp.linky WHERE time = {int(at.timestamp()) + number}s",
        )
        assert {label: found[label] for label in wanted} == wanted
        assert {found.get(label) for label in {"HCHC", "HCHP", "PAPP"} - wanted.keys()} <= {None}
        tags = [found[name] for name in ("year_number", "month_number", "month_name")]
        assert tags == [str(local.year), str(local.month), f"{local:%B}"]
    policies = {
        row["name"]: row["duration"] for row in answered(database, "SHOW RETENTION POLICIES ON linky")
    }
    assert policies == {"autogen": "0s", "linky_rp": "168h0m0s"}
    queries = {row["name"]: row["query"] for row in answered(database, "SHOW CONTINUOUS QUERIES")}
    assert queries.keys() == {"linky_mean_cq", "prices_mean_cq"}
    assert "RESAMPLE EVERY 1m FOR 1h" in queries["linky_mean_cq"]
    assert (
        "INTO linky.autogen.linky_mean FROM linky.linky_rp.linky GROUP BY time(1h)"
        in queries["linky_mean_cq"]
    )


@pytest.mark.server
def test_records_that_come_late_are_in_the_hours_of_linkypy_as_in_the_log(database):
    hour = now().replace(minute=0, second=0)
    young, old = rows_of(hour - timedelta(days=3), 240), rows_of(hour - timedelta(days=40), 240)
    box = linkypy(database.url)
    for batch in (old[:50], old[50:], young[:50], young[50:], young[:50]):  # the last one a second time
        box.write(batch)
    box.close()
    found = answered(database, "SELECT HCHC, HCHP, PAPP FROM linky_mean")
    wanted = []
    for begin in (hour - timedelta(days=40), hour - timedelta(days=3)):
        for part in (0, 1):
            powers = [500 + number for number in range(120 * part, 120 * part + 120)]
            wanted.append(
                {
                    "time": int(begin.timestamp()) + 3600 * part,
                    "HCHC": 7000,
                    "HCHP": 9000 + 120 * part + 119,
                    "PAPP": sum(powers) / 120,
                }
            )
    assert found == wanted
    assert len(answered(database, "SELECT PAPP FROM linky_rp.linky")) == 240


def test_the_costs_of_every_offer_are_those_of_linkypy(tmp_path):
    golden = json.loads((GOLDEN / "linkypy/costs.json").read_bytes())
    asked: list[str] = []

    def answer(sent: Sent) -> tuple[int, bytes]:
        if sent.path == "/write":
            return 204, b""
        series = []
        if "SELECT+HCHP" in sent.text:
            asked.append(sent.text)
            series = [{"columns": ["time", "HCHP", "HCHC"], "values": [[1767222000, *golden["first"]]]}]
        return 200, json.dumps({"results": [{"series": series}]}).encode()

    reading = live_of_frame("historique-hc", tmp_path)
    assert [reading.fields["index_HP"], reading.fields["index_HC"]] == golden["now"]
    with serving(answer) as server:
        box = linkypy(server.url)
        box.live(reading)
        box.live(reading._replace(taken_at=reading.taken_at + timedelta(seconds=59)))
        box.live(reading._replace(taken_at=reading.taken_at + timedelta(seconds=60)))
        box.close()
    written = [line for sent in server.sent if sent.path == "/write" for line in sent.text.splitlines()]
    assert "2025-12-31T23%3A00%3A00Z" in asked[0]
    lines = [line for line in written if line.startswith("prices,")]
    assert len(lines) == 4
    assert lines[:2] == [
        "prices,provider=EDF,offer_name=Tarif\\ Bleu\\,\\ HC,offer_type=HPHC,power=9,subscription_price=21.23,"
        "hp_kwh_price=0.2068,hc_kwh_price=0.1565,month_name=January,month_number=1,year_number=2026 "
        f"CURRENT_COST={golden['HPHC']['CURRENT_COST']},ESTIMATED_COST={golden['HPHC']['ESTIMATED_COST']} 1768329730",
        "prices,provider=EDF,offer_name=Tarif\\ Bleu\\,\\ Base,offer_type=BASE,power=9,subscription_price=20.10,"
        "hp_kwh_price=0.1952,hc_kwh_price=0.1952,month_name=January,month_number=1,year_number=2026 "
        f"CURRENT_COST={golden['BASE']['CURRENT_COST']},ESTIMATED_COST={golden['BASE']['ESTIMATED_COST']:.2f} "
        "1768329730",
    ]
    assert {sent.query["rp"] for sent in server.sent if sent.path == "/write"} == {"linky_rp"}


@pytest.mark.server
def test_each_label_is_a_measurement_as_that_program_has_it(database, tmp_path):
    at = now()
    for number, name in enumerate(HISTORIQUE):
        box = reuiller(database.url)
        box.live(live_of_frame(name, tmp_path, at + timedelta(seconds=number)))
        box.close()
        wanted = json.loads((GOLDEN / f"reuiller/{name}.json").read_bytes())
        when = int(at.timestamp()) + number
        # One query a measurement: a query of all of them leaves out those of another type.
        asked = {label: answered(database, f"SELECT * FROM {label} WHERE time = {when}s") for label in wanted}
        found = {label: rows[0] for label, rows in asked.items()}
        assert {label: row["value"] for label, row in found.items()} == {
            label: int(value) if str(value).isdecimal() and label not in ("MOTDETAT", "PPOT") else value
            for label, value in wanted.items()
        }
        assert {(row["host"], row["region"]) for row in found.values()} == {("raspberry", "linky")}


@pytest.mark.server
def test_a_measurement_keeps_the_type_that_it_has(database, tmp_path):
    database.write(
        'EJPHN,host=raspberry,region=linky value="032611000" 1700000000\nPAPP value=12.5 1700000000'
    )
    box = reuiller(database.url)
    box.live(live_of_frame("historique-ejp-notice", tmp_path, now()))
    box.close()
    kinds = {row["fieldKey"]: row["fieldType"] for row in answered(database, "SHOW FIELD KEYS FROM EJPHN")}
    assert kinds == {"value": "string"}
    assert answered(database, "SELECT last(value) AS value FROM EJPHN")[0]["value"] == "32611054"
    assert answered(database, "SELECT last(value) AS value FROM PAPP")[0]["value"] == 1650


@pytest.mark.server
def test_a_measurement_that_another_program_makes_anew_meanwhile_is_written_in_its_new_type(
    database, tmp_path
):
    box = reuiller(database.url)
    box.write(rows_of(now() - timedelta(minutes=10), 1))
    database.ask("DROP MEASUREMENT HCHC")
    database.write('HCHC value="000007000"')
    late = rows_of(now() - timedelta(minutes=5), 1)
    with pytest.raises(SinkUnavailable, match="champ value de la mesure HCHC a le type texte"):
        box.write(late)
    box.write(late)
    box.close()
    assert [row["value"] for row in answered(database, "SELECT value FROM HCHC")] == ["7000", "000007000"]


@pytest.mark.server
def test_a_record_is_written_where_no_reading_was(database, tmp_path):
    box = reuiller(database.url)
    at = now() - timedelta(minutes=10)
    rows = rows_of(at, 4)
    box.live(live_of_frame("standard-hc", tmp_path, rows[1].ended_at - timedelta(seconds=2)))
    box.live(live_of_frame("standard-hc", tmp_path, at)._replace(age=60.0))
    box.write(rows)
    box.write(rows)
    box.close()
    found = answered(database, "SELECT value FROM PAPP")
    assert [row["time"] for row in found] == [
        int(row.timestamp())
        for row in (
            rows[0].ended_at,
            rows[1].ended_at - timedelta(seconds=2),
            rows[2].ended_at,
            rows[3].ended_at,
        )
    ]
    # A meter in standard mode has the labels of the historique mode that mean the same.
    names = {row["name"] for row in answered(database, "SHOW MEASUREMENTS")}
    assert names == {"OPTARIF", "ISOUSC", "HCHC", "HCHP", "PTEC", "IINST", "PAPP"}
    assert {row["value"] for row in answered(database, "SELECT value FROM PTEC")} == {"HP.."}
    assert {row["value"] for row in answered(database, "SELECT value FROM ISOUSC")} == {45}


@pytest.mark.server
def test_a_database_that_was_removed_is_made_again(database, tmp_path):
    for make in (linkypy, reuiller):
        box = make(database.url)
        box.live(live_of_frame("historique-hc", tmp_path, now()))
        database.ask("DROP DATABASE linky")
        with pytest.raises(SinkUnavailable, match="linky"):
            box.live(live_of_frame("historique-hc", tmp_path, now()))
        box.live(live_of_frame("historique-hc", tmp_path, now()))
        assert box.test().fr == "la connexion"
        box.close()


def test_a_server_that_refuses_to_make_anything_is_told(tmp_path):
    said = b'{"results":[{"statement_id":0,"error":"error authorizing query: u not authorized"}]}'
    with serving(lambda _: (200, said)) as server:
        box = linkypy(server.url)
        with pytest.raises(SinkUnavailable) as told:
            box.live(live_of_frame("historique-hc", tmp_path))
        box.close()
    assert re.search("not authorized.*; grant the user all rights", told.value.text.en)


def test_a_server_with_many_queries_of_others_is_read_to_the_end(tmp_path):
    others = [["other", "x" * 200]] * 500
    asked = []

    def answer(sent: Sent) -> tuple[int, bytes]:
        if sent.path == "/write":
            return 204, b""
        asked.append(sent.text)
        there = [["linky_mean_cq", "SELECT"], ["prices_mean_cq", "SELECT"]]
        series = {
            "q=SHOW+DATABASES": [{"name": "databases", "values": [["linky"]]}],
            "q=SHOW+RETENTION": [{"name": "", "values": [["linky_rp", "168h0m0s"]]}],
            "q=SHOW+CONTINUOUS": [{"name": "others", "values": others}, {"name": "linky", "values": there}],
        }
        found = next((value for head, value in series.items() if sent.text.startswith(head)), [])
        return 200, json.dumps({"results": [{"series": found}]}).encode()

    with serving(answer) as server:
        box = linkypy(server.url)
        box.live(live_of_frame("historique-base", tmp_path))
        box.close()
    assert len(asked) == 3
