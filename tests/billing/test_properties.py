"""Random contracts against a second, plain computation; and what holds of every bill."""

from __future__ import annotations

import calendar
import random
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import pytest

from linkymonitor.billing.rules import Decimals, Rules
from linkymonitor.billing.values import BilledDay, Index, Stretch
from linkymonitor.billing.work import Measured, work
from linkymonitor.money.book import PriceBook
from linkymonitor.money.contract import Lines, Paid, Proration, Split
from linkymonitor.money.tariffs import Prices
from linkymonitor.money.taxes import read_taxes
from tests.billing.house import TABLES
from tests.support.extent import extent

DAY = timedelta(days=1)
TAXES = read_taxes((TABLES,))


class House:
    """A contract that never was: two registers, two changes of prices, one of power."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        chance = self.chance
        self.first = date(2024, 1, 1) + chance.randrange(700) * DAY
        self.count = chance.randrange(2, 400)
        self.end = self.first + self.count * DAY
        self.turns = sorted(chance.sample(range(1, 400), 2))
        self.prices = [self.priced() for _ in range(3)]
        self.powers = [chance.choice((6, 9)), chance.choice((6, 9))]
        self.power_turn = chance.randrange(400)
        self.indexes: list[dict[str, int]] = [{"HC": chance.randrange(10**9), "HP": chance.randrange(10**9)}]
        for _ in range(self.count):
            self.indexes.append(
                {name: wh + chance.randrange(40_000) for name, wh in self.indexes[-1].items()}
            )
        self.rules = Rules(
            proration=chance.choice(list(Proration)),
            split=chance.choice(list(Split)),
            lines=chance.choice(list(Lines)),
            decimals=Decimals(*chance.choices((2, 3), k=3)),
        )

    def priced(self) -> dict[str, Decimal]:
        cents = self.chance.randrange
        return {
            "HC": Decimal(cents(1000, 2000)).scaleb(-4),
            "HP": Decimal(cents(1500, 3000)).scaleb(-4),
            "month": Decimal(cents(900, 3000)).scaleb(-2),
        }

    def prices_on(self, number: int) -> dict[str, Decimal]:
        return self.prices[sum(number >= turn for turn in self.turns)]

    def power_on(self, number: int) -> int:
        return self.powers[number >= self.power_turn]

    def days(self) -> list[BilledDay]:
        books = [
            PriceBook(Prices(hc=each["HC"], hp=each["HP"], subscription_month=each["month"]))
            for each in self.prices
        ]
        return [
            BilledDay(
                self.first + number * DAY,
                books[sum(number >= turn for turn in self.turns)].on(self.first + number * DAY),
                self.power_on(number),
            )
            for number in range(self.count + 1)
        ]

    def stretch(self, first: int = 0, end: int | None = None) -> Stretch:
        end = self.count if end is None else end

        def at(number: int) -> dict[str, Index]:
            return {name: Index(wh % 10**9) for name, wh in self.indexes[number].items()}

        midnights = {self.first + number * DAY: at(number) for number in range(first + 1, end)}
        return Stretch(self.first + first * DAY, self.first + (end - 1) * DAY, at(first), at(end), midnights)

    def bill(self, first: int = 0, end: int | None = None, **rules: object):
        end = self.count if end is None else end
        days = self.days()
        return work(
            days[first:end],
            days[end],
            Measured([self.stretch(first, end)]),
            self.rules._replace(**rules),  # type: ignore[arg-type]
            TAXES,
        )


def rounded(amount: Fraction, places: int) -> Decimal:
    quotient = Context(prec=60).divide(Decimal(amount.numerator), Decimal(amount.denominator))
    return quotient.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, Context(prec=60))


def months_of(days: list[date], proration: Proration) -> Fraction:
    """Return the months of *days* in a row, day by day."""
    if proration is Proration.CALENDAR_MONTH:
        return sum((Fraction(1, calendar.monthrange(day.year, day.month)[1]) for day in days), Fraction(0))
    if proration is Proration.MONTH_30:
        return Fraction(len(days), 30)
    if proration is Proration.YEAR_365:
        return Fraction(12 * len(days), 365)
    if proration is Proration.YEAR_366:
        return sum((Fraction(12, 366 if calendar.isleap(day.year) else 365) for day in days), Fraction(0))
    whole, end = 0, days[-1] + DAY
    while later(days[0], whole + 1) <= end:
        whole += 1
    begun = later(days[0], whole)
    return whole + Fraction((end - begun).days, (later(days[0], whole + 1) - begun).days)


def later(day: date, months: int) -> date:
    """Return the same day of a later month, its last day where it is shorter; counted month by month."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def plain_lines(house: House) -> list[tuple[str, Decimal]]:
    """Return register and amount of each line, worked day by day."""
    found = []
    runs: list[tuple[object, list[int]]] = []
    for number in range(house.count):
        day = house.first + number * DAY
        key = house.prices_on(number)["month"], house.power_on(number), day >= date(2025, 8, 1)
        if runs and runs[-1][0] == key:
            runs[-1][1].append(number)
        else:
            runs.append((key, [number]))
    for _, numbers in runs:
        days = [house.first + number * DAY for number in numbers]
        price = Fraction(house.prices_on(numbers[0])["month"])
        amount = price * months_of(days, house.rules.proration)
        found.append(("", rounded(amount, house.rules.decimals.subscription)))
    for register in ("HC", "HP"):
        parts: list[tuple[object, list[int]]] = []
        for number in range(house.count):
            power = house.power_on(number) if house.rules.lines is Lines.PRICE_POWER else None
            key = house.prices_on(number)[register], power
            if parts and parts[-1][0] == key:
                parts[-1][1].append(number)
            else:
                parts.append((key, [number]))
        at = [indexes[register] // 1000 for indexes in house.indexes]
        total = left = at[-1] - at[0]
        for place, (_, numbers) in enumerate(parts):
            if house.rules.split is Split.INDEX:
                kwh = at[numbers[-1] + 1] - at[numbers[0]]
            elif place == len(parts) - 1:
                kwh = left
            else:
                kwh = int(rounded(Fraction(total * len(numbers), house.count), 0))
                left -= kwh
            price = Fraction(house.prices_on(numbers[0])[register])
            if kwh:
                found.append((register, rounded(price * kwh, house.rules.decimals.energy)))
    return found


#: Houses for each seed: two thousand in all in full.
HOUSES = 100
SEEDS = range(extent(2, 20))


@pytest.mark.campaign
@pytest.mark.parametrize("seed", SEEDS)
def test_random_contracts_agree_with_a_plain_computation(seed):
    for number in range(HOUSES):
        house = House(seed * HOUSES + number)
        bill = house.bill()
        worked = [(line.register or "", line.eur) for line in bill.lines]
        assert worked == plain_lines(house), (house.first, house.count, house.rules)
        assert bill.total == sum(line.eur for line in bill.lines)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", SEEDS)
def test_a_bill_that_is_cut_in_two_adds_up(seed):
    """The kWh add up exactly; euros differ by the roundings of the lines that there are more of."""
    for number in range(5):
        house = House(seed * HOUSES + number)
        cut = house.chance.randrange(1, house.count)
        exact = {"split": Split.INDEX, "proration": Proration.CALENDAR_MONTH, "paid": Paid.ARREARS}
        whole, before, after = (house.bill(*span, **exact) for span in ((), (0, cut), (cut, None)))
        for register in ("HC", "HP"):
            kwh = [
                sum(line.kwh for line in each.lines if line.register == register)
                for each in (whole, before, after)
            ]
            assert kwh[0] == kwh[1] + kwh[2]
        lines = len(whole.lines) + len(before.lines) + len(after.lines)
        assert abs(whole.total - before.total - after.total) <= Decimal("0.005") * lines


@pytest.mark.campaign
@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_in_which_indexes_are_read_changes_nothing(seed):
    house = House(seed)
    stretch, days = house.stretch(), house.days()
    turned = stretch._replace(
        midnights=dict(reversed(stretch.midnights.items())),
        end=dict(reversed(stretch.end.items())),
    )
    bills = [work(days[:-1], days[-1], Measured([each]), house.rules, TAXES) for each in (stretch, turned)]
    assert bills[0] == bills[1]
