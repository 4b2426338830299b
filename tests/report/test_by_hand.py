"""A winter of EJP and a year of Tempo with the true days: each day equals what hand work makes of printed prices."""

# Every house here draws 1,200 W all day: an hour is 1.2 kWh, and what a day costs is a matter of counting hours.
# Amounts are fractions here, rounded half up once; none of the program's own arithmetic is used.

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from linkymonitor.cli import main
from linkymonitor.money.book import PriceBook
from linkymonitor.money.contract import Contract
from linkymonitor.money.shelf import Shelf
from linkymonitor.money.tariffs import Prices
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.simulator.past import records as past
from linkymonitor.system.resources import shipped
from linkymonitor.system.storage import Storage
from tests.report.house import PARIS, contract, flat, local, period_of, records, write_log
from tests.support.figures import days, json_of

DAY = timedelta(days=1)
WATTS = 1200
#: EDF's grids: from that day on, €/kWh of each period and €/month for 9 kVA.
EJP = {
    date(2025, 8, 1): ({"HN": "0.1418", "PM": "1.0867"}, "19.32"),
    date(2026, 2, 1): ({"HN": "0.1781", "PM": "0.3440"}, "19.20"),
}
TEMPO = {
    date(2025, 8, 1): (
        dict(
            zip(
                ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR"),
                ("0.1232", "0.1494", "0.1391", "0.1730", "0.1460", "0.6468"),
                strict=True,
            )
        ),
        "19.49",
    ),
    date(2026, 2, 1): (
        dict(
            zip(
                ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR"),
                ("0.1325", "0.1612", "0.1499", "0.1871", "0.1575", "0.7060"),
                strict=True,
            )
        ),
        "19.38",
    ),
    date(2026, 8, 1): (
        dict(
            zip(
                ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR"),
                ("0.1356", "0.1654", "0.1536", "0.1921", "0.1615", "0.7295"),
                strict=True,
            )
        ),
        "19.70",
    ),
}
#: The last Sundays of October and of March: the night has an hour more or less.
LONG, SHORT = {date(2025, 10, 26), date(2026, 10, 25)}, {date(2026, 3, 29)}
#: EDF's 22 days of the winter 2025-26.
EJP_DAYS = {
    date(year, month, day)
    for year, month, listed in (
        (2025, 11, (20, 21, 26)),
        (2025, 12, (16, 17, 18, 19)),
        (2026, 1, (5, 6, 7, 8, 9)),
        (2026, 2, (9, 17)),
        (2026, 3, (3, 4, 5, 6, 9, 10, 14, 16)),
    )
    for day in listed
}


def cents(amount: Fraction) -> Decimal:
    """Return *amount* to the cent, half a cent upwards."""
    return Decimal(int(amount * 100 + Fraction(1, 2))) / 100


def between(first: date, last: date):
    return (first + DAY * count for count in range((last - first).days + 1))


def in_force(grids, day):
    return grids[max(start for start in grids if start <= day)]


def night(day: date) -> int:
    """Return how many hours *day* has before 06:00."""
    return 7 if day in LONG else 5 if day in SHORT else 6


def ejp_hours(day: date) -> dict[str, int]:
    """A peak runs from 07:00 of its day to 01:00 of the next one."""
    peak = (17 if day in EJP_DAYS else 0) + (1 if day - DAY in EJP_DAYS else 0)
    return {"HN": 18 + night(day) - peak, "PM": peak}


def tempo_hours(colours):
    """The day runs from 06:00 to 06:00, off-peak hours from 22:00 to 06:00."""

    def hours(day: date) -> dict[str, int]:
        found = dict.fromkeys(TEMPO[date(2025, 8, 1)][0], 0)
        found[f"HCJ{colours.get(day - DAY, 'B')}"] += night(day)
        found[f"HPJ{colours.get(day, 'B')}"] += 16
        found[f"HCJ{colours.get(day, 'B')}"] += 2
        return found

    return hours


def logged(folder, first: date, last: date, option: str, **period):
    made = records(
        local(first) - timedelta(minutes=5),
        local(last + DAY) + timedelta(minutes=5),
        power=flat(WATTS),
        step=1800,
        contract=contract(option),
        period=period_of(option, **period),
    )
    write_log(folder, made)


def offered(offer: str, tariff=None) -> PriceBook:
    return PriceBook(tariff or Prices(), {}, Contract(offer=offer), {}, Shelf((shipped("etc/tariffs"),)))


def days_of_month(day: date) -> int:
    return ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - DAY).day


def check_each_day(folder, first, last, book, grids, hours_of):
    """Check each day against *grids*, and return the sums by hand: period → Wh, and period → its cost, not rounded."""
    energy: dict[str, int] = {}
    costs: dict[str, Fraction] = {}
    now = local(last + 2 * DAY)
    found = days(folder, (first, last), tz=PARIS, prices=book, now=now, storage=Storage())
    for day, figures in zip(between(first, last), found, strict=True):
        prices, month = in_force(grids, day)
        lines = {line.code: line for line in figures.lines}
        total = cents(Fraction(month) / days_of_month(day))
        assert figures.subscription == total, day
        for period, hours in hours_of(day).items():
            cost = Fraction(hours * WATTS, 1000) * Fraction(prices[period])
            assert lines[period].wh == hours * WATTS, (day, period)
            assert lines[period].price == Decimal(prices[period]), (day, period)
            assert lines[period].eur == cents(cost), (day, period)
            energy[period] = energy.get(period, 0) + hours * WATTS
            costs[period] = costs.get(period, Fraction(0)) + cost
            total += cents(cost)
        assert figures.total == total, day
    return energy, costs


def test_each_day_of_an_ejp_winter_equals_its_hours_times_the_prices_of_its_time(tmp_path, capsys):
    """On 1 February 2026 the peak fell to a third of its price, and normal hours rose by a quarter."""
    first, last = date(2025, 11, 19), date(2026, 3, 31)
    folder = tmp_path / "log"
    logged(folder, first, last, "EJP", ejp=EJP_DAYS)
    energy, costs = check_each_day(folder, first, last, offered("ejp"), EJP, ejp_hours)
    ini = tmp_path / "linkymonitor.ini"
    ini.write_text("[contract]\noffer = ejp\n")
    words = ["report", "-c", str(ini), "--log-dir", str(folder), "-s", str(first), "-e", str(last), "--json"]
    assert main(words) == 0
    json_of_range = json.loads(capsys.readouterr().out)
    for name in ("HN", "PM"):
        period = json_of_range["periods"][name]
        assert (period["wh"], period["eur"]) == (energy[name], str(cents(costs[name])))
        assert period["index"]["last"] - period["index"]["first"] == energy[name]
    subscription = sum(Fraction(in_force(EJP, day)[1]) / days_of_month(day) for day in between(first, last))
    assert json_of_range["subscription"] == {"eur": str(cents(subscription))}
    whole = sum(map(cents, costs.values()), cents(subscription))
    assert json_of_range["total"] == {"eur": str(whole)}


def test_the_last_hour_of_a_peak_costs_the_price_of_the_next_day(tmp_path):
    """A peak of 31 January ends on 1 February, when the price has changed."""
    day = date(2026, 1, 31)
    logged(tmp_path, day, day + DAY, "EJP", ejp={day})
    now = local(day + 3 * DAY)
    eve, after = days(tmp_path, (day, day + DAY), tz=PARIS, prices=offered("ejp"), now=now, storage=Storage())
    peak = Fraction(17 * WATTS, 1000) * Fraction("1.0867") + Fraction(WATTS, 1000) * Fraction("0.3440")
    assert eve.peak_hours.wh == 18 * WATTS
    assert eve.peak_hours.eur == cents(peak)
    assert {line.code: line.wh for line in after.lines}["PM"] == WATTS


@pytest.mark.campaign
def test_each_day_of_a_tempo_year_equals_its_hours_times_the_prices_of_its_colour(tmp_path):
    """The colours are the published ones; where the list does not know blue from white, the meter counts blue."""
    letters = {"BLANC": "W", "ROUGE": "R"}
    lines = shipped("etc/tariffs/tempo-days.csv").read_text().splitlines()
    listed = [line.split(",") for line in lines if line[:1] == "2"]
    colours = {date.fromisoformat(day): letters.get(colour, "B") for day, colour in listed}
    first, last = date(2025, 9, 1), date(2026, 8, 31)
    assert sum(colour == "R" for day, colour in colours.items() if first <= day <= last) == 22
    logged(tmp_path, first, last, "TEMPO", tempo=colours)
    energy, _ = check_each_day(tmp_path, first, last, offered("tempo"), TEMPO, tempo_hours(colours))
    assert energy["HPJR"] == 22 * 16 * WATTS
    assert sum(energy.values()) == 365 * 24 * WATTS


@pytest.mark.parametrize(
    ("offer", "option", "lines", "subscription", "total"),
    [
        # 57.6 × 0.1927 + 57.6 × 0.1985 = 22.53312 €; two days of 19.56 € and two of 19.88 € are 78.88 / 31.
        ("tarif-bleu-base", "BASE", {"TH": (115_200, "22.53")}, "2.54", "25.07"),
        # 19.2 × 0.1579 + 19.2 × 0.1589 = 6.08256 €, 38.4 × 0.2065 + 38.4 × 0.2142 = 16.15488 €.
        ("tarif-bleu-hc", "HC", {"HC": (38_400, "6.08"), "HP": (76_800, "16.15")}, "2.54", "24.77"),
        # 57.6 × 0.1781 + 57.6 × 0.1789 = 20.5632 €, and 2 × (19.20 + 19.52) / 31.
        ("ejp", "EJP", {"HN": (115_200, "20.56")}, "2.50", "23.06"),
        # 19.2 × 0.1325 + 19.2 × 0.1356 = 5.14752 €, 38.4 × 0.1612 + 38.4 × 0.1654 = 12.54144 €, and
        # 2 × (19.38 + 19.70) / 31.
        ("tempo", "TEMPO", {"HCJB": (38_400, "5.15"), "HPJB": (76_800, "12.54")}, "2.52", "20.21"),
    ],
)
def test_the_prices_of_1_august_2026_count_from_that_day_on(
    tmp_path, offer, option, lines, subscription, total
):
    """Two days before and two days after, each of 28.8 kWh, 9.6 of them from 22:00 to 06:00; 9 kVA."""
    first, last = date(2026, 7, 30), date(2026, 8, 2)
    logged(tmp_path, first, last, option)
    book, now = offered(offer), local(last + 2 * DAY)
    found = json_of(
        days(tmp_path, (first, last), tz=PARIS, prices=book, now=now, storage=Storage()), book, PARIS
    )
    counted = {
        code: (period["wh"], period["eur"]) for code, period in found["periods"].items() if period["wh"]
    }
    assert counted == lines
    assert (found["subscription"], found["total"]) == ({"eur": subscription}, {"eur": total})
    assert [mark["date"] for mark in found["marks"]] == ["2026-08-01"]


def test_a_peak_costs_the_price_of_1_august_2026_in_the_winter_after_it(tmp_path):
    """A peak of 18 h in three days of 1.2 kW: 21.6 kWh × 0.4324 = 9.33984 €, 64.8 kWh × 0.1789 = 11.59272 €."""
    first, last = date(2026, 12, 1), date(2026, 12, 3)
    logged(tmp_path, first, last, "EJP", ejp={date(2026, 12, 2)})
    book, now = offered("ejp"), local(last + 2 * DAY)
    found = json_of(
        days(tmp_path, (first, last), tz=PARIS, prices=book, now=now, storage=Storage()), book, PARIS
    )
    assert [(period["wh"], period["eur"]) for period in found["periods"].values()] == [
        (64_800, "11.59"),
        (21_600, "9.34"),
    ]
    # Three days of 19.52 € / 31.
    assert (found["subscription"], found["total"]) == ({"eur": "1.89"}, {"eur": "22.82"})


def test_a_week_of_an_offer_by_the_hour_is_split_at_the_week_end(tmp_path):
    """The meter counts one register; the offer has a price for the week and one for the week-end."""
    first, last = date(2026, 6, 8), date(2026, 6, 14)
    logged(tmp_path, first, last, "BASE")
    book = PriceBook(
        Prices(),
        {},
        Contract(offer="edf-zen-week-end", since=date(2026, 3, 1)),
        {},
        Shelf((shipped("etc/tariffs"),)),
    )
    found = days(tmp_path, (first, last), tz=PARIS, prices=book, now=local(last + 2 * DAY), storage=Storage())
    shown = [[(line.code, line.wh, line.eur) for line in day.lines] for day in found]
    week, week_end = (
        cents(Fraction("28.8") * Fraction("0.2038")),
        cents(Fraction("28.8") * Fraction("0.1538")),
    )
    assert shown == [[("SEM", 28_800, week)]] * 5 + [[("WE", 28_800, week_end)]] * 2


def test_what_is_edited_for_today_leaves_a_past_day_at_its_price(tmp_path):
    day = date(2026, 1, 13)
    logged(tmp_path, day, day, "EJP", ejp={day})
    set_today = Prices(hn=Decimal("0.9"), pm=Decimal("9"))
    before = PriceBook(Prices(hn=Decimal("0.1"), pm=Decimal("1")))
    dated = PriceBook(Prices(hn=Decimal("0.1"), pm=Decimal("1")), {date(2026, 11, 27): set_today})
    now = datetime(2026, 11, 28, tzinfo=PARIS)
    (old,) = days(tmp_path, (day, day), tz=PARIS, prices=before, now=now, storage=Storage())
    (new,) = days(tmp_path, (day, day), tz=PARIS, prices=dated, now=now, storage=Storage())
    assert new.lines == old.lines


def test_a_simulated_ejp_house_over_the_change_of_prices_costs_what_its_registers_counted(tmp_path):
    """The registers of the simulated meter at each midnight give the energy; the printed prices do the rest."""
    first, last = date(2026, 1, 29), date(2026, 2, 10)
    listed = "+".join(map(str, sorted(day for day in EJP_DAYS if first - DAY <= day <= last)))
    house = House(parse_spec(f"ejp,seed=11,day={first},since={first - DAY},ejp={listed}"))
    made = list(past(house, local(first) - timedelta(minutes=30), local(last + DAY) + timedelta(minutes=30)))
    write_log(tmp_path, made)
    at_midnight = {record.ended_at: record.indexes for record in made}
    now = local(last + 2 * DAY)
    found = days(tmp_path, (first, last), tz=PARIS, prices=offered("ejp"), now=now, storage=Storage())
    for day, figures in zip(between(first, last), found, strict=True):
        prices, month = in_force(EJP, day)
        before, after = at_midnight[local(day)], at_midnight[local(day + DAY)]
        total = cents(Fraction(month) / days_of_month(day))
        for line in figures.lines:
            wh = after[line.code] - before[line.code]
            cost = cents(Fraction(wh, 1000) * Fraction(prices[line.code]))
            assert (line.wh, line.eur) == (wh, cost), day
            total += cost
        assert figures.total == total, day
        assert (figures.lines[1].wh > 0) == (day in EJP_DAYS or day - DAY in EJP_DAYS), day
