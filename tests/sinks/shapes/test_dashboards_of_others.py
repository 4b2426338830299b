"""What the panels of LinkyPy's and Reuiller's dashboards show of an InfluxDB that was filled here is what the log has.

The queries name what those dashboards name; the wanted answers are made of the records of the log, or by the report.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from linkymonitor.commands.offers import offers_of
from linkymonitor.money.shelf import Shelf
from linkymonitor.settings import Settings, load
from linkymonitor.sinks.base import House, OfferPrices, Row
from linkymonitor.sinks.shapes.influxdb_linkypy import LinkyPy
from linkymonitor.sinks.shapes.influxdb_linkypy import Settings as LinkyPySettings
from linkymonitor.sinks.shapes.influxdb_reuiller import Reuiller
from linkymonitor.sinks.shapes.influxdb_reuiller import Settings as ReuillerSettings
from tests.support.contracts import rows_in, write_house
from tests.support.databases import Influx1
from tests.support.shape_frames import live_of_frame

pytestmark = pytest.mark.server

BEGIN = datetime(2026, 3, 1, tzinfo=ZoneInfo("Europe/Paris"))
#: ``linky_mean`` has the last index before each full hour, so a change of period may cost the energy of a minute.
CENTS = Decimal("0.02")
#: The offers that have prices in that March, and known colours.
OFFERS = (
    "edf-vert-electrique-hc",
    "edf-zen-week-end",
    "edf-zen-week-end-hc",
    "ejp",
    "enercoop-flexibilite-2-saisons",
    "engie-happy-heures-vertes",
    "tarif-bleu-base",
    "tarif-bleu-hc",
    "tempo",
    "totalenergies-charge-heures",
)


class Filled(NamedTuple):
    """A house with off-peak hours, its log, and the database that has it."""

    database: Influx1
    rows: Sequence[Row]
    ini: str


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    # The first hour ends with the first records: LinkyPy, and the report of this log, count from there.
    write_house(
        folder / "log",
        "hc,power=9,seed=1,day=2026-03-01",
        BEGIN + timedelta(minutes=58),
        BEGIN + timedelta(days=3, hours=10),
    )
    rows = rows_in(folder / "log")
    ini = f"[log]\ndir = {folder}/log\n"
    (folder / "box.ini").write_text(ini)
    database = Influx1(folder / "database")
    try:
        database.start()
        # LinkyPy keeps these for a week; what is there stays as it is.
        database.ask("CREATE RETENTION POLICY linky_rp ON linky DURATION INF REPLICATION 1")
        settings = LinkyPySettings(name="l", url=database.url)
        settings.house = House(offers=offers_of(load(folder / "box.ini")))
        box = LinkyPy(settings)
        reading = live_of_frame("historique-hc", folder)
        middle = len(rows) // 2
        for part in (rows[:middle], rows[middle:]):
            box.write(part)
            # At the second time only the hours since the first one are new.
            box.live(reading._replace(taken_at=part[-1].ended_at, fields=part[-1].fields))
        box.close()
        # InfluxDB runs this each minute, over the last hour: here over the time of the log.
        (query,) = (
            row["query"]
            for row in answered(database, "SHOW CONTINUOUS QUERIES")
            if row["name"] == "prices_mean_cq"
        )
        select = query[query.index("SELECT") : query.rindex(" END")]
        database.ask(
            select.replace(
                "GROUP BY", f"WHERE time >= {stamp(rows[0])}s AND time <= {stamp(rows[-1])}s GROUP BY"
            )
        )
        other = Reuiller(ReuillerSettings(name="r", url=database.url, database="linky"))
        other.write(rows)
        other.close()
        yield Filled(database, rows, ini)
    finally:
        database.stop()


def answered(database: Influx1, query: str) -> list[dict]:
    """Return each row that answers *query*, with its tags, by the names of its columns."""
    return [
        {**series.get("tags", {}), **dict(zip(series["columns"], row, strict=True))}
        for series in database.ask(query)
        for row in series["values"]
    ]


def stamp(row: Row) -> int:
    return int(row.ended_at.timestamp())


def hour_of(row: Row) -> int:
    return stamp(row) // 3600


def test_each_offer_costs_what_the_report_says_although_the_house_has_two_registers(filled, call, tmp_path):
    found = {
        row["offer_name"]: Decimal(str(row["last"])) - Decimal(row["subscription_price"])
        for row in answered(
            filled.database,
            f"SELECT last(CURRENT_COST) FROM linky_rp.prices WHERE time >= {stamp(filled.rows[-1])}s "
            "GROUP BY offer_name, subscription_price",
        )
    }
    path = tmp_path / "box.ini"
    path.write_text(filled.ini)
    shelf, wanted = Shelf(load(path).table_folders), {}
    for name in OFFERS:
        path.write_text(f"{filled.ini}[contract]\noffer = {name}\npower = 9\n")
        status, out, _ = call("report", "-c", path, "-s", "2026-03-01", "-e", "2026-03-04", "--json")
        assert status == 0
        wanted[shelf.table(name).name.replace("'", "’")] = sum(
            Decimal(period["eur"]) for period in json.loads(out)["periods"].values()
        )
    assert found.keys() == wanted.keys()
    assert [name for name in wanted if abs(found[name] - wanted[name]) > CENTS] == []
    assert max(wanted.values()) - min(wanted.values()) > 1


def test_the_panels_of_linkypy_on_power_and_energy_show_the_log(filled):
    database, rows = filled.database, filled.rows
    last = rows[-1].fields
    for label, register in (("HCHP", "HP"), ("HCHC", "HC")):
        (found,) = answered(database, f"SELECT last({label}) / 1000 AS kwh FROM linky_rp.linky")
        assert found["kwh"] == pytest.approx(last[f"index_{register}"] / 1000)
    hours = {hour: list(of_hour) for hour, of_hour in groupby(rows, hour_of)}
    (found,) = answered(
        database,
        'SELECT last("HCHP") - first("HCHP") AS HP, last("HCHC") - first("HCHC") AS HC FROM "linky_mean"',
    )
    first_hour = hours[min(hours)]
    assert (found["HP"], found["HC"]) == tuple(
        last[f"index_{register}"] - first_hour[-1].fields[f"index_{register}"] for register in ("HP", "HC")
    )
    means = answered(
        database, "SELECT mean(PAPP) FROM linky_mean WHERE time > 0 GROUP BY time(1h) fill(none)"
    )
    assert {row["time"] // 3600: row["mean"] for row in means} == {
        hour: pytest.approx(sum(row.fields["power"] for row in of_hour) / len(of_hour))
        for hour, of_hour in hours.items()
    }


def test_the_panels_of_linkypy_on_costs_have_every_offer_by_the_formula_of_linkypy(filled):
    database = filled.database
    shown: dict[str, dict] = {}
    for provider in answered(database, 'SHOW TAG VALUES FROM linky_rp.prices WITH KEY="provider"'):
        whose = f"provider='{provider['value']}'"
        names = answered(
            database, f'SHOW TAG VALUES FROM linky_rp.prices WITH KEY="offer_name" WHERE {whose}'
        )
        for name in names:
            offer = f"{whose} AND offer_name='{name['value']}'"
            (kind,) = answered(
                database, f'SHOW TAG VALUES FROM linky_rp.prices WITH KEY="offer_type" WHERE {offer}'
            )
            chosen = f"FROM prices_mean WHERE {offer} AND offer_type='{kind['value']}'"
            (current,) = answered(database, f"SELECT last(CURRENT_COST) AS eur {chosen}")
            (estimated,) = answered(database, f"SELECT last(ESTIMATED_COST) AS eur {chosen}")
            (bill,) = answered(
                database,
                f"SELECT last(ESTIMATED_COST) AS eur {chosen} AND year_number != '' GROUP BY month_number, year_number",
            )
            assert (bill["month_number"], bill["year_number"]) == ("3", "2026")
            assert bill["eur"] == estimated["eur"]
            shown[name["value"]] = {
                "type": kind["value"],
                "current": current["eur"],
                "month": estimated["eur"],
            }
    compared = answered(
        database,
        f"SELECT last(ESTIMATED_COST) AS eur FROM prices_mean WHERE time > {stamp(filled.rows[-1]) - 3600}s "
        "GROUP BY provider, offer_name, offer_type",
    )
    assert {row["offer_name"]: row["eur"] for row in compared} == {
        name: offer["month"] for name, offer in shown.items()
    }
    assert {name for name, offer in shown.items() if offer["type"] == "BASE"} == {"Tarif Bleu, option Base"}
    assert shown["Tarif Bleu, option Tempo"]["type"] == "PERIODES"
    # Base: one price, a whole month of subscription, and the rest of the month as dear a second as until now.
    at = filled.rows[-1].ended_at
    month = (datetime(2026, 4, 1, tzinfo=BEGIN.tzinfo) - BEGIN.astimezone(UTC)).total_seconds()
    offer = base_offer()
    energy = (shown["Tarif Bleu, option Base"]["current"] - float(offer.subscription)) * month
    energy /= (at - BEGIN.astimezone(UTC)).total_seconds()
    assert shown["Tarif Bleu, option Base"]["month"] == pytest.approx(
        energy + float(offer.subscription), abs=0.1
    )


def base_offer() -> OfferPrices:
    """Return the offer Base of that March for 9 kVA."""
    (found,) = (
        offer
        for offer in offers_of(Settings())(date(2026, 3, 4), 9)
        if offer.name == "Tarif Bleu, option Base"
    )
    return found


def test_the_panels_of_reuiller_show_the_log(filled):
    database, rows = filled.database, filled.rows
    for label, register, price in (("HCHC", "HC", 0.0000738), ("HCHP", "HP", 0.0000979)):
        indexes = [row.fields[f"index_{register}"] for row in rows]
        (found,) = answered(database, f'SELECT last("value") FROM "{label}"')
        assert found["last"] == indexes[-1]
        means = answered(
            database,
            f'SELECT mean("value") *{price:.7f} FROM "{label}" WHERE time >= {stamp(rows[0])}s '
            f"AND time <= {stamp(rows[-1])}s GROUP BY time(1h) fill(null)",
        )
        wanted = [
            [row.fields[f"index_{register}"] for row in of_hour] for _, of_hour in groupby(rows, hour_of)
        ]
        assert [row["mean"] for row in means] == [
            pytest.approx(sum(values) / len(values) * price) for values in wanted
        ]
        steps = answered(database, f'SELECT difference("value") FROM "{label}"')
        assert [row["difference"] for row in steps] == [after - before for before, after in pairwise(indexes)]
    (found,) = answered(database, 'SELECT last("value") FROM "PTEC"')
    assert found["last"] == f"{rows[-1].period}.."
    drawn = answered(
        database,
        f'SELECT mean("value") AS value FROM "PAPP" WHERE time >= {stamp(rows[-60])}s '
        f"AND time <= {stamp(rows[-1])}s GROUP BY time(1s) fill(linear)",
    )
    at = {row["time"]: row["value"] for row in drawn}
    assert [at[stamp(row)] for row in rows[-60:]] == [row.fields["power"] for row in rows[-60:]]
