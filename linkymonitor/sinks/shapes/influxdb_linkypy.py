"""InfluxDB in the shape of LinkyPy: ``linky`` and ``prices``, and what InfluxDB makes of them each hour."""

# Strategy
#
# - ``linky`` and ``prices`` are kept for a week (linky_rp); two continuous queries make ``linky_mean`` and
#   ``prices_mean`` of them, which stay. The retention policy and the queries are made when they are not there; those
#   that are there stay as they are.
# - The continuous queries only look at the last hour. So for records that come late their query is run here, over the
#   hours of these records. What is older than a week cannot be in ``linky``: its hours of ``linky_mean`` are made of
#   the records. After a restart in the middle of such an hour its mean is that of the records since then.
# - ``prices`` has each offer of the price tables, once a minute. The month begins with the first index of
#   ``linky_mean``, as in LinkyPy; without one there are no costs. An offer with other hours than those of the registers
#   is priced hour by hour (linkypy_month.py), and has no costs while a colour of the month, and so a price, is not
#   known.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from linkymonitor.estimate.linkypy import linkypy
from linkymonitor.sinks.base import Live, OfferPrices, Row
from linkymonitor.sinks.forms import tag_text
from linkymonitor.sinks.shapes.historique_names import labels_of
from linkymonitor.sinks.shapes.linkypy_month import HOUR, Hour, Indexes, MonthEnergy
from linkymonitor.sinks.shapes.live_influx import InfluxSettings, LiveOverInflux
from linkymonitor.system.zones import zone

POLICY = "linky_rp"
_LABELS = ("HCHC", "HCHP", "PAPP")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
#: What makes ``linky_mean`` of ``linky``.
_MEAN = (
    'SELECT mean("PAPP") AS PAPP, last("HCHC") AS HCHC, last("HCHP") AS HCHP INTO "linky_mean" '
    f"FROM {POLICY}.linky"
)
#: Name of a continuous query → what it selects.
_QUERIES = {
    "linky_mean_cq": f"{_MEAN} GROUP BY time(1h)",
    "prices_mean_cq": (
        'SELECT last("CURRENT_COST") AS CURRENT_COST, last("ESTIMATED_COST") AS ESTIMATED_COST INTO prices_mean '
        f"FROM {POLICY}.prices "
        "GROUP BY time(1h), provider, offer_name, offer_type, month_name, month_number, year_number"
    ),
}
_HOUR = timedelta(hours=1)
_STAMP = "%Y-%m-%dT%H:%M:%SZ"
#: InfluxDB refuses a point that is older than the retention policy; the last minutes of it are left alone.
_KEPT = timedelta(days=7) - _HOUR
#: Costs are written so often.
_PRICES_EVERY = timedelta(minutes=1)
_WH = 1000
#: The offer_type of an offer with other periods than LinkyPy knows: it has a price for each period.
_OTHER_TYPE = "PERIODES"


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(InfluxSettings):
    """``[sink:NAME]`` with ``type = influxdb`` and ``shape = linkypy``."""

    #: The name of the database.
    database: str = "linky"


class _Point(NamedTuple):
    """What ``linky`` has of one record."""

    at: datetime
    values: dict[str, int]


class _Month(NamedTuple):
    """A local month at one instant, in seconds."""

    begin: datetime
    elapsed: int
    left: int


class LinkyPy(LiveOverInflux):
    """The database of LinkyPy."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._database = settings.database
        self._zone = zone(settings.house.timezone)
        self._offers = settings.house.offers
        self._prices_due: datetime | None = None
        #: The day and the power of the offers that are counted, and the hours of the month.
        self._counted_for: tuple[date, int] | None = None
        self._energy = MonthEnergy()
        #: The records so far of the newest hour that is older than a week.
        self._hour: list[_Point] = []

    def prepare(self) -> None:
        """Make the database, the retention policy and the continuous queries, those that are not there."""
        database = f'"{self._database}"'
        if [self._database] not in _values(self.server.ask("SHOW DATABASES")):
            self.server.ask(f"CREATE DATABASE {database}")
        policies = _values(self.server.ask(f"SHOW RETENTION POLICIES ON {database}"))
        if POLICY not in [row[0] for row in policies]:
            self.server.ask(f"CREATE RETENTION POLICY {POLICY} ON {database} DURATION 1w REPLICATION 1")
        there = {
            row[0]
            for series in self.server.ask("SHOW CONTINUOUS QUERIES")
            if series["name"] == self._database
            for row in series.get("values", [])
        }
        for name, query in _QUERIES.items():
            if name not in there:
                self.server.ask(
                    f"CREATE CONTINUOUS QUERY {name} ON {database} RESAMPLE EVERY 1m FOR 1h BEGIN {query} END"
                )

    def write_reading(self, reading: Live, at: datetime) -> None:
        """Write *reading*, and once a minute the costs of the month."""
        values = fields_of(reading.fields)
        if values:
            self.server.send([self._line(values, at)], POLICY)
        contract = reading.reading.contract
        if {"HCHC", "HCHP"} <= values.keys() and contract is not None and contract.subscribed_power:
            now = Indexes(values["HCHP"], values["HCHC"])
            self._write_prices(now, round(contract.subscribed_power / _WH), at)

    def write_rows(self, records: Sequence[Row]) -> None:
        """Write *records*, and the hours of ``linky_mean`` that they belong to."""
        points = [_Point(row.ended_at, values) for row in records if (values := fields_of(row.fields))]
        oldest = datetime.now(UTC) - _KEPT
        # The hours that are read again may be others.
        self._counted_for = None
        young = [point for point in points if point.at > oldest]
        if young:
            self.server.send([self._line(point.values, point.at) for point in young], POLICY)
            begin, end = (_hour_of(at) for at in (young[0].at, young[-1].at + _HOUR))
            self.server.ask(
                f"{_MEAN} WHERE time >= '{begin:{_STAMP}}' AND time < '{end:{_STAMP}}' GROUP BY time(1h) fill(none)"
            )
        means: dict[datetime, str] = {}
        for point in points:
            if point.at <= oldest:
                if self._hour and _hour_of(self._hour[0].at) != _hour_of(point.at):
                    self._hour = []
                self._hour.append(point)
                means[_hour_of(point.at)] = _mean(self._hour)
        if means:
            self.server.send(list(means.values()))

    def _line(self, values: dict[str, int], at: datetime) -> str:
        fields = ",".join(f"{label}={value}i" for label, value in values.items())
        return f"linky,{self._month_tags(at)} {fields} {int(at.timestamp())}"

    def _month_tags(self, at: datetime) -> str:
        local = at.astimezone(self._zone)
        return f"month_name={_MONTHS[local.month - 1]},month_number={local.month},year_number={local.year}"

    def _write_prices(self, now: Indexes, kva: int, at: datetime) -> None:
        if self._prices_due is not None and at < self._prices_due <= at + _PRICES_EVERY:
            return
        self._prices_due = at + _PRICES_EVERY
        month, day = self._month(at), at.astimezone(self._zone).date()
        if (day, kva) != self._counted_for:
            # On another day prices, and what is known of colours, may be others.
            self._counted_for, self._energy = (day, kva), MonthEnergy()
        energy = self._energy_until(month, at)
        lines = [
            line
            for offer in self._offers(day, kva)
            if (line := self._line_of_offer(offer, energy, now, month, kva, at)) is not None
        ]
        if lines:
            self.server.send(lines, POLICY)

    def _month(self, at: datetime) -> _Month:
        local = at.astimezone(self._zone)
        begin = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
        end = (begin + timedelta(days=32)).replace(day=1)
        begin, end = begin.astimezone(UTC), end.astimezone(UTC)
        return _Month(begin, int((at - begin).total_seconds()), int((end - at).total_seconds()))

    def _energy_until(self, month: _Month, at: datetime) -> MonthEnergy:
        """Return the energy of the month by the hours of ``linky_mean``, of which the new ones are read."""
        known = self._energy.hours
        since = datetime.fromtimestamp(known[-1].end, UTC) if known else month.begin
        over = _hour_of(at)
        if known and since >= over:
            return self._energy
        found = _values(
            self.server.ask(f"SELECT HCHP, HCHC FROM linky_mean WHERE time >= '{since:{_STAMP}}'")
        )
        hours = [
            Hour(int(begin), Indexes(int(hp), int(hc))) for begin, hp, hc in found if None not in (hp, hc)
        ]
        self._energy.add([hour for hour in hours if hour.end <= over.timestamp()])
        if self._energy.hours or not hours:
            return self._energy
        # The first hour is not over: its index so far is the first one of the month.
        first = MonthEnergy()
        first.add([hours[0]._replace(begin=hours[0].begin - HOUR)])
        return first

    def _line_of_offer(
        self, offer: OfferPrices, energy: MonthEnergy, now: Indexes, month: _Month, kva: int, at: datetime
    ) -> str | None:
        """Return the costs of *offer*; None while they are not known."""
        name = f"{offer.supplier} {offer.name}"
        drawn = energy.by_period(name, offer.period, now, int(at.timestamp()))
        if drawn is None or any(wh and period not in offer.energy for period, wh in drawn.items()):
            return None
        cost = sum((wh * offer.energy[period] for period, wh in drawn.items() if wh), Decimal(0)) / _WH
        figures = linkypy(cost, offer.subscription, month.elapsed, month.left, fewest=1)
        kind, prices = _kind_of(offer)
        tags = {
            "provider": offer.supplier,
            # The dashboards put the name between such quotes.
            "offer_name": offer.name.replace("'", "’"),
            "offer_type": kind,
            "power": str(kva),
            "subscription_price": f"{offer.subscription:.2f}",
            **{name: str(price) for name, price in prices.items()},
        }
        fields = f"CURRENT_COST={figures.current_cost}"
        if figures.estimated_cost is not None:
            fields += f",ESTIMATED_COST={figures.estimated_cost}"
        named = ",".join(f"{name}={tag_text(value)}" for name, value in tags.items())
        return f"prices,{named},{self._month_tags(at)} {fields} {int(at.timestamp())}"


def _kind_of(offer: OfferPrices) -> tuple[str, dict[str, Decimal]]:
    """Return the offer_type, and the prices that LinkyPy has as tags; an offer with other periods has none."""
    energy = offer.energy
    if len(energy) == 1:
        (price,) = energy.values()
        return "BASE", {"hp_kwh_price": price, "hc_kwh_price": price}
    if energy.keys() == {"HP", "HC"}:
        return "HPHC", {"hp_kwh_price": energy["HP"], "hc_kwh_price": energy["HC"]}
    return _OTHER_TYPE, {}


def fields_of(fields: Mapping[str, int]) -> dict[str, int]:
    """Return the values of ``linky`` among *fields*."""
    values = labels_of(fields, "", "", None)
    return {label: int(values[label]) for label in _LABELS if label in values}


def _hour_of(at: datetime) -> datetime:
    """Return the begin of the hour of *at*, as InfluxDB groups."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _mean(points: Sequence[_Point]) -> str:
    """Return the point of ``linky_mean`` of *points*, all of one hour, in their order."""
    powers = [point.values["PAPP"] for point in points if "PAPP" in point.values]
    fields = [f"PAPP={sum(powers) / len(powers)}"] if powers else []
    for label in ("HCHC", "HCHP"):
        indexes = [point.values[label] for point in points if label in point.values]
        fields += [f"{label}={indexes[-1]}i"] if indexes else []
    return f"linky_mean {','.join(fields)} {int(_hour_of(points[0].at).timestamp())}"


def _values(series: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Return the rows of all of *series*."""
    return [row for one in series for row in one.get("values", [])]


#: The name under which every module of a sink has its class.
Sink = LinkyPy
