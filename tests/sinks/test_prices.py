"""The prices of a day go to a database with the first record of the day, as often as is needed and no oftener."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from linkymonitor.errors import SinkUnavailable
from linkymonitor.sinks.base import House, Row
from linkymonitor.sinks.influxdb import InfluxDB, Settings
from linkymonitor.sinks.prices import PricedDay, Prices, millionths
from tests.support.contracts import write_days
from tests.support.http_server import serving
from tests.support.line_protocol import points

#: 00:30 local on the day on which the clock is put forward.
AT = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
MARCH = Decimal("0.1283")
APRIL = Decimal("0.130001")


def price(register: str, day: date, subscribed: int | None) -> Decimal | None:
    """HN has a price that changes on the 30th; the others have none."""
    assert subscribed == 9000
    if register != "HN":
        return None
    return APRIL if day >= date(2026, 3, 30) else MARCH


HOUSE = House(day_price=price)


def row(at: datetime, contract: str = "EJP", **fields: int) -> Row:
    fields = fields or {"power": 1500, "index_HN": 20650619, "index_PM": 5, "index_HP": 7, "index_total": 9}
    return Row("78b79e5069eb", 0, at, contract, "HN", fields, subscribed_power=9000)


def test_the_first_record_of_a_day_has_its_prices():
    rows = [row(AT + timedelta(minutes=30 * n)) for n in range(48)]
    # The day has 23 hours. The record that ends at its midnight belongs to it.
    assert Prices(HOUSE).of(rows) == [
        PricedDay(0, "78b79e5069eb", date(2026, 3, 29), {"HN": MARCH}),
        PricedDay(46, "78b79e5069eb", date(2026, 3, 30), {"HN": APRIL}),
    ]
    assert rows[45].ended_at == datetime(2026, 3, 29, 22, tzinfo=UTC)


def test_a_day_that_was_written_is_not_priced_again_unless_its_contract_changes():
    prices = Prices(HOUSE)
    first, second = row(AT), row(AT + timedelta(minutes=1))
    assert prices.of([first]) == prices.of([first])  # nothing was written yet
    prices.written([first])
    assert prices.of([second]) == []
    assert prices.of([second._replace(contract="BASE")]) != []
    assert prices.of([second._replace(meter="5f1c5f1c5f1c")]) != []


def test_a_price_that_is_not_known_is_absent():
    assert Prices(House()).of([row(AT)]) == []
    assert Prices(HOUSE).of([row(AT, index_PM=5)]) == []


@pytest.mark.parametrize(
    ("eur", "whole"), [("0.1283", 128300), ("0.130001", 130001), ("0.1300005", 130001), ("0", 0)]
)
def test_a_price_is_a_whole_number_of_millionths(eur, whole):
    assert millionths(Decimal(eur)) == whole


def test_influxdb_has_the_price_of_a_day_once_it_has_taken_it():
    answers = [(503, b""), (204, b""), (204, b"")]
    with serving(lambda _: answers.pop(0)) as server:
        settings = Settings(name="base", url=server.url, database="linky")
        settings.house = HOUSE
        sink = InfluxDB(settings)
        with pytest.raises(SinkUnavailable):
            sink.write([row(AT)])
        sink.write([row(AT)])
        sink.write([row(AT + timedelta(minutes=1))])
        sink.close()
    lost, first, second = ([dict(point.fields) for point in points(sent.text)] for sent in server.sent)
    assert lost == first == [{**row(AT).fields, "price_HN": 128300}]
    assert second == [row(AT).fields]


@pytest.mark.parametrize(
    ("offer", "prices"),
    [
        ("tarif-bleu-hc", {"price_HC", "price_HP"}),
        # On a Sunday both registers have one price all day, but the days of a month would not add up.
        ("edf-zen-week-end-hc", set()),
    ],
)
def test_an_offer_whose_hours_are_not_those_of_the_meter_has_no_price(tmp_path, apart, call, offer, prices):
    write_days(tmp_path / "log", hours=0.1)
    config = tmp_path / "box.ini"
    with serving(lambda _: (204, b"")) as server:
        config.write_text(
            f"[general]\nstate_dir = {tmp_path}/state\n[log]\ndir = {tmp_path}/log\n"
            f"[contract]\noffer = {offer}\npower = 9\noff_peak = 22:00-06:00\n"
            f"[sink:base]\ntype = influxdb\nurl = {server.url}\ndatabase = linky\n"
        )
        status, _, _ = call("deliver", "-c", config, "--from", "2026-01-01", "--once")
    assert status == 0
    found = [point for sent in server.sent for point in points(sent.text) if ("contract", "HC") in point.tags]
    assert found
    assert {name for point in found for name, _ in point.fields if name.startswith("price_")} == prices
