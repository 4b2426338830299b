"""The summaries of a log: made once, kept, and made again when the log is not the one that they were made of."""

from __future__ import annotations

import json
import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from linkymonitor.language import Text
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report.gather import LogDays
from linkymonitor.report.history import History
from linkymonitor.summaries.day import DaySummary
from linkymonitor.summaries.store import FOLDER
from linkymonitor.system.storage import Storage
from tests.report.drawn import build
from tests.report.house import PARIS, contract, flat, local, records, write_log

DAY = date(2026, 1, 31)
ONE = timedelta(days=1)
FIRST, LAST = DAY - ONE, DAY + 2 * ONE
NOON = local(LAST, 12)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """The log of three days around the end of a month, and of half of a fourth day."""
    write_log(tmp_path / "logs", house())
    return tmp_path / "logs"


def house(**options):
    return records(
        local(FIRST) + timedelta(minutes=30),
        NOON,
        **{"step": 300, "power": flat(1200), "contract": contract("BASE"), **options},
    )


class Reading:
    """One report's look at a log, which counts what it makes of the log."""

    def __init__(self, logs: Path, now=NOON) -> None:
        self.made: list[tuple[int, int]] = []
        self.told: list[object] = []
        source = LogDays(logs, tz=PARIS, now=now, storage=Storage())
        self.history = History(
            source, PriceBook(Prices()), self.told.append, lambda *made: self.made.append(made)
        )

    def between(self, first: date = FIRST, last: date = LAST, make: bool = True) -> dict[date, DaySummary]:
        return self.history.between(first, last, make)


def test_a_day_is_made_of_the_log_once(logs):
    first = Reading(logs)
    days = first.between()
    assert list(days) == [FIRST, DAY, DAY + ONE, LAST]
    assert [day.wh for day in days.values()] == [28_100, 28_800, 28_800, 14_400]
    assert first.made == [(n + 1, 4) for n in range(4)]
    later = Reading(logs)
    assert later.between() == days
    assert later.made == [(1, 1)]  # the day that is not over


def test_each_month_is_a_file(logs):
    Reading(logs).between()
    assert sorted(path.name for path in (logs / FOLDER).iterdir()) == ["2026-01.jsonl", "2026-02.jsonl"]


def test_what_is_kept_is_given_without_reading_the_log(logs):
    assert Reading(logs).between(make=False) == {}
    Reading(logs).between()
    assert list(Reading(logs).between(make=False)) == [FIRST, DAY, DAY + ONE]


def test_days_beyond_the_log_and_after_today_are_not_made(logs):
    reading = Reading(logs)
    assert list(reading.between(FIRST - 400 * ONE, LAST + 400 * ONE)) == [FIRST, DAY, DAY + ONE, LAST]
    # The UTC file of the first hour begins in the local day before.
    assert len(reading.made) == 5


def test_a_log_of_nothing_has_no_days(tmp_path):
    assert Reading(tmp_path).between() == {}


def test_a_lost_file_is_made_again(logs):
    days = Reading(logs).between()
    for path in (logs / FOLDER).iterdir():
        path.unlink()
    assert Reading(logs).between() == days


def test_a_healed_log_is_read_again_and_only_its_days(logs):
    Reading(logs).between()
    path = logs / f"{DAY:%Y_%m_%d}_linkymonitor.log"
    path.write_bytes(path.read_bytes()[:-20])
    reading = Reading(logs)
    assert reading.between()[DAY].wh == 28_800
    # The UTC file of DAY has the first hour of the local day after it.
    assert reading.made[-1] == (3, 3)


def test_a_year_without_its_log_keeps_its_days(logs):
    days = Reading(logs).between()
    for path in logs.glob("*.log"):
        path.unlink()
    assert Reading(logs).between() == {day: days[day] for day in (FIRST, DAY, DAY + ONE)}


def test_a_report_of_days_whose_log_is_gone_leaves_their_pages_and_summaries_as_they_are(tmp_path):
    logs, pages = tmp_path / "logs", tmp_path / "pages"
    build(tmp_path, house(), (FIRST, LAST), now=NOON)
    page, kept = (pages / f"{DAY}.html").read_bytes(), Reading(logs).between(make=False)
    for day in (FIRST - ONE, FIRST, DAY):
        (logs / f"{day:%Y_%m_%d}_linkymonitor.log").unlink(missing_ok=True)
    told: list[Text] = []
    written = build(tmp_path, (), (DAY, LAST), now=NOON, on_failure=told.append)
    assert f"{DAY}.html" not in written
    assert f"{LAST}.html" in written
    assert (pages / f"{DAY}.html").read_bytes() == page
    assert {day: Reading(logs).between(make=False)[day] for day in (FIRST, DAY)} == {
        day: kept[day] for day in (FIRST, DAY)
    }
    (sentence,) = told
    assert sentence.en.startswith(
        "log gone in whole or in part for 2 days, 31 January 2026 to 1 February 2026:"
    )
    assert sentence.fr.startswith(
        "journal absent en tout ou en partie pour 2 jours, du 31 janvier 2026 au 1er février 2026 :"
    )
    told.clear()
    build(tmp_path, (), (DAY, DAY), now=NOON, on_failure=told.append)
    (sentence,) = told
    assert sentence.fr.startswith(
        "journal absent en tout ou en partie pour le 31 janvier 2026 : sa page et son résumé"
    )
    assert sentence.en.startswith(
        "log gone in whole or in part for 31 January 2026: its page and summary stay"
    )


def test_a_silent_day_between_two_logs_is_kept_with_its_share(tmp_path):
    silent = (local(DAY) - timedelta(hours=2), local(DAY + ONE, 2))
    write_log(tmp_path, house(silent=[silent]))
    days = Reading(tmp_path).between()
    assert days[DAY].silent
    assert days[DAY].wh == pytest.approx(28_800, abs=2)
    assert Reading(tmp_path).between(make=False)[DAY] == days[DAY]


def test_the_last_day_is_kept_when_a_record_has_come_after_it(logs):
    evening = local(LAST, 20)
    Reading(logs, now=local(LAST + 3 * ONE)).between(last=LAST + 3 * ONE)
    assert LAST not in Reading(logs).between(make=False)
    write_log(logs, house()[-1:])
    write_log(
        logs,
        records(NOON, local(LAST + ONE, 3), contract=contract("BASE"), step=300, indexes={"TH": 1_150_000}),
    )
    assert evening < local(LAST + ONE)
    Reading(logs, now=local(LAST + 3 * ONE)).between(last=LAST + 3 * ONE)
    assert LAST in Reading(logs).between(make=False)


def test_a_meter_swap_is_in_the_summary_of_its_day(tmp_path):
    other = contract("BASE", meter="ba9876543210")
    noon = local(DAY, 12)
    rows = [row for row in house() if row.ended_at <= noon]
    write_log(tmp_path, [*rows, *records(noon, NOON, contract=other, step=300, indexes={"TH": 7})])
    days = Reading(tmp_path).between()
    assert [epoch.at for epoch in days[DAY].breaks] == [noon.timestamp() + 300]
    assert days[DAY].wh is not None
    content = b"".join(path.read_bytes() for path in (tmp_path / FOLDER).iterdir()).decode()
    assert "ba98" not in content
    assert "3f9a" not in content


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_told_of_once(logs, caplog):
    logs.chmod(0o500)
    try:
        days = Reading(logs).between()
    finally:
        logs.chmod(0o700)
    assert len(days) == 4
    assert len(caplog.messages) == 1
    assert str(logs / FOLDER) in caplog.messages[0]


def test_a_place_that_is_taken_is_told_of_once_and_every_day_is_there(logs, caplog):
    (logs / FOLDER).touch()
    assert len(Reading(logs).between()) == 4
    assert len(caplog.messages) == 1
    assert str(logs / FOLDER) in caplog.messages[0]


def test_the_pages_keep_the_days_that_they_are_drawn_of(tmp_path):
    build(tmp_path, house(), (FIRST, LAST), now=NOON)
    reading = Reading(tmp_path / "logs")
    assert list(reading.between()) == [FIRST, DAY, DAY + ONE, LAST]
    assert reading.made == [(1, 1)]


def test_a_page_and_a_reading_of_the_log_keep_the_same_summary(tmp_path):
    build(tmp_path, house(), (FIRST, LAST), now=NOON)
    files = sorted((tmp_path / "logs" / FOLDER).iterdir())
    of_pages = [line for path in files for line in path.read_bytes().splitlines()]
    for path in files:
        path.unlink()
    Reading(tmp_path / "logs").between()
    # The page of the month has the day before, too, which nobody asked this reading for.
    assert [line for path in files for line in path.read_bytes().splitlines()] == of_pages[1:]


def test_a_kept_day_has_no_price(tmp_path):
    build(tmp_path, house(), (FIRST, LAST), now=NOON)
    for line in (tmp_path / "logs" / FOLDER / "2026-01.jsonl").read_text().splitlines():
        assert not any("eur" in name or "price" in name for name in json.loads(line))
