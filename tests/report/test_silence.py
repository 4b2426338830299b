"""A box that was off: every Wh of the indexes is in some day, whichever days are asked for."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report import build as report
from linkymonitor.report.day import DayFigures
from linkymonitor.report.range import as_json
from linkymonitor.report.section import Settings
from linkymonitor.system.storage import Storage
from tests.report.house import PARIS, contract, local, period_of, records, write_log
from tests.support.figures import days

FIRST = date(2026, 1, 10)
DAYS = 8
LAST = FIRST + timedelta(days=DAYS - 1)
NOW = local(FIRST + timedelta(days=30))
PRICES = PriceBook(Prices(hc=Decimal("0.2"), hp=Decimal("0.3"), subscription_month=Decimal(12)))
HC = contract("HC")


def day(number: int, hour: int = 0, minute: int = 0) -> datetime:
    return local(FIRST + timedelta(days=number), hour, minute)


def house(*silent: tuple[datetime, datetime]):
    """Return a week of records, some of it not heard."""
    return records(day(0), day(DAYS), step=120, contract=HC, period=period_of("HC"), silent=silent)


def of_range(folder, first: int, last: int, now: datetime = NOW) -> list[DayFigures]:
    dates = FIRST + timedelta(days=first), FIRST + timedelta(days=last)
    return list(days(folder, dates, tz=PARIS, prices=PRICES, now=now, storage=Storage()))


def json_of(folder, first: int, last: int):
    dates = FIRST + timedelta(days=first), FIRST + timedelta(days=last)
    return as_json(folder, dates, tz=PARIS, prices=PRICES, now=NOW, storage=Storage())


def used(rows) -> int:
    return sum(rows[-1].indexes.values()) - sum(rows[0].indexes.values())


SILENCES = {
    "hours": [(day(2, 10), day(2, 15))],
    "over-a-midnight": [(day(2, 22), day(3, 5))],
    "three-days": [(day(2, 17, 30), day(5, 17, 32))],
    "from-midnight-to-midnight": [(day(2), day(5))],
    "twice": [(day(1, 20), day(3, 2)), (day(3, 4), day(6, 11))],
    "just-before-midnight": [(day(2, 23, 45), day(3)), (day(4), day(4, 0, 20))],
}


@pytest.mark.parametrize("silent", SILENCES.values(), ids=SILENCES)
def test_the_days_of_a_silence_share_its_energy_to_the_wh(tmp_path, silent):
    rows = house(*silent)
    write_log(tmp_path, rows)
    together = of_range(tmp_path, 0, DAYS - 1)
    assert sum(one.consumed for one in together) == used(rows)
    assert json_of(tmp_path, 0, DAYS - 1)["consumed"]["wh"] == used(rows)
    for name in HC.registers:
        assert (
            sum(line.wh for one in together for line in one.lines if line.code == name)
            == rows[-1].indexes[name] - rows[0].indexes[name]
        )


@pytest.mark.parametrize("silent", SILENCES.values(), ids=SILENCES)
def test_a_day_has_the_same_figures_alone_and_in_a_range(tmp_path, silent):
    write_log(tmp_path, house(*silent))
    together = of_range(tmp_path, 0, DAYS - 1)
    for number, one in enumerate(together):
        (alone,) = of_range(tmp_path, number, number)
        assert alone == one
    assert of_range(tmp_path, 3, 6) == together[3:7]


def test_a_day_within_a_silence_has_a_page_that_says_its_share_and_that_its_shape_is_unknown(tmp_path):
    rows = house((day(2, 17, 30), day(5, 17, 32)))
    write_log(tmp_path / "logs", rows)
    common = {"tz": PARIS, "prices": PRICES, "now": NOW, "storage": Storage()}
    where = Settings(dir=tmp_path / "pages")
    report.build(where, tmp_path / "logs", (FIRST, LAST), lang="fr", **common)
    within = FIRST + timedelta(days=3)
    page = (tmp_path / "pages" / f"{within}.html").read_text()
    assert "connaît l’énergie du silence" in page
    assert "forme est inconnue" in page
    assert "Heure par heure" not in page
    assert "Consommé, au prorata" in page
    assert "partiel" in (tmp_path / "pages" / "index.html").read_text()
    report.build(where, tmp_path / "logs", (within, within), lang="fr", **common)
    assert (tmp_path / "pages" / f"{within}.html").read_text() == page
    english = Settings(dir=tmp_path / "en")
    report.build(english, tmp_path / "logs", (within, within), lang="en", **common)
    assert "the share of this day, by time" in (tmp_path / "en" / f"{within}.html").read_text()


def test_weeks_that_were_lost_lose_no_energy(tmp_path):
    weeks = 28
    rows = records(day(0), day(weeks), step=600, contract=HC, period=period_of("HC"))
    write_log(tmp_path, rows)
    for path in sorted(tmp_path.iterdir())[4:25]:
        path.unlink()
    now = day(weeks + 1)
    together = of_range(tmp_path, 0, weeks - 1, now)
    assert sum(one.consumed for one in together) == used(rows)
    assert of_range(tmp_path, 15, 15, now) == together[15:16]


def test_a_silence_that_lasts_has_no_energy_yet(tmp_path):
    rows = house()
    write_log(tmp_path, [row for row in rows if row.ended_at < day(3, 12)])
    within, today = of_range(tmp_path, 4, 5, day(5, 9))
    assert (within.consumed, within.total, within.hours) == (None, None, ())
    assert today.consumed is None


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"contract": HC._replace(meter="another")}, id="meter"),
        pytest.param({"indexes": {"HC": 7, "HP": 9}}, id="index-that-falls"),
    ],
)
def test_nothing_is_shared_across_an_epoch(tmp_path, changed):
    before = records(day(0), day(2, 12), step=120, contract=HC, period=period_of("HC"))
    after = records(day(5, 12), day(7), step=120, period=period_of("HC"), **({"contract": HC} | changed))
    write_log(tmp_path, before + after)
    together = of_range(tmp_path, 0, 6)
    assert [one.consumed is None for one in together] == [False] * 3 + [True] * 2 + [False] * 2
    assert sum(one.consumed or 0 for one in together) == used(before) + used(after)


def test_the_first_record_after_a_silence_may_lack_its_indexes(tmp_path):
    rows = house((day(2, 17, 30), day(5, 23, 56)))
    at = next(n for n, row in enumerate(rows) if row.ended_at > day(4))
    for n in range(at, at + 7):
        rows[n] = rows[n]._replace(indexes={})
    write_log(tmp_path, rows)
    together = of_range(tmp_path, 0, DAYS - 1)
    assert sum(one.consumed for one in together) == used(rows)
    for number, one in enumerate(together):
        assert of_range(tmp_path, number, number) == [one]


def test_an_archive_that_lies_before_the_silence_is_looked_into(tmp_path):
    import gzip

    rows = house((day(2, 17, 30), day(5, 17, 32)))
    write_log(tmp_path, rows)
    expected = of_range(tmp_path, 4, 4)
    for path in list(tmp_path.iterdir()):
        (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert of_range(tmp_path, 4, 4) == expected
    assert expected[0].consumed
