"""The month on the display is that of the page, whatever befell the clock, the summaries or the power."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType

import pytest

from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.model.reading import DayTotals
from linkymonitor.money.contract import Contract
from linkymonitor.report.period.figures import period_figures
from linkymonitor.report.section import Calendar
from linkymonitor.setting_types import DaysUsed
from linkymonitor.state.month import Month
from tests.report.house import PARIS, local
from tests.report.made_days import made
from tests.report.price_books import book
from tests.support.whole import Bench, frame

TODAY = date(2026, 1, 21)
PRICES = book(
    {"HN": "0.1418", "PM": "1.0867"}, (date(2026, 1, 16), {"HN": "0.1781", "PM": "1.2"}), subscription="19.32"
)
CALENDAR = Calendar(ejp_used=DaysUsed(9, date(2026, 1, 31)))


class Box:
    """A log with summaries, and a clock that goes on when it is told to."""

    def __init__(self, *days, prices=PRICES):
        self.summaries = {day: of(day) for day in days}
        self.now = 100.0
        self.reads = []
        self.month = self.begin(prices)

    def begin(self, prices=PRICES):
        """Return the month of a run that begins now."""
        return Month(self.read, prices, lambda: self.now, CALENDAR)

    def read(self, first, last):
        self.reads.append((first, last))
        return {day: found for day, found in sorted(self.summaries.items()) if first <= day <= last}


def of(day):
    return made(
        day,
        {"HN": 0 if day.day == 7 else 333 + 7 * day.day, "PM": 300 if day.day == 7 else 0},
        ejp=day.day == 7,
    )


def totals(wh, day=TODAY):
    energy = MappingProxyType({"HN": wh, "PM": 0})
    return DayTotals(energy=energy, day=day, periods=energy)


def all_but(*missing, first=date(2025, 12, 10), until=TODAY):
    days = (first + timedelta(days=count) for count in range((until - first).days))
    return [day for day in days if day not in missing]


def on_the_page(summaries, wh, prices=PRICES):
    """Return the figures of the page of January, with *wh* of today at noon."""
    noon = round(local(TODAY, 12).timestamp())
    today = made(TODAY, {})._replace(half_hours={"HN": (wh, *(0,) * 47), "PM": (0,) * 48}, until=noon)
    return period_figures(
        {**summaries, TODAY: today},
        prices,
        date(2026, 1, 1),
        date(2026, 1, 31),
        tz=PARIS,
        now=local(TODAY, 12),
        calendar=CALENDAR,
    )


@pytest.mark.parametrize(
    "missing",
    [
        (),
        (date(2026, 1, 9), date(2026, 1, 10)),
        tuple(all_but(first=date(2026, 1, 1), until=date(2026, 1, 12))),
    ],
)
def test_the_month_is_that_of_the_page_to_the_cent(missing):
    box = Box(*all_but(*missing))
    found = box.month.update(totals(7_777), 9000)
    page = on_the_page(box.summaries, 7_777)
    assert (found.wh, found.eur) == (page.consumed, page.total)
    ahead = page.projection
    assert (found.expected, found.low, found.high) == (ahead.eur, ahead.low_eur, ahead.high_eur)
    assert found.expected > found.eur
    assert (found.known_days, found.days) == (21 - len(missing), 21)


def test_where_a_reading_day_is_set_the_bill_that_is_running_is_counted():
    prices = book(
        {"HN": "0.1418", "PM": "1.0867"},
        (date(2026, 1, 16), {"HN": "0.1781", "PM": "1.2"}),
        subscription="19.32",
    )
    prices.contract = Contract(reading_day=8)
    box = Box(*all_but(), prices=prices)
    found = box.month.update(totals(7_777), 9000)
    noon = round(local(TODAY, 12).timestamp())
    today = made(TODAY, {})._replace(half_hours={"HN": (7_777, *(0,) * 47), "PM": (0,) * 48}, until=noon)
    page = period_figures(
        {**box.summaries, TODAY: today},
        prices,
        date(2026, 1, 8),
        date(2026, 2, 7),
        tz=PARIS,
        now=local(TODAY, 12),
        calendar=CALENDAR,
    )
    assert (found.first, found.bill_until, found.days) == (date(2026, 1, 8), date(2026, 2, 7), 14)
    assert (found.wh, found.eur, found.expected) == (page.consumed, page.total, page.projection.eur)


def test_the_summaries_are_read_once_a_day_and_today_is_added_at_each_frame():
    box = Box(*all_but())
    first = box.month.update(totals(1_000), 9000)
    box.now += 50_000
    later = box.month.update(totals(9_000), 9000)
    assert later.wh - first.wh == 8_000
    assert len(box.reads) == 1
    box.month.update(totals(0, TODAY + timedelta(days=1)), 9000)
    assert [last for _, last in box.reads] == [TODAY - timedelta(days=1), TODAY]


def test_yesterday_is_as_this_run_has_counted_it_until_its_summary_is_there():
    box = Box(*all_but())
    evening = box.month.update(totals(20_000), 9000)
    morning = box.month.update(totals(0, TODAY + timedelta(days=1)), 9000)
    assert morning.wh == evening.wh
    assert (morning.known_days, morning.days) == (22, 22)
    assert morning.expected is not None
    # In the night `report` makes the summary of yesterday, which is right to the Wh.
    box.summaries[TODAY] = of(TODAY)
    box.now += 3599
    assert box.month.update(totals(10, TODAY + timedelta(days=1)), 9000).wh == morning.wh + 10
    box.now += 1
    known = box.month.update(totals(10, TODAY + timedelta(days=1)), 9000)
    assert known.wh == evening.wh - 20_000 + of(TODAY).wh + 10
    box.now += 90_000
    box.month.update(totals(20, TODAY + timedelta(days=1)), 9000)
    assert len(box.reads) == 3


def test_after_a_power_cut_in_the_night_yesterday_is_missing_until_its_summary_is_there():
    box = Box(*all_but())
    box.month.update(totals(20_000), 9000)
    again = box.begin()
    found = again.update(totals(0, TODAY + timedelta(days=1)), 9000)
    assert (found.known_days, found.days) == (21, 22)
    box.summaries[TODAY] = of(TODAY)
    box.now += 3600
    assert again.update(totals(0, TODAY + timedelta(days=1)), 9000).known_days == 22


def test_a_month_begins_anew_at_midnight_and_is_expected_from_the_days_before():
    box = Box(*all_but(until=date(2026, 1, 31)))
    box.month.update(totals(20_000, date(2026, 1, 31)), 9000)
    found = box.month.update(totals(1, date(2026, 2, 1)), 9000)
    assert (found.first, found.wh, found.known_days, found.days) == (date(2026, 2, 1), 1, 1, 1)
    assert found.eur == Decimal("0.69")  # 19.32 € in 28 days
    assert found.expected > 100


def test_while_the_time_is_not_known_there_is_no_month_and_a_clock_set_back_reads_anew():
    box = Box(*all_but())
    assert box.month.update(DayTotals(), 9000) is None
    assert box.reads == []
    box.month.update(totals(500, date(2026, 3, 5)), 9000)
    found = box.month.update(totals(500), 9000)
    assert (found.first, found.days, found.known_days) == (date(2026, 1, 1), 21, 21)
    assert found.wh == on_the_page(box.summaries, 500).consumed


def test_a_log_without_summaries_knows_today_alone():
    box = Box()
    found = box.month.update(totals(10_000), 9000)
    assert (found.wh, found.known_days, found.days) == (10_000, 1, 21)
    assert found.eur == Decimal("1.78") + Decimal("0.62")
    assert (found.expected, found.low, found.high) == (None, None, None)


def test_a_folder_that_cannot_be_read_is_a_log_without_summaries():
    box = Box()

    def refuse(first, last):
        raise StorageError(Text("illisible", "cannot be read"))

    month = Month(refuse, PRICES, lambda: box.now, CALENDAR)
    assert month.update(totals(10_000), 9000).known_days == 1


def test_a_missing_price_leaves_the_energy():
    box = Box(*all_but(), prices=book({"HN": "0.1"}, subscription="19.32"))
    found = box.month.update(totals(10_000), 9000)
    assert (found.eur, found.expected) == (None, None)
    assert found.wh > 300_000


def test_the_month_goes_the_path_of_a_reading_to_the_outputs(tmp_path):
    chunks = [(2.0, frame(EJPHN=f"{5_000 + 5 * number:09d}")) for number in range(8)]
    month = Month(lambda first, last: {}, book({"HN": "0.20", "PM": "1"}, subscription="31.00"), lambda: 0.0)
    seen = []
    bench = Bench(tmp_path, *chunks, month=month)
    bench.appliance.callbacks = [lambda reading: seen.append(bench.appliance.view)]
    bench.run()
    view = seen[-1]
    assert view.month.first == view.today.day.replace(day=1)
    assert view.month.wh == sum(view.today.energy.values()) > 0
    # 1.00 € of subscription, and some 30 Wh at 0.20 €.
    assert view.month.eur == Decimal("1.01")
