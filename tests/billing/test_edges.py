"""Bills whose first or last midnight is no easy one: between two readings, the first of the log, of a day cut short."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest

from tests.billing.house import BASE_6, PARIS, billed, rows, run_bill


def test_an_index_between_two_readings_is_named_with_its_day_and_how_exact_it_is(tmp_path, capsys):
    """Records are of 23:50 and 00:20, 961 half hours of 1200 Wh: midnight is exact to 600 Wh."""
    known = [("2026-04-09T23:50", {"TH": 61_000_000}), ("2026-04-30T00:20", {"TH": 62_153_200})]
    log = rows(known, subscribed_power=6000)
    _, out, _ = run_bill(tmp_path, capsys, log, BASE_6, "2026-04-10", "2026-04-29")
    assert "  index of 10 April 2026 at 00:00 estimated between two readings\n" in out
    assert "  index of 30 April 2026 at 00:00 estimated between two readings\n" in out
    assert (
        "indexes of 10 April 2026 at 00:00 estimated between the readings of 23:50 and 00:20: TH ± 600 Wh"
        in out
    )


def test_an_index_read_at_midnight_is_not_called_estimated(tmp_path, capsys):
    log = rows(
        [("2026-04-10", {"TH": 61_000_000}), ("2026-04-30", {"TH": 61_300_000})], subscribed_power=6000
    )
    figures = billed(tmp_path, capsys, log, BASE_6, "2026-04-10", "2026-04-29")
    assert not any("estimated" in warning for warning in figures["warnings"])
    assert not any(line.get("estimated") for line in figures["lines"])


def kept_and_removed(tmp_path, capsys, removed, *options):
    """Return the bill of 61 days whose logs of the months *removed* were removed after a bill had been made of them."""
    log = rows(
        [("2026-04-05", {"TH": 60_000_000}), ("2026-06-20", {"TH": 60_760_000})], subscribed_power=6000
    )
    whole = billed(tmp_path, capsys, log, BASE_6, "2026-04-10", "2026-06-09")
    for month in removed:
        for path in (tmp_path / "log").glob(f"{month}_*"):
            path.unlink()
    status, out, err = run_bill(tmp_path, capsys, [], BASE_6, "2026-04-10", "2026-06-09", "--json", *options)
    assert status == 0, err
    return whole, json.loads(out)


@pytest.mark.parametrize("removed", [["2026_04"], ["2026_04", "2026_05"], ["2026_05"]])
def test_a_bill_outlives_the_logs_that_the_retention_removes(tmp_path, capsys, removed):
    whole, again = kept_and_removed(tmp_path, capsys, removed)
    assert again == whole


def test_days_before_the_log_began_are_counted_in_a_warning(tmp_path, capsys):
    log = rows(
        [("2026-05-01T02:00", {"TH": 60_260_000}), ("2026-06-20", {"TH": 60_760_000})], subscribed_power=6000
    )
    figures = billed(tmp_path, capsys, log, BASE_6, "2026-04-10", "2026-06-09")
    (warning,) = figures["warnings"]
    assert warning.endswith("TH 60260000 Wh; the energy of 21 days is missing in the total")


def test_a_bill_that_begins_with_the_first_record_has_nothing_to_say(tmp_path, capsys):
    log = rows(
        [("2026-04-10", {"TH": 60_000_000}), ("2026-06-20", {"TH": 60_710_000})], subscribed_power=6000
    )
    figures = billed(tmp_path, capsys, log, BASE_6, "2026-04-10", "2026-06-19")
    assert [line["kwh"] for line in figures["lines"]] == [None, 710]
    assert figures["warnings"] == []


def test_a_record_minutes_after_the_first_midnight_is_taken_for_it(tmp_path, capsys):
    log = rows(
        [("2026-04-10T00:10", {"TH": 60_000_000}), ("2026-06-20T00:10", {"TH": 60_710_000})],
        subscribed_power=6000,
    )
    figures = billed(tmp_path, capsys, log, BASE_6, "2026-04-10", "2026-04-10")
    assert any(
        warning.endswith("those of 10 April 2026 at 00:10 are taken: TH 60000000 Wh")
        for warning in figures["warnings"]
    )


@pytest.mark.parametrize("days", [0, 1, 400])
def test_a_bill_that_ends_today_or_later_is_refused_with_the_last_day_that_works(tmp_path, capsys, days):
    today = datetime.now(PARIS).date()
    log = rows(
        [("2026-04-10", {"TH": 60_000_000}), ("2026-04-12", {"TH": 60_020_000})], subscribed_power=6000
    )
    last = str(today + timedelta(days=days))
    status, out, err = run_bill(tmp_path, capsys, log, BASE_6, "2026-04-10", last)
    assert (status, out) == (1, "")
    assert re.search(r"is not over; the last whole day is yesterday: -e \d{4}-\d\d-\d\d\n", err)


@pytest.mark.parametrize(
    ("rule", "amounts"),
    [
        # 246 days at 12.60 €, 92 at 12.68 €, 28 at 13.72 €.
        ("calendar-month", ["101.23", "38.04", "13.72"]),  # 8 + 1/29; 3; 1
        ("month-30", ["103.32", "38.89", "12.81"]),  # 246/30; 92/30; 28/30
        ("year-365", ["101.90", "38.35", "12.63"]),  # 12 × 246/365; 12 × 92/365; 12 × 28/365
        ("year-366", ["101.63", "38.28", "12.63"]),  # 12 × 246/366; 12 × (61/366 + 31/365); 12 × 28/365
        ("anniversary", ["102.02", "38.04", "13.72"]),  # 29 February to 29 October, then 3/31; 3; 1
    ],
)
def test_a_year_of_366_days_that_begins_on_the_leap_day(tmp_path, capsys, rule, amounts):
    log = rows(
        [("2024-02-29", {"TH": 60_000_000}), ("2025-03-01", {"TH": 63_660_000})],
        subscribed_power=6000,
        step=timedelta(hours=12),
    )
    figures = billed(tmp_path, capsys, log, BASE_6 + f"proration = {rule}\n", "2024-02-29", "2025-02-28")
    assert [line["eur"] for line in figures["lines"] if line["kind"] == "subscription"] == amounts


def test_a_bill_from_one_change_of_the_clock_to_the_other_is_the_sum_of_its_days(tmp_path, capsys):
    """1 kW all the time: 25 hours of 26 October, 3697 of the days between, 23 of 29 March."""
    begin = datetime.fromisoformat("2025-10-26").replace(tzinfo=PARIS)
    end = datetime.fromisoformat("2026-03-30").replace(tzinfo=PARIS)
    hours = round((end.timestamp() - begin.timestamp()) / 3600)
    log = rows(
        [("2025-10-26", {"TH": 1_000_000}), ("2026-03-30", {"TH": 1_000_000 + 1000 * hours})],
        subscribed_power=6000,
    )
    kwh = []
    for number, (first, last) in enumerate(
        (
            ("2025-10-26", "2026-03-29"),
            ("2025-10-26", "2025-10-26"),
            ("2025-10-27", "2026-03-28"),
            ("2026-03-29", "2026-03-29"),
        )
    ):
        figures = billed(tmp_path, capsys, [] if number else log, BASE_6, first, last)
        kwh.append(sum(line["kwh"] or 0 for line in figures["lines"]))
        assert figures["warnings"] == []
    whole, *days = kwh
    assert (days[0], days[2], sum(days)) == (25, 23, whole)
