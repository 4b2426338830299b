"""The disk of a real MariaDB or PostgreSQL is full while the table of another program grows: nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from linkymonitor.sinks.base import House, Row
from linkymonitor.sinks.shapes import mariadb_hallard, postgresql_linkyrpi
from tests.support.commands import until
from tests.support.extent import FULL
from tests.support.full_disk import small_disk, taken, write_until_full
from tests.support.sql_servers import Maria, Postgres, SqlServer

pytestmark = [pytest.mark.server, pytest.mark.campaign, pytest.mark.usefixtures("english")]

AT = datetime(2026, 1, 10, tzinfo=UTC)
ROWS = [
    Row("3f2a", 0, AT + timedelta(seconds=12 * number), "EJP", "HN", {"power": number}, subscribed_power=9000)
    for number in range(40_000)
]
#: How many records a batch has.
BATCH = 500


class Case(NamedTuple):
    """A shape, its server, and the question for the power of each row."""

    server: type[SqlServer]
    shape: object
    question: str
    #: Makes the table as the other program has it; empty: the sink makes it.
    table: str = ""


POWERS = "SELECT PAPP FROM DbiTeleinfo ORDER BY DATE"
CASES = {
    "hallard": Case(Maria, mariadb_hallard, POWERS),
    "hallard without transactions": Case(
        Maria,
        mariadb_hallard,
        POWERS,
        "CREATE TABLE DbiTeleinfo (id INT NOT NULL AUTO_INCREMENT, DATE DATETIME, ADCO VARCHAR(12), PAPP DECIMAL(5),"
        " NOTE CHAR(250) NOT NULL, PRIMARY KEY (id), KEY SEARCH_INDEX (ADCO, DATE)) ENGINE = MyISAM ROW_FORMAT = FIXED",
    ),
    "linkyrpi": Case(
        Postgres, postgresql_linkyrpi, "SELECT puissanceapparente FROM mesures ORDER BY dateheurelinky"
    ),
}


@pytest.mark.skipif(not FULL, reason="runs in make torture alone")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_full_disk_of_the_server_is_told_and_no_row_is_lost_or_comes_twice(case):
    made = case.server()
    with small_disk(made, megabytes=3) as (database, filler):
        if case.table:
            made.ask(database, case.table)
        where = {"host": "127.0.0.1", "port": made.port, "user": "linky", "database": database}
        settings = case.shape.Settings(name="old", rows_every=timedelta(seconds=1), **where)
        settings.house = House(raw_values=True)
        sink = case.shape.Sink(settings)
        sent = write_until_full(made, sink, ROWS, BATCH)
        assert sent > 0
        filler.unlink()
        if made.has_died():
            made.kill()
            made.start()
        until(lambda: taken(sink, ROWS[sent : sent + BATCH]))
        sink.close()
        found = [int(power) for (power,) in made.ask(database, case.question)]
    assert found == [row.fields["power"] for row in ROWS[: sent + BATCH]]
