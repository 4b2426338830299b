"""The table of hallard/teleinfo in a real MariaDB: the rows of that program, and those of the log."""

from __future__ import annotations

import json
import logging
import threading
from contextlib import closing
from datetime import timedelta

import pytest

from linkymonitor.errors import BadSetting, SinkUnavailable
from linkymonitor.sinks.base import House, Row
from linkymonitor.sinks.shapes import mariadb_hallard
from linkymonitor.sinks.shapes.mariadb_hallard import HallardTable, Settings
from linkymonitor.system.resources import shipped
from tests.support.commands import until
from tests.support.contracts import HOUSES, write_days
from tests.support.databases import running
from tests.support.full_disk import taken
from tests.support.shape_frames import GOLDEN, NAMES, NOW, live_of_frame, number_of
from tests.support.sql_servers import Maria, pymysql

pytestmark = pytest.mark.server

COLUMNS = (
    *(
        "DATE",
        "ADCO",
        "OPTARIF",
        "ISOUSC",
        "BASE",
        "HCHC",
        "HCHP",
        "BBRHCJB",
        "BBRHPJB",
        "BBRHCJW",
        "BBRHPJW",
    ),
    *(
        "BBRHCJR",
        "BBRHPJR",
        "DEMAIN",
        "EJPHN",
        "EJPHPM",
        "PEJP",
        "PTEC",
        "IINST1",
        "IINST2",
        "IINST3",
        "IMAX1",
    ),
    *("IMAX2", "IMAX3", "HHPHC", "PMAX", "PAPP", "ADPS", "MOTDETAT", "TENSION"),
)
#: The contract of the log → the columns of its registers.
INDEXES = {
    "BASE": {"index_TH": "BASE"},
    "HC": {"index_HC": "HCHC", "index_HP": "HCHP"},
    "EJP": {"index_HN": "EJPHN", "index_PM": "EJPHPM"},
    "TEMPO": {
        "index_HCJB": "BBRHCJB",
        "index_HPJB": "BBRHPJB",
        "index_HCJW": "BBRHCJW",
        "index_HPJW": "BBRHPJW",
        "index_HCJR": "BBRHCJR",
        "index_HPJR": "BBRHPJR",
    },
}
OPTIONS = {"BASE": "BASE", "HC": "HC..", "EJP": "EJP.", "TEMPO": "BBR("}
PERIODS = {"TH": "TH..", "HC": "HC..", "HP": "HP..", "HN": "HN..", "PM": "PM.."}


@pytest.fixture(scope="module")
def server():
    """Run a real MariaDB whose clock is far from Paris for the tests of this file."""
    with running(Maria("--default-time-zone=-03:30")) as made:
        yield made


@pytest.fixture
def table(server, database):
    """Make sinks of the table, which are closed at the end of the test."""
    made = []

    def make(**keys) -> HallardTable:
        where = {"host": "127.0.0.1", "port": server.port, "user": "linky", "database": database}
        settings = Settings(**{"name": "old", **where, **keys})
        settings.house = House(raw_values=True)
        made.append(HallardTable(settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


#: How many deadlocks the server has ended.
DEADLOCKS = (
    "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'innodb_deadlocks'"
)


def content(server, database, columns=COLUMNS, name="DbiTeleinfo") -> list[dict[str, object]]:
    """Return the rows of the table in the order of their making, each without what is NULL."""
    found = server.ask(database, f"SELECT {', '.join(columns)} FROM {name} ORDER BY id")
    return [{c: v for c, v in zip(columns, row, strict=True) if v is not None} for row in found]


def in_the_zone_of_the_server(row: Row):
    return (row.ended_at + timedelta(hours=-3, minutes=-30)).replace(tzinfo=None)


def expected(row: Row) -> dict[str, object]:
    """Return what the table has of *row* alone."""
    three = "current_2" in row.fields
    cells = {
        "DATE": in_the_zone_of_the_server(row),
        "ADCO": row.meter,
        "OPTARIF": OPTIONS[row.contract],
        "ISOUSC": row.subscribed_power // (600 if three else 200),
        "PTEC": PERIODS.get(row.period, row.period),
        "PAPP": row.fields["power"],
        "IINST1": row.fields["current_1"],
    }
    cells |= {
        column: row.fields[name] for name, column in INDEXES[row.contract].items() if name in row.fields
    }
    cells |= {f"IINST{n}": row.fields[f"current_{n}"] for n in (2, 3) if three}
    if "voltage_1" in row.fields:
        cells["TENSION"] = row.fields["voltage_1"]
    if "tomorrow" in row.words:
        cells["DEMAIN"] = row.words["tomorrow"]
    return cells


def test_the_log_of_four_contracts_arrives_row_by_row_and_once(tmp_path, apart, call, server, database, rows):
    write_days(tmp_path / "log", hours=2)
    path = tmp_path / "box.ini"
    path.write_text(
        f"[general]\nstate_dir = {tmp_path}/state\nraw_values = yes\n[log]\ndir = {tmp_path}/log\n"
        f"[sink:old]\n{server.keys(database)}shape = hallard\n"
    )
    for _ in range(2):  # the second time every record is there already
        status, _, err = call("deliver", "-c", path, "--from", "2026-01-01", "--once")
        assert (status, err) == (0, "")
        assert content(server, database) == [expected(row) for row in rows]
    assert {row.contract for row in rows} == OPTIONS.keys()
    assert len(rows) > 110 * len(HOUSES)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("historique")])
def test_a_fresh_record_is_the_row_that_the_forerunner_made_of_the_same_frame(
    server, database, table, tmp_path, name, rows
):
    """The files were made by that program, in a table to which the owner of three phases has added PPOT."""
    box = table(meter_number=number_of(name))
    fresh = rows[0]._replace(ended_at=NOW + timedelta(seconds=2))
    box.write([fresh._replace(ended_at=NOW - timedelta(minutes=5))])
    server.ask(database, "ALTER TABLE DbiTeleinfo ADD COLUMN PPOT VARCHAR(2)")
    again = table(meter_number=number_of(name))
    again.live(live_of_frame(name, tmp_path))
    again.write([fresh])
    found = content(server, database, (*COLUMNS, "PPOT"))[-1]
    assert found.pop("DATE") == in_the_zone_of_the_server(fresh)
    assert found == json.loads((GOLDEN / f"hallard/{name}.json").read_text())


def test_a_meter_in_standard_mode_fills_the_columns_that_mean_the_same(
    server, database, table, tmp_path, rows
):
    box = table(meter_number="041763000009")
    fresh = next(row for row in rows if row.contract == "TEMPO")._replace(ended_at=NOW)
    reading = live_of_frame("standard-tempo-tri", tmp_path)
    box.live(reading)
    box.write([fresh])
    (found,) = content(server, database)
    assert found == {
        **expected(fresh),
        "ADCO": "041763000009",
        "PAPP": reading.values["SINSTS"],
        **{f"IINST{n}": reading.values[f"IRMS{n}"] for n in (1, 2, 3)},
        "TENSION": reading.values["URMS1"],
        **{column: reading.values[f"EASF{n:02}"] for n, column in enumerate(INDEXES["TEMPO"].values(), 1)},
    }


def test_a_reading_of_another_interval_completes_nothing(server, database, table, tmp_path, rows):
    box = table()
    box.live(live_of_frame("historique-hc", tmp_path))
    times = (NOW - timedelta(seconds=1), NOW + timedelta(seconds=31), NOW + timedelta(seconds=43))
    box.write([rows[0]._replace(ended_at=at) for at in times])
    assert [found.get("HHPHC") for found in content(server, database)] == [None] * 3


def test_rows_may_be_rarer_than_records_and_a_second_delivery_adds_none(server, database, table, rows):
    day = [row for row in rows if row.contract == "EJP"]
    table(rows_every=timedelta(minutes=5)).write(day)
    first = content(server, database)
    slots = {(found["DATE"].hour, found["DATE"].minute // 5) for found in first}
    assert len(slots) == len(first) == 25  # of two hours, and their end
    for start in (0, 7, 100):
        table(rows_every=timedelta(minutes=5)).write(day[start:])
    assert content(server, database) == first


def test_a_table_of_the_forerunner_stays_as_it_is(server, database, table, rows, caplog):
    """Narrower, without transactions, with columns that must have a value, and half of a batch that was cut."""
    server.ask(
        database,
        "CREATE TABLE tbl_teleinfo (id INT NOT NULL AUTO_INCREMENT, DATE DATETIME, ADCO VARCHAR(12),"
        " OPTARIF VARCHAR(3), PTEC VARCHAR(4) NOT NULL, EJPHN DECIMAL(5), EJPHPM DECIMAL(9) NOT NULL,"
        " PAPP DECIMAL(5), MEMO VARCHAR(5) NOT NULL, PRIMARY KEY (id)) ENGINE = MyISAM",
    )
    day = [row for row in rows if row.contract == "EJP"][:20]
    columns = ("DATE", "ADCO", "OPTARIF", "PTEC", "EJPHN", "EJPHPM", "PAPP", "MEMO")
    with caplog.at_level(logging.WARNING):
        table(table="tbl_teleinfo").write(day)
        server.ask(database, "DELETE FROM tbl_teleinfo WHERE id % 3 = 0")
        table(table="tbl_teleinfo").write([*day, day[-1]._replace(period="", ended_at=NOW)])
    found = content(server, database, columns, "tbl_teleinfo")
    wanted = [
        {**{name: cells[name] for name in ("DATE", "ADCO", "PTEC", "EJPHPM", "PAPP")}, "MEMO": ""}
        for cells in map(expected, day)
    ]
    assert sorted(found[:-1], key=lambda cells: cells["DATE"]) == wanted
    assert found[-1]["PTEC"] == ""
    said = [record.getMessage() for record in caplog.records]
    assert any("ADPS, BASE, BBRHCJB" in line for line in said)
    assert sum("tbl_teleinfo.EJPHN" in line for line in said) == 2  # once by each of the two sinks
    assert sum("tbl_teleinfo.OPTARIF" in line for line in said) == 2


def test_a_number_or_a_text_that_does_not_fit_is_left_empty_and_the_row_comes(
    server, database, table, rows, caplog
):
    hc = next(row for row in rows if row.contract == "HC")
    odd = hc._replace(
        ended_at=NOW,
        contract="a\0b \U0001f4a1 ☃",
        period="P\0\U0001f4a1" * 9,
        fields={**hc.fields, "index_HC": 10**9, "power": 10**6},
    )
    with caplog.at_level(logging.WARNING):
        table().write([odd, hc._replace(ended_at=NOW + timedelta(minutes=1))])
    first, second = content(server, database)
    assert first.keys() & {"HCHC", "PAPP", "PTEC"} == set()
    assert first["HCHP"] == hc.fields["index_HP"]
    assert (second["HCHC"], second["PAPP"]) == (hc.fields["index_HC"], hc.fields["power"])
    said = " ".join(record.getMessage() for record in caplog.records)
    assert all(f"DbiTeleinfo.{name}" in said for name in ("HCHC", "PAPP"))


def test_a_time_that_the_server_fills_by_itself_is_ours_all_the_same(server, database, table, rows):
    server.ask(
        database,
        "CREATE TABLE DbiTeleinfo (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, PAPP DECIMAL(5),"
        " DATE TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,"
        " KW DECIMAL(5, 2) AS (PAPP / 1000) STORED)",
    )
    for _ in range(2):
        table().write(rows[:3])
    found = server.ask(database, "SELECT UNIX_TIMESTAMP(DATE), PAPP, KW FROM DbiTeleinfo ORDER BY id")
    assert [(at, power, float(kw)) for at, power, kw in found] == [
        (row.ended_at.timestamp(), row.fields["power"], round(row.fields["power"] / 1000, 2))
        for row in rows[:3]
    ]


def test_the_past_that_comes_after_the_present_fills_the_gap_alone(server, database, table, rows):
    box = table()
    box.write(rows[40:60])
    box.write(rows[60:80])
    box.write(rows[:50])
    box.write(rows[70:90])
    found = content(server, database)
    assert sorted(cells["DATE"] for cells in found) == [expected(row)["DATE"] for row in rows[:90]]


def test_of_two_records_with_one_time_the_first_one_stays(server, database, table, rows):
    """After a clock that was wrong, the stamps of the log are there twice, in two series."""
    again = [row._replace(series=1, fields={**row.fields, "power": 9}) for row in rows[:20]]
    box = table()
    box.write(rows[10:20])
    box.write(again)
    assert content(server, database) == [expected(row) for row in (*rows[10:20], *again[:10])]


def test_tempo_is_spelt_as_the_table_spells_it(server, database, table, rows):
    tempo = [row for row in rows if row.contract == "TEMPO"][:2]
    table().write(tempo[:1])
    server.ask(database, "UPDATE DbiTeleinfo SET OPTARIF = 'BBR)'")
    table().write(tempo[1:])
    assert [found["OPTARIF"] for found in content(server, database)] == ["BBR)", "BBR)"]


def test_a_deadlock_with_another_program_passes_and_no_row_comes_twice(server, database, table, rows):
    """Each has what the other waits for; the server undoes the sink, which has changed less."""
    box = table()
    # The lock of a meter without rows is that of the gap up to the next one: there is a meter between the two.
    between, *batch = (row._replace(meter=m) for row, m in zip(rows[:3], ("M", "A", "Z"), strict=True))
    box.write([between])
    lock = "SELECT id FROM DbiTeleinfo WHERE ADCO = %s FOR UPDATE"
    with (
        closing(pymysql.connect(host="127.0.0.1", port=server.port, user="root", database=database)) as other,
        other.cursor() as cursor,
    ):
        cursor.execute("CREATE TABLE much (number INT PRIMARY KEY)")
        cursor.execute("INSERT INTO much SELECT seq FROM seq_1_to_1000")
        cursor.execute(lock, ("Z",))
        thread = threading.Thread(target=box.write, args=(batch,))
        thread.start()
        waiting = "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
        until(lambda: server.ask("mysql", waiting, user="root"))
        cursor.execute(lock, ("A",))
        assert server.ask("mysql", DEADLOCKS, user="root") == [("1",)]
        other.commit()
        thread.join(100)
    assert content(server, database) == [expected(row) for row in (between, *batch)]


def test_a_second_try_waits_for_a_first_one_that_a_slow_server_still_works_at(server, database, table, rows):
    server.ask(database, shipped("etc/sql/shapes/hallard.sql").read_text())
    server.ask(database, "ALTER TABLE DbiTeleinfo ENGINE = MyISAM")
    server.ask(
        database,
        "CREATE TRIGGER slow BEFORE INSERT ON DbiTeleinfo FOR EACH ROW DO SLEEP(0.6)",
        user="root",
    )
    box = table()
    box.write(rows[:1])
    box._server.close()  # noqa: SLF001 -- the next connection waits for so short a time
    box._server.patience = 1  # noqa: SLF001 -- the same
    with pytest.raises(SinkUnavailable, match="pas de réponse en 1 s"):
        box.write(rows[1:6])
    box._server.patience = 30  # noqa: SLF001 -- the same
    until(lambda: taken(box, rows[1:6]))
    assert content(server, database) == [expected(row) for row in rows[:6]]


def test_a_lock_that_another_connection_keeps_is_told(server, database, table, rows, monkeypatch):
    monkeypatch.setattr(mariadb_hallard, "_LOCK_MOST", 0)
    box = table()
    box.write(rows[:1])
    with (
        closing(pymysql.connect(host="127.0.0.1", port=server.port, user="root", database=database)) as other,
        other.cursor() as cursor,
    ):
        cursor.execute(f"SELECT GET_LOCK({mariadb_hallard._LOCK}, 0)", ("DbiTeleinfo",))  # noqa: SLF001
        with pytest.raises(SinkUnavailable, match=r"la table DbiTeleinfo est encore prise .* ; vérifiez"):
            box.write(rows[1:2])
    until(lambda: taken(box, rows[1:2]))
    assert content(server, database) == [expected(row) for row in rows[:2]]


def test_a_table_of_another_kind_is_refused_with_the_place_and_the_remedy(server, database, table, rows):
    server.ask(database, "CREATE TABLE DbiTeleinfo (id INT, DATE INT)")
    with pytest.raises(SinkUnavailable, match=r"DbiTeleinfo\.DATE est de type int, on attend datetime"):
        table().write(rows[:1])
    server.ask(database, "CREATE TABLE other (id INT)")
    with pytest.raises(SinkUnavailable, match=r"other\.DATE manque"):
        table(table="other").write(rows[:1])


def test_a_user_who_may_not_make_the_table_is_told_which_file_the_owner_runs(server, database, table, rows):
    server.ask("mysql", "CREATE OR REPLACE USER guest@'127.0.0.1'", user="root")
    server.ask("mysql", f"GRANT SELECT, INSERT ON {database}.* TO guest@'127.0.0.1'", user="root")
    box = table(user="guest")
    with pytest.raises(SinkUnavailable, match=r"pas de table DbiTeleinfo.*etc/sql/shapes/hallard\.sql"):
        box.write(rows[:3])
    server.ask(database, shipped("etc/sql/shapes/hallard.sql").read_text())
    box.write(rows[:3])
    assert content(server, database) == [expected(row) for row in rows[:3]]


def test_a_name_that_is_sql_and_a_number_of_something_else_are_refused():
    with pytest.raises(BadSetting, match="table = a`b"):
        Settings(table="a`b")
    with pytest.raises(BadSetting, match="meter_number") as refused:
        Settings(meter_number="12345678901234")
    assert "1234567" not in str(refused.value)
    with pytest.raises(BadSetting, match="rows_every"):
        Settings(rows_every=timedelta(0))
