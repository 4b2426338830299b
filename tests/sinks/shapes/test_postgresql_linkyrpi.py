"""The tables of LinkyRPi in a real PostgreSQL: the rows of that program, and those of the log.

The files of tests/golden/shapes/linkyrpi-tables were made by LinkyRPi itself, in which five faults were mended, so
that its statements run at all: an empty value, a kVA with a point, a date that begins with the day, a column named
twice, and columns that its table does not have.
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from linkymonitor.errors import SinkUnavailable
from linkymonitor.sinks.base import House, Row
from linkymonitor.sinks.shapes.postgresql_linkyrpi import LinkyRPiTables, Settings
from linkymonitor.system.resources import shipped
from tests.sinks.shapes.test_mqtt_linkyrpi import OF_STATUS, RIGHT
from tests.support.commands import until
from tests.support.contracts import HOUSES, write_days
from tests.support.databases import running
from tests.support.shape_frames import GOLDEN, NAMES, NOW, live_of_frame, number_of
from tests.support.sql_servers import Postgres, psycopg

pytestmark = pytest.mark.server

PARIS = ZoneInfo("Europe/Paris")
TARIFFS = {"BASE": "Tarif de base", "HC": "Heures Creuses", "EJP": "EJP", "TEMPO": "TEMPO"}
#: The contract of the log → the columns of its registers.
INDEXES = {
    "BASE": {"index_TH": "indexbase"},
    "HC": {"index_HC": "indexhc", "index_HP": "indexhp"},
    "EJP": {"index_HN": "indexejpnormale", "index_PM": "indexejppointe"},
    "TEMPO": {
        f"index_{code}": f"index{code.lower()}" for code in ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")
    },
}
COLOURS = {"BLEU": "Bleu", "BLAN": "Blanc", "ROUG": "Rouge"}


@pytest.fixture(scope="module")
def server():
    """Run a real PostgreSQL for the tests of this file."""
    with running(Postgres()) as made:
        yield made


@pytest.fixture
def tables(server, database):
    """Make sinks of the tables, which are closed at the end of the test."""
    made = []

    def make(**keys) -> LinkyRPiTables:
        where = {"host": "127.0.0.1", "port": server.port, "user": "linky", "database": database}
        settings = Settings(**{"name": "old", **where, **keys})
        settings.house = House(raw_values=True)
        made.append(LinkyRPiTables(settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


def content(server, database, table: str, order: str) -> list[dict[str, object]]:
    """Return the rows of *table*, each without what is NULL, and the blanks of texts as one."""
    found = server.ask(database, f"SELECT to_jsonb({table}) FROM {table} ORDER BY {order}")
    return [{name: stripped(value) for name, value in row.items() if value is not None} for (row,) in found]


def stripped(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


def measures(server, database) -> list[dict[str, object]]:
    found = content(server, database, "mesures", "dateheurelinky")
    for row in found:
        del row["abonnementid"]
    return found


def local(row: Row) -> str:
    return f"{row.ended_at.astimezone(PARIS):%Y-%m-%dT%H:%M:%S}"


def expected(row: Row) -> dict[str, object]:
    """Return what Mesures has of *row* alone."""
    fields = row.fields
    cells: dict[str, object] = {column: fields[name] for name, column in INDEXES[row.contract].items()}
    cells["indextotal"] = fields.get("index_total", sum(map(int, cells.values())))
    cells |= {"dateheurelinky": local(row), "puissanceapparente": fields["power"]}
    for name, column in (("current", "intensiteinstantaneephase"), ("voltage", "tensionefficacephase")):
        cells |= {f"{column}{n}": fields[f"{name}_{n}"] for n in (1, 2, 3) if f"{name}_{n}" in fields}
    if row.contract != "BASE":
        cells["periodetarifaireencours"] = row.period
    for word, column in (("colour", "couleurtempojour"), ("tomorrow", "couleurtempodemain")):
        if word in row.words:
            cells[column] = COLOURS[row.words[word]]
    return cells


def test_the_log_of_four_contracts_arrives_row_by_row_and_once(tmp_path, apart, call, server, database, rows):
    write_days(tmp_path / "log", hours=2)
    path = tmp_path / "box.ini"
    path.write_text(
        f"[general]\nstate_dir = {tmp_path}/state\nraw_values = yes\n[log]\ndir = {tmp_path}/log\n"
        f"[sink:old]\n{server.keys(database)}shape = linkyrpi\nrows_every = 1s\n"
    )
    for _ in range(2):  # the second time every record is there already
        status, _, err = call("deliver", "-c", path, "--from", "2026-01-01", "--once")
        assert (status, err) == (0, "")
        assert measures(server, database) == [expected(row) for row in rows]
    assert len(rows) > 110 * len(HOUSES)
    contracts = content(server, database, "abonnement", "datecre")
    assert [one["tarifsouscrit"] for one in contracts] == list(
        dict.fromkeys(TARIFFS[row.contract] for row in rows)
    )
    assert {one["adressecompteur"] for one in contracts} == {row.meter for row in rows}


@pytest.mark.parametrize("name", NAMES)
def test_a_fresh_record_is_the_row_that_the_forerunner_made_of_the_same_frame(
    server, database, tables, tmp_path, name, caplog
):
    reading = live_of_frame(name, tmp_path)
    contract = reading.reading.contract
    fresh = Row("78b79e5069eb", 0, NOW, contract.option, reading.period, reading.fields)
    fresh = fresh._replace(subscribed_power=contract.subscribed_power)
    box = tables(meter_number=number_of(name))
    box.live(reading)
    with caplog.at_level(logging.WARNING):
        box.write([fresh])
    assert caplog.records == []
    wanted = json.loads((GOLDEN / f"linkyrpi-tables/{name}.json").read_text())
    ((meter,), (bought,), (measured,)) = (
        content(server, database, table, "1") for table in ("compteur", "abonnement", "mesures")
    )
    prm = meter.pop("prm")
    assert prm == "" or prm.startswith("***********")
    theirs = {column: stripped(value) for column, value in wanted["compteur"][0].items() if column != "prm"}
    assert meter == theirs
    right = {key.lower(): value for key, value in RIGHT.get(name, {}).items()}
    power = {"intensitesouscrite": contract.subscribed_power // 1000}
    for cells in (bought, measured):
        del cells["abonnementid"]
    assert bought.pop("datecre") == measured["dateheurelinky"] == local(fresh)
    theirs = (
        wanted["abonnement"][0]
        | power
        | {key: right[key] for key in ("tarifsouscrit", "horaireshc") if key in right}
    )
    assert bought == {column: stripped(value) for column, value in theirs.items()}
    theirs = wanted["mesures"][0] | {
        key: value for key, value in right.items() if key.startswith(("index", "periode"))
    }
    left_out = {name.lower() for name in OF_STATUS} if name.startswith("standard") else set()
    left_out |= {f"relais{n}" for n in range(1, 9)} | {"dateheurelinky"}
    assert {key: value for key, value in measured.items() if key not in left_out} == {
        key: stripped(value) for key, value in theirs.items() if key not in left_out
    }


def test_the_status_and_the_relays_say_what_they_are(server, database, tables, tmp_path, rows):
    reading = live_of_frame("standard-tempo-tri", tmp_path)
    relays = reading._replace(raw={**reading.raw, "RELAIS": (None, "003")})
    box = tables()
    box.live(relays)
    box.write([rows[0]._replace(ended_at=NOW)])
    (measured,) = measures(server, database)
    assert [measured[f"relais{n}"] for n in range(1, 9)] == [True, True] + [False] * 6
    assert measured["contactsec"] == "Ouvert"
    assert measured["tarifencoursf"] == "Energie ventilée sur Index 6"
    assert measured["modetic"] == "Standard"


def test_a_contract_that_changes_closes_the_one_before_and_the_past_changes_nothing_of_it(
    server, database, tables, rows
):
    bought = [next(row for row in rows if row.contract == name) for name in ("BASE", "EJP", "TEMPO")]
    times = [NOW + timedelta(days=days) for days in (0, 10, 20)]
    base, ejp, tempo = (
        row._replace(meter="m", ended_at=at, subscribed_power=9000)
        for row, at in zip(bought, times, strict=True)
    )
    more_power = ejp._replace(ended_at=NOW + timedelta(days=15), subscribed_power=12000)
    tables().write([ejp, more_power])
    tables().write([tempo, tempo._replace(ended_at=tempo.ended_at + timedelta(hours=1))])
    tables().write([base, ejp])  # of the past
    found = content(server, database, "abonnement", "datecre")
    assert [
        (one["tarifsouscrit"], one["intensitesouscrite"], one["datecre"], one.get("dateclos"), one["status"])
        for one in found
    ] == [
        ("Tarif de base", 9, local(base), local(ejp), "CLOS"),
        ("EJP", 9, local(ejp), local(more_power), "CLOS"),
        ("EJP", 12, local(more_power), local(tempo), "CLOS"),
        ("TEMPO", 9, local(tempo), None, "OPEN"),
    ]
    linked = server.ask(
        database,
        "SELECT tarifsouscrit, COUNT(*) FROM mesures JOIN abonnement USING (abonnementid)"
        " GROUP BY 1, abonnementid ORDER BY 1, 2",
    )
    assert linked == [("EJP", 1), ("EJP", 1), ("TEMPO", 2), ("Tarif de base", 1)]


def test_a_record_that_does_not_name_its_contract_opens_none(server, database, tables, rows):
    named = [row._replace(meter="m", subscribed_power=9000) for row in rows[:4]]
    tables(rows_every=timedelta(seconds=1)).write(
        [
            named[0],
            named[1]._replace(subscribed_power=None),
            named[2]._replace(contract="", subscribed_power=None),
            named[3],
        ]
    )
    assert len(content(server, database, "abonnement", "datecre")) == 1
    assert len(measures(server, database)) == 4


def test_a_contract_whose_name_is_too_long_is_found_again(server, database, tables, rows):
    long = rows[0]._replace(contract="OFFRE\0 ÉTÉ ☀ " * 10)
    for minute in range(3):
        tables().write([long._replace(ended_at=NOW + timedelta(minutes=minute))])
    (bought,) = content(server, database, "abonnement", "datecre")
    assert bought["tarifsouscrit"].startswith("Tarif inconnu : OFFRE ÉTÉ ☀ OFFRE")
    assert len(measures(server, database)) == 3


def test_a_meter_that_the_log_has_made_is_filled_in_by_its_first_frame(
    server, database, tables, tmp_path, rows
):
    number = number_of("standard-hc")
    first = next(row for row in rows if row.contract == "HC")
    tables(meter_number=number).write([first])
    assert content(server, database, "compteur", "1") == [
        {"adressecompteur": number, "typecompteur": "", "nomcompteur": "", "versiontic": "", "prm": ""}
    ]
    box = tables(meter_number=number)
    box.live(live_of_frame("standard-hc", tmp_path))
    box.write([first._replace(ended_at=NOW, subscribed_power=6000)])
    (meter,) = content(server, database, "compteur", "1")
    assert (meter["typecompteur"], meter["versiontic"]) == ("MONO", "02")


def test_there_is_a_row_a_minute_by_itself_and_a_second_delivery_adds_none(server, database, tables, rows):
    day = [row._replace(ended_at=NOW + timedelta(seconds=12 * n)) for n, row in enumerate(rows[:60])]
    tables().write(day)
    first = measures(server, database)
    assert len({row["dateheurelinky"][:16] for row in first}) == len(first) == 12
    for start in (0, 3, 33):
        tables().write(day[start:])
    assert measures(server, database) == first


def test_tables_of_the_forerunner_stay_as_they_are(server, database, tables, rows, caplog):
    """Narrower, and without an index."""
    server.ask(
        database,
        "CREATE TABLE mesures (abonnementid uuid NOT NULL, dateheurelinky timestamp NOT NULL DEFAULT now(),"
        " indexbase float, puissanceapparente smallint, periodetarifaireencours char(1) NOT NULL)",
    )
    base = next(row for row in rows if row.contract == "BASE")
    ejp = next(row for row in rows if row.contract == "EJP")
    base = base._replace(fields={**base.fields, "power": 36_000, "index_TH": 10**12})
    with caplog.at_level(logging.WARNING):
        tables().write([base, ejp])
    assert measures(server, database) == [
        {"dateheurelinky": local(base), "indexbase": 10**12, "periodetarifaireencours": ""},
        {
            "dateheurelinky": local(ejp),
            "puissanceapparente": ejp.fields["power"],
            "periodetarifaireencours": "",
        },
    ]
    assert sorted(record.getMessage().split(" : ")[0] for record in caplog.records) == [
        f"[sink:old] une valeur n'entre pas dans la colonne mesures.{name}, laissée vide"
        for name in ("periodetarifaireencours", "puissanceapparente")
    ]


def test_a_deadlock_with_another_program_passes_and_no_row_comes_twice(server, database, tables, rows):
    """The server undoes whoever has waited for its deadlock_timeout when the circle is closed: here the sink."""
    batch = [row._replace(meter=meter) for row, meter in zip(rows[:3], ("A", "B", "C"), strict=True)]
    box = tables(rows_every=timedelta(seconds=1))
    box.write(rows[3:4])
    meter = "INSERT INTO compteur (adressecompteur, typecompteur) VALUES (%s, '')"
    waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"
    where = {"host": "127.0.0.1", "port": server.port, "user": "root", "dbname": database}
    with psycopg.connect(**where) as holds_b, psycopg.connect(**where) as holds_c:
        holds_c.execute("SET deadlock_timeout = '1h'")
        holds_b.execute(meter, ("B",))
        holds_c.execute(meter, ("C",))
        sink = threading.Thread(target=box.write, args=(batch,))
        sink.start()
        until(lambda: server.ask(database, waiting) == [(1,)])
        circle = threading.Thread(target=holds_c.execute, args=(meter, ("A",)))
        circle.start()
        until(lambda: server.ask(database, waiting) == [(2,)])
        holds_b.rollback()
        circle.join(100)
        holds_c.rollback()
        sink.join(100)
    box.close()  # its process at the server counts its deadlocks then
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    until(lambda: server.ask(database, deadlocks) == [(1,)])
    assert measures(server, database) == [expected(row) for row in rows[:4]]
    meters = content(server, database, "compteur", "adressecompteur")
    assert {one["adressecompteur"] for one in meters} == {"A", "B", "C", rows[3].meter}


def test_a_second_try_waits_for_a_first_one_that_a_slow_server_still_commits(server, database, tables, rows):
    box = tables(rows_every=timedelta(seconds=1))
    box._server.patience = 30  # noqa: SLF001 -- the server itself gives up so late
    box.write(rows[:1])
    server.ask(
        database,
        "CREATE FUNCTION slow() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.6); RETURN NEW; END $$;"
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON mesures DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
        " EXECUTE FUNCTION slow()",
    )
    box._server.patience = 1  # noqa: SLF001 -- the sink gives up before the server has committed
    with pytest.raises(SinkUnavailable, match="pas de réponse en 1 s"):
        box.write(rows[1:4])
    tables(rows_every=timedelta(seconds=1)).write(rows[1:4])
    assert measures(server, database) == [expected(row) for row in rows[:4]]


def test_a_user_who_may_not_make_the_tables_is_told_which_file_the_owner_runs(server, database, tables, rows):
    server.ask(database, "DROP ROLE IF EXISTS guest", user="root")
    server.ask(database, "CREATE ROLE guest LOGIN", user="root")
    box = tables(user="guest")
    with pytest.raises(SinkUnavailable, match=r"pas de table compteur.*etc/sql/shapes/linkyrpi\.sql"):
        box.write(rows[:3])
    server.ask(database, shipped("etc/sql/shapes/linkyrpi.sql").read_text())
    server.ask(database, "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO guest")
    box.write(rows[:3])
    assert measures(server, database) == [expected(row) for row in rows[:3]]


def test_times_of_another_kind_are_refused_with_the_place_and_the_remedy(server, database, tables, rows):
    server.ask(database, "CREATE TABLE mesures (abonnementid uuid, dateheurelinky timestamptz)")
    with pytest.raises(
        SinkUnavailable, match=r"mesures\.dateheurelinky est de type timestamp with time zone"
    ):
        tables().write(rows[:1])


def test_a_table_without_a_column_that_is_needed_is_refused_by_its_name(server, database, tables, rows):
    tables().write(rows[:1])
    server.ask(database, "ALTER TABLE abonnement DROP COLUMN status")
    with pytest.raises(SinkUnavailable, match=r"la colonne abonnement\.status manque"):
        tables().write(rows[:1])
