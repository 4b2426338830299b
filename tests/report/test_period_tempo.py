"""A season of Tempo with the colours that were published: sums by counting days, not by the code of the report."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from linkymonitor.report.period.figures import period_figures
from tests.report.house import PARIS, local
from tests.report.made_days import made
from tests.report.price_books import book

COLOURS = Path(__file__).parents[2] / "etc/tariffs/tempo-days.csv"
LETTERS = {"BLEU": "B", "BLANC": "W", "ROUGE": "R"}
NAMES = {"B": "blue", "W": "white", "R": "red"}
#: The season, as far as every colour of it was published.
FIRST, LAST = date(2025, 9, 1), date(2026, 4, 22)
CHANGE = date(2026, 2, 1)
OLD = {
    "HCJB": "0.1232",
    "HPJB": "0.1494",
    "HCJW": "0.1391",
    "HPJW": "0.1730",
    "HCJR": "0.1460",
    "HPJR": "0.6468",
}
NEW = {
    "HCJB": "0.1325",
    "HPJB": "0.1612",
    "HCJW": "0.1499",
    "HPJW": "0.1871",
    "HCJR": "0.1575",
    "HPJR": "0.7060",
}
#: Wh of a half hour of peak hours, and of off-peak hours.
PEAK, OFF_PEAK = 310, 170


def published() -> dict[date, str]:
    """Return the letter of the colour of each day from the day before FIRST to LAST."""
    found = {}
    for line in COLOURS.read_text("utf-8").splitlines():
        if line[:1].isdecimal():
            day, colour = line.split(",")
            if FIRST - timedelta(days=1) <= date.fromisoformat(day) <= LAST:
                found[date.fromisoformat(day)] = LETTERS.get(colour, "B")
    return found


COLOUR = published()


def season():
    """Return the summaries: a Tempo day runs from 6 h to 6 h, its off-peak hours from 22 h to 6 h."""
    summaries = {}
    for day, letter in COLOUR.items():
        if day < FIRST:
            continue
        eve = COLOUR[day - timedelta(days=1)]
        count = len(made(day, {"X": 1}).half_hours["X"])
        night = count - 36  # of 12 half hours, and of 10 or 14 where the hour changes
        energy = {f"HC{'J' + eve}": [OFF_PEAK] * night + [0] * 36}
        own = energy.setdefault(f"HCJ{letter}", [0] * count)
        own[-4:] = [OFF_PEAK] * 4
        energy[f"HPJ{letter}"] = [0] * night + [PEAK] * 32 + [0] * 4
        summaries[day] = made(day, {}, option="TEMPO", colour=NAMES[letter])._replace(
            half_hours={name: tuple(column) for name, column in energy.items()}
        )
    return summaries


def half_hours(first: date, last: date) -> Counter[str]:
    """Return how many half hours of each register there are from *first* to *last*, by counting days."""
    counts: Counter[str] = Counter()
    day = first
    while day <= last:
        # The night of the changes of hour, 26 October 2025 and 29 March 2026.
        night = {date(2025, 10, 26): 14, date(2026, 3, 29): 10}.get(day, 12)
        counts["HCJ" + COLOUR[day - timedelta(days=1)]] += night
        counts["HCJ" + COLOUR[day]] += 4
        counts["HPJ" + COLOUR[day]] += 32
        day += timedelta(days=1)
    return counts


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def expected(first: date, last: date) -> dict[str, tuple[int, Decimal]]:
    """Return the Wh of each register and what they cost, each at the price of its day, rounded once."""
    old = half_hours(first, min(last, CHANGE - timedelta(days=1)))
    new = half_hours(max(first, CHANGE), last)
    lines = {}
    for name in {*old, *new}:
        each = PEAK if name.startswith("HP") else OFF_PEAK
        exact = Decimal(old[name] * each) / 1000 * Decimal(OLD[name])
        exact += Decimal(new[name] * each) / 1000 * Decimal(NEW[name])
        lines[name] = ((old[name] + new[name]) * each, cents(exact))
    return lines


PERIODS = [
    pytest.param(FIRST, LAST, id="season"),
    pytest.param(date(2025, 9, 1), date(2025, 12, 31), id="autumn"),
    *(
        pytest.param(date(year, month, 1), date(year, month, last), id=f"{year}-{month}")
        for year, month, last in (
            (2025, 10, 31), (2025, 11, 30), (2025, 12, 31), (2026, 1, 31), (2026, 2, 28), (2026, 3, 31)
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("first", "last"), PERIODS)
def test_each_register_has_its_half_hours_and_the_price_of_each_day(first, last):
    prices = book(OLD, (CHANGE, NEW), subscription="15.50", later_subscription="16.00")
    figures = period_figures(season(), prices, first, last, tz=PARIS, now=local(date(2026, 5, 1)))
    lines = {line.code: (line.wh, line.eur) for line in figures.lines}
    assert lines == expected(first, last)
    assert figures.consumed == sum(wh for wh, _ in lines.values())
    assert figures.consumed_eur == sum(eur for _, eur in lines.values())
    assert (
        figures.consumed == sum(day.wh for day in figures.days) == sum(month.wh for month in figures.months)
    )


def test_the_winter_has_its_22_red_days():
    prices = book(OLD, (CHANGE, NEW), subscription="15.50")
    figures = period_figures(season(), prices, FIRST, LAST, tz=PARIS, now=local(date(2026, 5, 1)))
    counts = {special.kind: special.days for special in figures.specials}
    assert counts == {name: list(COLOUR.values())[1:].count(letter) for letter, name in NAMES.items()}
    assert counts["red"] == 22
