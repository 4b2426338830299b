"""A year of a simulated house under four contracts: year, months and days equal its registers, to Wh and cent."""

# The house logs its year, and the command `report` reads that log. What each day used is the difference of the
# registers of the simulated meter at two midnights. What it costs is that energy times the printed price of that day,
# as a fraction that is rounded half up once a line. None of the program's own arithmetic is used.

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pytest

from linkymonitor.cli import main
from linkymonitor.model.record import Record
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import Options, parse_spec
from linkymonitor.simulator.past import records
from linkymonitor.system.resources import shipped
from tests.report.house import PARIS, local, write_log
from tests.report.test_by_hand import EJP, EJP_DAYS, TEMPO, cents, days_of_month, in_force
from tests.support.extent import extent
from tests.support.tally import tally

pytestmark = pytest.mark.campaign

DAY = timedelta(days=1)
#: A year over two changes of prices; in short two days before the first of them and one after it.
FIRST, LAST = extent((date(2026, 1, 30), date(2026, 2, 1)), (date(2025, 9, 1), date(2026, 8, 31)))
#: From that day on, €/kWh of each period and €/month, as EDF printed them: 12 kVA, and 9 kVA.
BASE = {
    date(2025, 8, 1): ({"TH": "0.1952"}, "23.32"),
    date(2026, 2, 1): ({"TH": "0.1927"}, "23.32"),
    date(2026, 8, 1): ({"TH": "0.1985"}, "23.76"),
}
HC = {
    date(2025, 8, 1): ({"HC": "0.1635", "HP": "0.2081"}, "19.81"),
    date(2026, 2, 1): ({"HC": "0.1579", "HP": "0.2065"}, "19.56"),
    date(2026, 8, 1): ({"HC": "0.1589", "HP": "0.2142"}, "19.88"),
}
EJP_AND_LATER = EJP | {date(2026, 8, 1): ({"HN": "0.1789", "PM": "0.4324"}, "19.52")}
Grids = Mapping[date, tuple[Mapping[str, str], str]]


class Contract(NamedTuple):
    """A contract, its house and its printed prices."""

    offer: str
    words: str
    grids: Grids
    change: Callable[[Options], Options] = lambda options: options


def published(colour: str) -> frozenset[date]:
    """Return the days of *colour* in the list of EDF."""
    lines = shipped("etc/tariffs/tempo-days.csv").read_text().splitlines()
    return frozenset(date.fromisoformat(line[:10]) for line in lines if line.endswith(f",{colour}"))


def with_true_colours(options: Options) -> Options:
    return replace(options, red_days=published("ROUGE"), white_days=published("BLANC"))


CONTRACTS = {
    "base": Contract("tarif-bleu-base", "base,standard,tri,producer,seed=5", BASE),
    "hc": Contract("tarif-bleu-hc", "hc,seed=3", HC),
    "ejp": Contract("ejp", f"ejp={'+'.join(map(str, sorted(EJP_DAYS)))},pv,seed=7", EJP_AND_LATER),
    "tempo": Contract("tempo", "tempo,standard,seed=2", TEMPO, with_true_colours),
}


class Sums(NamedTuple):
    """A period by hand: register → Wh and what it cost, exact; the subscription; the total of each day as shown."""

    wh: dict[str, int]
    costs: dict[str, Fraction]
    subscription: Fraction
    days: dict[date, tuple[int, Decimal]]

    @property
    def total(self) -> Decimal:
        return sum((cents(self.costs[name]) for name, wh in self.wh.items() if wh), cents(self.subscription))


class Year:
    """A log of a simulated house, and the registers of its meter at each midnight."""

    def __init__(self, contract: Contract, folder: Path) -> None:
        self.contract, self.folder = contract, folder
        self.midnights: dict[date, Mapping[str, int]] = {}
        options = parse_spec(f"{contract.words},day={LAST},since={FIRST - DAY}")
        house = House(contract.change(options))
        begin, end = local(FIRST) - timedelta(minutes=30), local(LAST + DAY) + timedelta(minutes=30)
        write_log(folder / "log", self.seen(records(house, begin, end)))
        self.ini = folder / "box.ini"
        self.ini.write_text(f"[contract]\noffer = {contract.offer}\n[log]\ndir = {folder / 'log'}\n")

    def seen(self, made: Iterator[Record]) -> Iterator[Record]:
        """Yield *made*, and keep the registers of midnights."""
        for record in made:
            here = record.ended_at.astimezone(PARIS)
            if (here.hour, here.minute, here.second) == (0, 0, 0):
                self.midnights[here.date()] = record.indexes
            yield record

    def by_hand(self, first: date, last: date) -> Sums:
        sums = Sums({}, {}, Fraction(0), {})
        for day in (first + DAY * count for count in range((last - first).days + 1)):
            prices, month = in_force(self.contract.grids, day)
            share = Fraction(month) / days_of_month(day)
            shown, used = cents(share), 0
            for name, before in self.midnights[day].items():
                wh = self.midnights[day + DAY][name] - before
                cost = Fraction(wh, 1000) * Fraction(prices[name])
                sums.wh[name] = sums.wh.get(name, 0) + wh
                sums.costs[name] = sums.costs.get(name, Fraction(0)) + cost
                shown, used = shown + cents(cost), used + wh
            sums.days[day] = used, shown
            sums = sums._replace(subscription=sums.subscription + share)
        return sums

    def check(self, first: date, last: date, capsys) -> dict[str, object]:
        """Check what `report --json` prints of the days from *first* to *last*, and return it."""
        assert main(["report", "-c", str(self.ini), "-s", str(first), "-e", str(last), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        hand = self.by_hand(first, last)
        counted = {name: period["wh"] for name, period in found["periods"].items() if period["wh"]}
        assert counted == {name: wh for name, wh in hand.wh.items() if wh}
        for name in counted:
            period = found["periods"][name]
            assert Decimal(period["eur"]) == cents(hand.costs[name]), (first, last, name)
            ends = {"first": self.midnights[first][name], "last": self.midnights[last + DAY][name]}
            assert period["index"] == ends, (first, last, name)
        assert found["consumed"]["wh"] == sum(hand.wh.values())
        assert Decimal(found["subscription"]["eur"]) == cents(hand.subscription)
        assert Decimal(found["total"]["eur"]) == hand.total
        if first < last:
            days = {date.fromisoformat(day["date"]): day for day in found["days"]}
            assert {day: (one["wh"], Decimal(one["eur"])) for day, one in days.items()} == hand.days
            shown = sum(eur for _, eur in hand.days.values())
            assert Decimal(found["rounding_eur"]) == shown - hand.total
        return found


def months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield the first and the last day of each month, as far as it lies between *first* and *last*."""
    while first <= last:
        end = min(first.replace(day=days_of_month(first)), last)
        yield first, end
        first = end + DAY


@pytest.mark.parametrize("name", CONTRACTS)
def test_year_months_and_days_are_what_the_registers_counted(name, tmp_path, capsys):
    year = Year(CONTRACTS[name], tmp_path)
    whole = year.check(FIRST, LAST, capsys)
    parts = [year.check(*month, capsys)["consumed"]["wh"] for month in months(FIRST, LAST)]
    assert sum(parts) == whole["consumed"]["wh"]
    halves = [
        year.check(max(FIRST, date(number, 1, 1)), min(LAST, date(number, 12, 31)), capsys)["consumed"]["wh"]
        for number in range(FIRST.year, LAST.year + 1)
    ]
    assert sum(halves) == whole["consumed"]["wh"]
    special = {kind: found["days"] for kind, found in whole.get("special_days", {}).items()}
    listed = {"ejp": {"ejp": EJP_DAYS}, "tempo": {"red": published("ROUGE"), "white": published("BLANC")}}
    for kind, days in listed.get(name, {}).items():
        assert special.get(kind, 0) == sum(FIRST <= day <= LAST for day in days)
    tally("days of a year, under four contracts", (LAST - FIRST).days + 1, note="wrong: any Wh, any cent")


def test_the_days_of_the_season_are_those_that_were_published():
    assert sum(date(2025, 9, 1) <= day <= date(2026, 8, 31) for day in published("ROUGE")) == 22
    assert len(EJP_DAYS) == 22
