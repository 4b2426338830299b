"""Figures against houses whose truth is known to the Wh."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from linkymonitor.daily_log.columns import Columns
from linkymonitor.model.record import Record
from linkymonitor.model.terms import Mode
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report import figures
from linkymonitor.report.day import Quality
from linkymonitor.report.gather import split_days
from linkymonitor.report.refusals import Refusals
from tests.report.house import PARIS, contract, flat, local, period_of, records
from tests.support.figures import json_of

WINTER = date(2026, 1, 13)
EJP_PRICES = PriceBook(
    Prices(hn=Decimal("0.1418"), pm=Decimal("1.0867"), subscription_month=Decimal("19.32"))
)
NO_PRICES = PriceBook(Prices())


def of_day(rows, day=WINTER, prices=NO_PRICES, now=None, held=None):
    (found,) = split_days([Columns.of(rows)], day, day, PARIS)
    found = found._replace(held=held)
    return figures.day_figures(found, PARIS, prices, now or local(day + timedelta(days=2)))


def around(day, **options):
    """Return the records of *day* and of an hour on either side."""
    return records(local(day) - timedelta(hours=1), local(day + timedelta(days=1), 1), **options)


@pytest.mark.parametrize(
    ("option", "periods", "expected"),
    [
        pytest.param("BASE", {}, {"TH": 24000}, id="base"),
        pytest.param("HC", {}, {"HC": 8000, "HP": 16000}, id="off-peak"),
        pytest.param("EJP", {}, {"HN": 24000, "PM": 0}, id="ejp-normal"),
        pytest.param("EJP", {"ejp": [WINTER]}, {"HN": 7000, "PM": 17000}, id="ejp-peak-from-7"),
        pytest.param(
            "EJP", {"ejp": [WINTER - timedelta(days=1)]}, {"HN": 23000, "PM": 1000}, id="ejp-peak-to-1"
        ),
        pytest.param(
            "TEMPO",
            {"tempo": {WINTER: "R", WINTER - timedelta(days=1): "W"}},
            {"HCJB": 0, "HPJB": 0, "HCJW": 6000, "HPJW": 0, "HCJR": 2000, "HPJR": 16000},
            id="tempo-6-to-6",
        ),
        pytest.param("SUPER", {}, {"F01": 12000, "F02": 12000}, id="unknown-offer"),
    ],
)
def test_energy_is_the_difference_of_the_indexes(option, periods, expected):
    rows = around(WINTER, power=flat(1000), contract=contract(option), period=period_of(option, **periods))
    day = of_day(rows)
    found = {line.code: line.wh for line in day.lines}
    assert found.keys() == expected.keys()
    assert all(abs(found[name] - wh) <= 1 for name, wh in expected.items())
    assert day.consumed == sum(found.values())
    assert sum(hour.wh for hour in day.hours) == day.consumed


def test_an_ejp_day_is_named_after_the_day_whose_7_h_began_it():
    rows = records(
        local(WINTER), local(WINTER + timedelta(days=2)), period=period_of("EJP", [WINTER]), power=flat(500)
    )
    first, second = (
        figures.day_figures(day, PARIS, NO_PRICES, local(WINTER + timedelta(days=3)))
        for day in split_days([Columns.of(rows)], WINTER, WINTER + timedelta(days=1), PARIS)
    )
    assert (first.ejp, first.ejp_tail) == (True, False)
    assert (second.ejp, second.ejp_tail) == (False, True)


def test_a_tempo_day_has_the_colour_that_holds_from_6_h():
    period = period_of("TEMPO", tempo={WINTER: "R", WINTER - timedelta(days=1): "W"})
    day = of_day(around(WINTER, contract=contract("TEMPO"), period=period, power=flat(500)))
    assert day.colour == "red"


def test_money_is_rounded_at_the_line_and_the_total_is_the_sum_of_the_lines():
    day = of_day(around(WINTER, power=flat(1000), period=period_of("EJP", [WINTER])), prices=EJP_PRICES)
    by_code = {line.code: line for line in day.lines}
    assert by_code["HN"].eur == Decimal("0.99")
    assert by_code["PM"].eur == Decimal("18.47")
    assert day.subscription == Decimal("0.62")
    assert day.consumed_eur == Decimal("19.46")
    assert day.total == Decimal("20.08")


def test_a_price_that_is_not_set_is_none_and_never_zero():
    rows = around(WINTER, power=flat(1000), period=period_of("EJP", [WINTER]))
    day = of_day(rows, prices=PriceBook(Prices(hn=Decimal("0.1418"))))
    assert [line.eur is None for line in day.lines] == [False, True]
    assert (day.consumed_eur, day.subscription, day.total) == (None, None, None)
    without_subscription = of_day(rows, prices=PriceBook(Prices(hn=Decimal("0.1"), pm=Decimal(1))))
    assert without_subscription.total is None
    assert without_subscription.shown_cost == without_subscription.consumed_eur == Decimal("17.70")


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(date(2026, 3, 29), 23, id="spring"),
        pytest.param(date(2026, 1, 13), 24, id="winter"),
        pytest.param(date(2025, 10, 26), 25, id="autumn"),
    ],
)
@pytest.mark.parametrize("option", ["BASE", "HC", "EJP", "TEMPO", "SUPER"])
def test_a_day_has_the_hours_that_the_wall_counts(day, hours, option):
    rows = around(day, power=flat(1000), contract=contract(option), step=60)
    found = of_day(rows, day)
    assert len(found.hours) == found.length == hours
    assert sum(hour.wh for hour in found.hours) == found.consumed
    assert abs(found.consumed - 1000 * hours) <= 3
    assert found.quality.coverage == 1.0
    walls = [hour.hour for hour in found.hours]
    assert walls.count(2) == {23: 0, 24: 1, 25: 2}[hours]


@pytest.mark.parametrize("year", range(2024, 2036))
def test_every_change_of_hour_keeps_the_energy(year):
    for month in (3, 10):
        last = date(year, month, 31)
        day = last - timedelta(days=(last.weekday() + 1) % 7)
        found = of_day(around(day, power=flat(600), step=300), day)
        assert found.length == (23 if month == 3 else 25)
        assert sum(hour.wh for hour in found.hours) == found.consumed
        assert abs(found.consumed - 600 * found.length) <= 2


def test_a_gap_keeps_its_energy_and_loses_its_shape():
    silent = [(local(WINTER, 10), local(WINTER, 13, 30))]
    whole = of_day(around(WINTER, power=flat(1200)))
    day = of_day(around(WINTER, power=lambda when: 6000 if when.hour == 11 else 1200, silent=silent))
    (gap,) = day.quality.gaps
    assert (gap.start, gap.end) == (local(WINTER, 10).timestamp(), local(WINTER, 13, 30).timestamp())
    assert abs(gap.wh - (2.5 * 1200 + 6000)) <= 12, "shared by time with the 30 s that follow"
    assert day.consumed - whole.consumed == pytest.approx(4800, abs=2)
    assert day.quality.coverage == pytest.approx(20.5 / 24, abs=0.001)
    assert day.peak < 2000, "the peak was in the gap: nobody knows it"
    assert [hour.hour for hour in day.hours if not hour.known] == [10, 11, 12, 13]


def test_a_gap_over_midnight_is_shared_by_time_and_days_add_up_to_the_range():
    days = 3
    silent = [(local(WINTER, 22), local(WINTER + timedelta(days=1), 2))]
    rows = records(local(WINTER), local(WINTER + timedelta(days=days)), power=flat(1000), silent=silent)
    found = [
        figures.day_figures(day, PARIS, NO_PRICES, local(WINTER + timedelta(days=9)))
        for day in split_days([Columns.of(rows)], WINTER, WINTER + timedelta(days=days - 1), PARIS)
    ]
    assert [gap.shared for day in found for gap in day.quality.gaps] == [True, True]
    first, last = rows[0].indexes["HN"], rows[-1].indexes["HN"]
    assert sum(day.consumed for day in found) == last - first
    assert abs(found[0].quality.gaps[0].wh - 2000) <= 5


@pytest.mark.parametrize(
    ("second", "breaks"),
    [
        pytest.param({"meter": "another"}, [True], id="meter"),
        pytest.param({"option": "HC"}, [True], id="contract"),
        pytest.param({"subscribed_power": 6000}, [False], id="power"),
        pytest.param({}, [False], id="index-goes-back"),
        pytest.param({"subscribed_power": None, "meter": None}, [False], id="not-said-is-not-a-change"),
    ],
)
def test_nothing_is_subtracted_across_an_epoch(second, breaks):
    noon = local(WINTER, 12)
    rows = records(local(WINTER), noon, power=flat(1000)) + records(
        noon,
        local(WINTER + timedelta(days=1)),
        power=flat(500),
        contract=contract()._replace(**second),
        period=period_of("EJP"),
        indexes={"HN": 7},
    )
    day = of_day(rows)
    # The first interval of an epoch has no index at its beginning.
    assert abs(day.consumed - (12000 + 6000)) <= 12
    assert [part.contract for part in day.breaks] == breaks
    assert day.lines[0].reading == rows[-1].indexes["HN"]


def test_an_index_that_leaps_and_comes_back_adds_nothing():
    rows = around(WINTER, power=flat(1000))
    middle = len(rows) // 2
    rows[middle] = rows[middle]._replace(indexes={"HN": 900_000_000, "PM": rows[middle].indexes["PM"]})
    assert abs(of_day(rows).consumed - 24000) <= 17


def test_a_register_that_was_not_heard_for_a_while_is_not_taken_for_new():
    rows = around(WINTER, power=flat(1000))
    for at in range(400):
        rows[at] = rows[at]._replace(indexes={"HN": rows[at].indexes["HN"]})
    found = {line.code: line.wh for line in of_day(rows).lines}
    assert found == {"HN": pytest.approx(24000, abs=1), "PM": 0}


def test_a_day_without_records_says_so():
    day = of_day([])
    assert day.empty
    assert (day.consumed, day.peak, day.total, day.lines) == (None, None, None, ())
    assert day.quality.coverage == 0.0


def test_a_day_that_is_not_over_counts_until_now():
    rows = records(local(WINTER) - timedelta(hours=1), local(WINTER, 14), power=flat(1000))
    day = of_day(rows, now=local(WINTER, 14, 0) + timedelta(seconds=20))
    assert day.so_far
    assert abs(day.consumed - 14000) <= 1
    assert day.quality.coverage == 1.0
    assert day.quality.gaps == ()
    later = of_day(rows, now=local(WINTER, 18))
    assert [gap.wh for gap in later.quality.gaps] == [None]
    assert later.quality.coverage == pytest.approx(14 / 18, abs=0.001)


def test_a_partial_day_is_not_extrapolated():
    day = of_day(records(local(WINTER, 8), local(WINTER, 20), power=flat(1000)))
    assert abs(day.consumed - 12000) <= 9
    assert day.quality.coverage == pytest.approx(0.5, abs=0.001)
    assert [gap.wh for gap in day.quality.gaps] == [None, None]
    assert day.partial


@pytest.mark.parametrize(
    ("options", "volts", "low", "high"),
    [
        pytest.param({}, 230, 220, 240, id="voltage-assumed"),
        pytest.param({"voltage": 241}, 241, 241, 241, id="voltage-measured"),
    ],
)
def test_injection_without_an_index_is_an_interval_that_holds_the_truth(options, volts, low, high):
    sun = local(WINTER, 10), local(WINTER, 14)

    def power(when):
        return -10 * volts if sun[0] <= when < sun[1] else 300

    day = of_day(around(WINTER, power=power, **options))
    assert day.injected.estimated
    assert day.injected.wh == pytest.approx(40 * volts, abs=2)
    assert day.injected.low_wh == pytest.approx(9.5 * low * 4, abs=2)
    assert day.injected.high_wh == pytest.approx(10.5 * high * 4, abs=2)


def test_injection_with_an_index_is_exact():
    rows = around(WINTER, power=lambda when: -1500 if 10 <= when.hour < 14 else 300, injected_index=4000)
    day = of_day(rows)
    assert (day.injected.estimated, day.injected.low_wh, day.injected.high_wh) == (
        False,
        day.injected.wh,
        day.injected.wh,
    )
    assert abs(day.injected.wh - 6000) <= 1


def test_a_house_that_draws_nothing_does_not_inject():
    rows = around(WINTER, power=flat(0))
    assert of_day(rows).injected is None


def test_the_night_minimum_is_robust_and_earned():
    def fridge(when):
        return 2500 if when.hour == 2 else 320 if when.minute < 15 else 240

    assert of_day(around(WINTER, power=fridge)).base_load == pytest.approx(240, abs=2)
    short = records(local(WINTER, 3), local(WINTER, 23), power=fridge)
    assert of_day(short).base_load is None
    assert of_day(around(WINTER, power=flat(-900))).base_load is None


def test_a_long_steady_load_is_found_and_a_short_one_is_not():
    def heater(hours):
        return lambda when: 2400 if 1 <= when.hour + when.minute / 60 < 1 + hours else 300

    load = of_day(around(WINTER, power=heater(3))).load
    assert (load.start, load.end) == (local(WINTER, 1).timestamp(), local(WINTER, 4).timestamp())
    assert load.va == pytest.approx(2100, abs=10)
    assert load.codes == ("HN",)
    assert of_day(around(WINTER, power=heater(0.5))).load is None


def test_a_load_is_found_below_heating_that_comes_and_goes():
    """In winter the cycles of electric heating stand on the water heater."""

    def winter(water):
        def power(when):
            heating = 1500 if when.minute % 20 < 11 else 0
            return 300 + heating + (2200 if water and 1 <= when.hour < 4 else 0)

        return power

    load = of_day(around(WINTER, power=winter(True))).load
    assert (load.start, load.end) == (local(WINTER, 1).timestamp(), local(WINTER, 4).timestamp())
    assert load.va == pytest.approx(2200, abs=30)
    assert of_day(around(WINTER, power=winter(False))).load is None


def test_the_base_load_has_watts_by_the_indexes_and_a_cost():
    """The house draws 300 W, which its meter calls 330 VA."""
    rows = around(WINTER, power=flat(300))
    rows = [row._replace(apparent_power=330, power_min=330, power_max=330) for row in rows]
    day = of_day(rows, prices=EJP_PRICES)
    assert day.base_load == 330
    assert day.base_watts.low <= 300 <= day.base_watts.high
    assert day.base_watts.high - day.base_watts.low <= 2
    hours = 22 * 18
    mean = (Decimal("0.1418") * (8760 - hours) + Decimal("1.0867") * hours) / 8760
    assert float(day.base_year_eur) == pytest.approx(300 * 8.76 * float(mean), rel=0.01)
    assert of_day(rows).base_year_eur is None


def test_the_peak_is_the_highest_of_the_maxima_and_has_its_time():
    rows = around(WINTER, power=flat(500))
    at = next(n for n, row in enumerate(rows) if row.ended_at >= local(WINTER, 19, 42))
    rows[at] = rows[at]._replace(power_max=6230)
    day = of_day(rows)
    assert (day.peak, day.peak_at) == (6230, rows[at].ended_at.timestamp())


def test_the_records_of_the_forerunner_are_enough():
    """LinkyAcq.pl gives neither minima nor injection, contract nor counts."""
    bare = contract(subscribed_power=None, meter=None, phases=None)
    rows = [
        Record(
            started_at=row.started_at,
            ended_at=row.ended_at,
            contract=bare,
            tariff_period=row.tariff_period,
            apparent_power=row.apparent_power,
            current=row.current,
            indexes=row.indexes,
        )
        for row in around(WINTER, power=lambda when: -1150 if 11 <= when.hour < 13 else 400)
    ]
    day = of_day(rows)
    assert abs(day.consumed - 22 * 400) <= 1
    assert day.injected.wh == pytest.approx(5 * 230 * 2, abs=2)
    assert day.peak == 400


def test_a_meter_that_names_no_register_still_counts_in_all():
    rows = [
        row._replace(indexes={}, total_index=row.indexes["HN"]) for row in around(WINTER, power=flat(800))
    ]
    day = of_day(rows)
    assert abs(day.consumed - 19200) <= 1


def test_a_clock_that_steps_back_does_not_undo_anything():
    rows = around(WINTER, power=flat(1000))
    middle = len(rows) // 2
    again = rows[middle - 20 : middle]
    day = of_day(rows[:middle] + again + rows[middle:])
    assert abs(day.consumed - 24000) <= 4


def test_the_json_of_a_range_has_the_agreed_shape():
    rows = around(WINTER, period=period_of("EJP", [WINTER]))
    found = json_of([of_day(rows, prices=EJP_PRICES)], EJP_PRICES, PARIS)
    assert list(found) == [
        "schema",
        "from",
        "to",
        "timezone",
        "contract",
        "periods",
        "consumed",
        "injected",
        "subscription",
        "total",
        "peak",
        "quality",
        "warnings",
    ]
    assert found["contract"] == "EJP"
    assert set(found["periods"]) == {"HN", "PM"}
    assert found["periods"]["HN"].keys() == {"wh", "eur", "index"}
    assert found["subscription"] == {"eur": "0.62"}
    assert found["injected"].keys() == {"wh", "low_wh", "high_wh", "estimated", "eur"}
    assert found["peak"]["at"].endswith("+01:00")
    assert Decimal(found["total"]["eur"]) == Decimal(found["consumed"]["eur"]) + Decimal("0.62")


def test_a_range_is_rounded_once_for_the_whole_of_it():
    rows = records(local(WINTER), local(WINTER + timedelta(days=3)), power=flat(123))
    days = [
        figures.day_figures(day, PARIS, EJP_PRICES, local(WINTER + timedelta(days=9)))
        for day in split_days([Columns.of(rows)], WINTER, WINTER + timedelta(days=2), PARIS)
    ]
    found = json_of(days, EJP_PRICES, PARIS)
    wh = sum(day.consumed for day in days)
    cost = str(round(Decimal(wh) * Decimal("0.1418") / 1000, 2))
    index = {"first": 1_000_001, "last": 1_000_001 + wh}
    assert found["periods"]["HN"] == {"wh": wh, "eur": cost, "index": index}
    assert found["subscription"] == {"eur": "1.87"}


def test_a_range_without_a_record_has_nulls():
    found = json_of([of_day([])], NO_PRICES, PARIS)
    assert found["consumed"] == {"wh": None, "eur": None}
    assert found["periods"] == {}
    assert found["injected"] is None


def test_standard_mode_with_three_phases_is_read_the_same():
    made = contract("TEMPO", mode=Mode.STANDARD, phases=3, producer=True)
    day = of_day(around(WINTER, contract=made, injected_index=10))
    assert day.consumed == sum(line.wh for line in day.lines)
    assert day.injected is not None
    assert not day.injected.estimated


def held_at(*causes: tuple[int, str], since: float = 0.0) -> Refusals:
    """Return what was held back at these hours of the winter day."""
    midnight = local(WINTER).timestamp()
    return Refusals(causes=[(midnight + 3600 * hour, cause, 1) for hour, cause in causes], since=since)


def refused(held: Refusals | None, **options) -> Quality:
    rows = [row._replace(rejected=1) for row in around(WINTER)]
    return of_day(rows, held=held, **options).quality


def test_what_was_held_back_is_counted_by_cause_on_its_own_day():
    held = held_at((-1, "cross"), (3, "cross"), (4, "domain"), (5, "cross"), (24, "index"))
    quality = refused(held)
    assert quality.held == {"cross": 2, "domain": 1}
    assert quality.held_whole


def test_without_a_quarantine_no_cause_is_known():
    assert refused(None).held is None


def test_a_quarantine_that_forgot_the_morning_does_not_tell_the_whole_day():
    noon = local(WINTER, 12).timestamp()
    assert not refused(held_at((13, "cross"), since=noon)).held_whole


def test_the_newest_causes_may_not_be_written_yet():
    now = local(WINTER + timedelta(days=1), 0, 5)
    assert not refused(held_at((13, "cross")), now=now).held_whole


def with_total(rows, missed: int = 0):
    """Return *rows* of a meter that also has a total; *missed* Wh of the afternoon are in no register."""
    noon = local(WINTER, 12)
    return [
        row._replace(total_index=sum(row.indexes.values()) + (missed if row.ended_at > noon else 0))
        for row in rows
    ]


def test_registers_that_agree_with_the_total_are_not_spoken_of():
    assert of_day(with_total(around(WINTER))).apart == 0
    assert (
        of_day(with_total(around(WINTER), missed=20)).apart == 0
    )  # the one is read a frame before the other


def test_registers_that_the_total_leaves_behind_are_told_of():
    assert of_day(with_total(around(WINTER), missed=1500)).apart == -1500
