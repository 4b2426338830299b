"""Records and events in a real PostgreSQL and MariaDB, whose zone is Tokyo's, and which is not strict by itself."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from linkymonitor.errors import SinkRefused, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.sinks.base import Event, Row
from linkymonitor.sinks.forms import as_dict
from tests.support.contracts import HOUSES, rows_in, write_days
from tests.support.databases import running
from tests.support.extent import extent
from tests.support.sql_servers import Maria, Postgres, records_of

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("english")]

AT = datetime(2026, 1, 31, 23, 59, 50, tzinfo=UTC)
ROW = Row(
    "3f2a", 0, AT, "EJP", "HN", {"power": 1230, "index_HN": 688322, "frames": 8}, {"ejp": "normal"}, False
)
NOTE = Event("note", AT, "", Text("Relais eau : activé", "Relais eau : activé"), "WARN", "3f2a")


def after(seconds: int, row: Row = ROW, **changes) -> Row:
    """Return *row* so many seconds later."""
    return row._replace(ended_at=row.ended_at + timedelta(seconds=seconds), **changes)


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def server(request):
    """Run a real server for the tests of this file."""
    made = (
        Postgres("timezone=Asia/Tokyo")
        if request.param == "postgresql"
        else Maria("--default-time-zone=+09:00", "--sql-mode=")
    )
    with running(made):
        yield made


@pytest.fixture
def database(server):
    """Return the name of an empty database."""
    return server.new_database()


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """Return the folder of a log of four days."""
    folder = tmp_path_factory.mktemp("contracts")
    write_days(folder)
    # A line before the first line of a contract that a delivery from the 13th on reads.
    file = next(folder.glob("2026_01_12*.log"))
    head, late, tail = file.read_text().partition("2026/01/12 23:01:00\tINFO\tContrat")
    assert late
    file.write_text(f"{head}2026/01/12 23:00:30\tWARN\tRelais eau : activé\n{late}{tail}")
    return folder


@pytest.fixture
def sink(server, database):
    """Return a sink of an empty database."""
    made = server.sink(database)
    yield made
    made.close()


def test_four_days_arrive_row_by_row_and_once(tmp_path, apart, call, server, database, log):
    rows = rows_in(log)
    assert {row.contract for row in rows} == {"BASE", "HC", "EJP", "TEMPO"}
    assert len(rows) > 1400 * len(HOUSES)
    path = tmp_path / "box.ini"
    path.write_text(
        f"[general]\nstate_dir = {tmp_path}/state\n[log]\ndir = {log}\n[sink:base]\n{server.keys(database)}"
    )
    for since in ("2026-01-01", "2026-01-13"):  # the second time every record and event is there already
        status, _, err = call("deliver", "-c", path, "--from", since, "--once")
        assert (status, err) == (0, "")
        assert server.records(database) == records_of(rows)
        texts = [text for (text,) in server.ask(database, "SELECT text FROM events")]
        periods = [one for one in pairwise([row.period for row in rows if row.period]) if one[0] != one[1]]
        assert sum(" → " in text for text in texts) == len(periods) > 5
        assert sum(text.startswith("Contrat") for text in texts) == len(HOUSES) - 1
        assert texts.count("Relais eau : activé") == 1
    for contract, count in server.ask(database, "SELECT contract, COUNT(*) FROM records GROUP BY contract"):
        of_view = server.ask(database, f"SELECT COUNT(*), COUNT(ended_at) FROM records_{contract.lower()}")
        assert of_view == [(count, count)]


def test_each_month_has_a_partition_which_is_made_ahead_and_for_the_past_too(server, database, sink):
    sink.write([ROW, after(20)])
    sink.write([after(-90 * 86400)])
    made = {
        "postgresql": {
            "records_2025_11",
            "records_2025_12",
            "records_2026_01",
            "records_2026_02",
            "records_2026_03",
        },
        # The partition before_2025_11 has what is before November.
        "mariadb": {
            f"before_{month}" for month in ("2025_11", "2025_12", "2026_01", "2026_02", "2026_03", "2026_04")
        },
    }[server.type]
    assert {name for name, _ in server.partitions(database)} - {"records_rest", "rest"} == made
    counts = {name: count for name, count in server.partitions(database) if count}
    november, january, february = (
        ("records_2025_11", "records_2026_01", "records_2026_02")
        if server.type == "postgresql"
        else ("before_2025_12", "before_2026_02", "before_2026_03")
    )
    assert counts == {november: 1, january: 1, february: 1}


def test_records_of_a_clock_that_was_wrong_are_kept_as_they_are(server, database, sink):
    times = (datetime(1970, 1, 1, 0, 0, 12, tzinfo=UTC), datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC))
    rows = [ROW._replace(ended_at=at, series=number) for number, at in enumerate((*times, times[0]))]
    # In the hours that a clock of the house has twice, and not at all.
    rows += [ROW._replace(ended_at=datetime(2026, *day, 0, 30, tzinfo=UTC)) for day in ((3, 29), (10, 25))]
    rows += [after(3600, row) for row in rows[-2:]]
    sink.write(rows)
    assert server.records(database) == records_of(rows)


def test_what_comes_twice_or_changed_stays_as_it_was_first(server, database, sink):
    sink.write([ROW, ROW])
    sink.write([ROW._replace(fields={"power": 1}), after(12)])
    assert server.records(database) == records_of([ROW, after(12)])
    sink.events([NOTE, NOTE])
    sink.events([NOTE, NOTE._replace(status="INFO")])
    assert sorted(server.ask(database, "SELECT status, text FROM events")) == [
        ("INFO", "Relais eau : activé"),
        ("WARN", "Relais eau : activé"),
    ]


def test_hostile_texts_are_kept_and_what_does_not_fit_is_refused_alone(server, database, sink):
    hostile = "a\0b\x1b[2J'; DROP TABLE records; -- %s \\ \" ☃ \U0001f4a1"
    sink.write([ROW._replace(contract=hostile)])
    ((contract,),) = server.ask(database, "SELECT contract FROM records")
    assert contract == hostile.replace("\0", " ").replace("\x1b", " ")
    sink.events(
        [NOTE._replace(text=Text(hostile, hostile)), NOTE._replace(text=Text("x" * 5000, "x" * 5000))]
    )
    texts = {text for (text,) in server.ask(database, "SELECT text FROM events")}
    assert texts == {contract, "x" * 599 + "…"}
    with pytest.raises(SinkRefused, match=r"out of range|Out of range"):
        sink.write([after(12), after(24, fields={"power": 2**31})])
    with pytest.raises(SinkRefused, match="no column index_XYZ"):
        sink.write([after(24, fields={"index_XYZ": 1})])
    widest = after(36, fields={"index_total": 999_999_999_999, "power": 99_999})
    sink.write([after(12), widest])
    assert len(server.records(database)) == 3
    if server.type == "mariadb":
        with pytest.raises(SinkRefused, match="contract"):
            sink.write([after(48, contract="x" * 65)])


def test_an_event_that_is_refused_costs_no_other(server, database, sink):
    faulty = NOTE._replace(series=2**40)
    with pytest.raises(SinkRefused):
        sink.events([NOTE, faulty, NOTE._replace(series=1)])
    assert sorted(server.ask(database, "SELECT series FROM events")) == [(0,), (1,)]


def test_events_that_are_no_lines_of_the_log_are_left_out(server, database, sink):
    sink.events(
        [NOTE, NOTE._replace(kind="peak", value="begins"), NOTE._replace(kind="day"), NOTE._replace(at=None)]
    )
    assert len(server.ask(database, "SELECT * FROM events")) == 1


def test_a_table_of_an_older_version_is_brought_up_and_keeps_its_rows(server, database, sink):
    server.run_files(database, most=1)
    server.ask(
        database,
        "INSERT INTO records (meter, series, ended_at, contract, period, power)"
        f" VALUES ('3f2a', 0, '{AT:%Y-%m-%d %H:%M:%S}', 'EJP', 'HN', 7)",
    )
    sink.write([ROW, after(12)])
    assert server.ask(database, "SELECT version FROM linkymonitor_schema ORDER BY version") == [
        (1,),
        (2,),
        (3,),
    ]
    assert [cells["power"] for _, cells in sorted(server.records(database).items())] == [7, 1230]


def test_tables_of_a_newer_version_get_nothing(server, database, sink):
    sink.write([ROW])
    sink.close()
    server.ask(database, "INSERT INTO linkymonitor_schema (version) VALUES (99)")
    newer = server.sink(database)
    with pytest.raises(
        SinkUnavailable, match="version 99, this linkymonitor knows 3 at most; update linkymonitor"
    ):
        newer.write([after(12)])
    newer.close()
    assert len(server.records(database)) == 1


def test_tables_whose_making_was_cut_at_any_statement_are_completed(server):
    files = [path.read_text() for path in server.files()]
    statements = [f"{part};\n" for text in files for part in text.split(";\n") if part.strip()]
    # In PostgreSQL a file is one transaction, so what was cut is gone.
    cuts = range(1, len(statements), extent(3, 1)) if server.type == "mariadb" else [0]
    for cut in cuts:
        database = server.new_database()
        for statement in statements[:cut]:
            server.ask(database, statement)
        sink = server.sink(database)
        sink.write([ROW])
        sink.events([NOTE])
        sink.close()
        assert server.records(database) == records_of([ROW])
        assert server.ask(database, "SELECT version FROM linkymonitor_schema ORDER BY version") == [
            (1,),
            (2,),
            (3,),
        ]


def test_two_boxes_make_the_tables_at_once(server, database):
    sinks = [server.sink(database) for _ in range(3)]
    threads = [
        threading.Thread(target=sink.write, args=([after(n)],), daemon=True) for n, sink in enumerate(sinks)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(200)
    for sink in sinks:
        sink.close()
    assert server.records(database) == records_of([after(n) for n in range(3)])


def test_a_user_who_may_not_create_is_told_what_the_owner_runs_and_then_writes(server, database):
    user = server.may_only_insert(database)
    sink = server.sink(database, user=user)
    with pytest.raises(
        SinkUnavailable, match=rf"denied.* let the owner .* run the files of etc/sql/{server.type}"
    ):
        sink.write([ROW])
    server.run_files(database)
    sink.write([ROW, after(20)])
    sink.events([NOTE])
    sink.close()
    assert server.records(database) == records_of([ROW, after(20)])
    assert [(name, count) for name, count in server.partitions(database) if count] == [
        ("records_rest" if server.type == "postgresql" else "rest", 2)
    ]
    # Once the user of the box may do it, the months that come have partitions, and nothing is moved.
    owner = server.sink(database, user="root" if server.type == "postgresql" else "linky")
    owner.write([after(40 * 86400)])
    owner.close()
    assert len(server.records(database)) == 3


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            "CREATE TABLE records (id integer)",
            "the column records.meter is missing, .* rename that table, or name",
        ),
        (
            "CREATE TABLE linkymonitor_schema (version integer); INSERT INTO linkymonitor_schema VALUES (3);"
            "CREATE TABLE records (meter varchar(9), series integer, ended_at {local})",
            "the column records.ended_at is of type timestamp.*, expected (timestamp with time zone|datetime); rename",
        ),
    ],
    ids=["of somebody else", "with local times"],
)
def test_a_table_that_is_not_ours_gets_nothing(server, database, sink, table, words):
    local = "timestamp" if server.type == "mariadb" else "timestamp without time zone"
    for statement in table.format(local=local).split(";"):
        server.ask(database, statement)
    with pytest.raises(SinkUnavailable, match=words):
        sink.write([ROW])
    assert server.ask(database, "SELECT * FROM records") == []


def test_a_server_that_was_started_again_takes_the_next_records_at_once(server, database, sink):
    sink.write([ROW])
    server.kill()
    server.start()
    sink.write([after(12)])
    server.kill()
    with pytest.raises(SinkUnavailable, match=r"127\.0\.0\.1:\d+/linky_\d+: .*refused"):
        sink.write([after(24)])
    server.start()
    sink.write([after(24)])
    assert len(server.records(database)) == 3


def test_a_database_that_was_made_anew_gets_its_tables_again(server, database, sink):
    sink.write([ROW])
    for name in ("records_base", "records_hc", "records_ejp", "records_tempo", "records_supplier"):
        server.ask(database, f"DROP VIEW {name}")
    server.ask(database, "DROP TABLE records")
    server.ask(database, "DROP TABLE events")
    server.ask(database, "DROP TABLE prices")
    server.ask(database, "DROP TABLE linkymonitor_schema")
    with pytest.raises(SinkUnavailable, match="records"):
        sink.write([after(12)])
    sink.write([after(12)])
    assert server.records(database) == records_of([after(12)])


def test_a_deadlock_passes_by_itself(server, database, sink):
    sink.write([ROW, after(12)])
    other = server.sink(database)
    first, second = (
        f"UPDATE records SET power = power + 1 WHERE ended_at = '{row.ended_at:%Y-%m-%d %H:%M:%S}'"
        for row in (ROW, after(12))
    )
    meet, one_is_done = threading.Barrier(2), threading.Event()
    attempts = []

    def change(one, statements):
        def work(cursor):
            attempts.append(one)
            assert attempts.count(one) == 1 or one_is_done.wait(100)
            cursor.execute(statements[0])
            if attempts.count(one) == 1:
                meet.wait(100)
            cursor.execute(statements[1])

        one._server.run(work)  # noqa: SLF001 -- a sink has one statement, and no deadlock with itself
        one_is_done.set()

    threads = [
        threading.Thread(target=change, args=(sink, (first, second)), daemon=True),
        threading.Thread(target=change, args=(other, (second, first)), daemon=True),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(200)
    other.close()
    assert len(attempts) == 3
    assert [cells["power"] for cells in server.records(database).values()] == [1232, 1232]


def test_the_certificate_is_verified(server, database, tmp_path):
    good = server.sink(database, tls=True, ca=server.certificate.pem)
    good.write([ROW])
    good.close()
    unknown = server.sink(database, tls=True)
    with pytest.raises(SinkUnavailable, match="certificate"):
        unknown.write([after(12)])
    unknown.close()
    another = server.sink(database, host="localhost", tls=True, ca=server.certificate.pem)
    with pytest.raises(SinkUnavailable, match="certificate"):
        another.write([after(12)])
    another.close()
    assert server.records(database) == records_of([ROW])


def test_a_wrong_password_or_database_is_told_with_the_remedy_and_without_the_password(
    server, database, tmp_path
):
    user = server.with_password(database, "right-one")
    file = tmp_path / "password"
    for password, words in (("wrong-one", "password"), ("right-one", "")):
        file.write_text(f"{password}\n")
        file.chmod(0o640)
        sink = server.sink(database, user=user, password_file=file)
        if words:
            with pytest.raises(SinkUnavailable, match=r"user.* password_file") as caught:
                sink.write([ROW])
            assert password not in str(caught.value)
        else:
            sink.write([ROW])
        sink.close()
    assert server.records(database) == records_of([ROW])
    nowhere = server.sink("nowhere")
    with pytest.raises(SinkUnavailable, match=r"nowhere.*database"):
        nowhere.write([ROW])


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_what_timescaledb_and_citus_are_asked_for(server, database):
    """Neither is in Debian: functions of the same names stand for them, and the server believes that they are there."""
    for statement in (
        "CREATE TABLE asked (words text)",
        "GRANT ALL ON asked TO linky",
        "CREATE FUNCTION create_hypertable(relation regclass, time_column_name name, chunk_time_interval interval)"
        " RETURNS void LANGUAGE sql AS $$INSERT INTO asked VALUES (concat_ws(' ', $1, $2, $3))$$",
        "CREATE FUNCTION create_distributed_table(table_name regclass, distribution_column text)"
        " RETURNS void LANGUAGE sql AS $$INSERT INTO asked VALUES (concat_ws(' ', $1, $2))$$",
        "SET allow_system_table_mods = on; INSERT INTO pg_extension"
        " SELECT n::oid, name, extowner, extnamespace, true, '1', NULL::oid[], NULL::text[]"
        " FROM pg_extension, (VALUES (90001, 'timescaledb'), (90002, 'citus')) AS new (n, name)",
    ):
        server.ask(database, statement, user="root")
    sink = server.sink(database)
    sink.write([ROW, after(20)])
    sink.close()
    assert server.ask(database, "SELECT words FROM asked", user="root") == [
        ("records ended_at 1 mon",),
        ("records meter",),
    ]
    assert server.partitions(database) == []
    assert server.records(database) == records_of([ROW, after(20)])


def test_the_columns_of_the_tables_have_the_names_of_every_sink(server, database, sink):
    sink.write([ROW])
    columns = {
        str(name).lower()
        for (name,) in server.ask(
            database, "SELECT column_name FROM information_schema.columns WHERE table_name = 'records'"
        )
    }
    assert {name.lower() for name in as_dict(ROW)} <= columns


def test_the_prices_of_each_day_arrive_and_a_corrected_one_replaces_the_old(
    tmp_path, apart, call, server, database, log
):
    """Of four days, two have a contract whose prices are set."""
    path = tmp_path / "box.ini"
    found = []
    for hn in ("0,1283", "0,1300"):
        path.write_text(
            f"[general]\nstate_dir = {tmp_path}/state\n[log]\ndir = {log}\n[sink:base]\n{server.keys(database)}"
            f"[tariff]\nbase = 0.2516\nhn = {hn}\npm = 0.9418\n"
        )
        status, _, err = call("deliver", "-c", path, "--from", "2026-01-01", "--once")
        assert (status, err) == (0, "")
        rows = server.ask(database, "SELECT day, register, price FROM prices ORDER BY day, register")
        found.append([(str(day), register, str(price)) for day, register, price in rows])
    assert found[0] == [
        ("2026-01-10", "TH", "0.251600"),
        ("2026-01-12", "HN", "0.128300"),
        ("2026-01-12", "PM", "0.941800"),
    ]
    assert found[1] == [found[0][0], ("2026-01-12", "HN", "0.130000"), found[0][2]]
