"""Days that cannot be drawn, registers that were not read, and pages that are in the way."""

from __future__ import annotations

import errno
import json
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from linkymonitor.cli import main
from linkymonitor.daily_log.columns import Columns
from linkymonitor.language import Text
from linkymonitor.model.terms import Mode
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report import build as report
from linkymonitor.report import figures
from linkymonitor.report.days import not_drawn
from linkymonitor.report.gather import split_days
from linkymonitor.report.section import Settings
from linkymonitor.system.storage import Storage
from linkymonitor.system.troubles import trouble
from tests.report.drawn import build, parsed, text_of
from tests.report.house import PARIS, contract, flat, local, period_of, records, write_log
from tests.support.figures import json_of

DAY = date(2026, 1, 13)
PRICES = PriceBook(
    Prices(hc=Decimal("0.2"), hp=Decimal("0.3"), f03=Decimal("0.5"), subscription_month=Decimal(12))
)
HC = contract("HC")


def whole_day(**options):
    return records(
        local(DAY) - timedelta(hours=1),
        local(DAY + timedelta(days=1), 1),
        **{"step": 60, "contract": HC, "power": flat(1200), "period": period_of("HC"), **options},
    )


def of_day(rows, prices=PRICES):
    (found,) = split_days([Columns.of(rows)], DAY, DAY, PARIS)
    return figures.day_figures(found, PARIS, prices, local(DAY + timedelta(days=2)))


def test_a_register_in_force_that_was_never_read_leaves_energy_and_money_unknown(tmp_path):
    rows = [row._replace(indexes={"HC": 7_000}) for row in whole_day(period=lambda when: "HP..")]
    day = of_day(rows)
    assert (day.consumed, day.consumed_eur, day.total, day.unread) == (None, None, None, ("HP",))
    found = json_of([day], PRICES, PARIS)
    assert found["consumed"] == {"wh": None, "eur": None}
    assert found["total"] == {"eur": None}
    assert found["periods"]["HP"] == {"wh": None, "eur": None}
    page = build(tmp_path, rows, prices=PRICES)[f"{DAY}.html"]
    parsed(page)
    said = text_of(page)
    assert "Consommation inconnue" in said
    assert "(HP)" in said
    assert "montant inconnu" in said
    assert not re.search(r"\d €", said.replace("\xa0", " ").partition("abonnement")[0])


def test_a_register_that_was_not_read_for_some_hours_of_its_period_counts_all_the_same():
    rows = whole_day()
    part = [
        row._replace(indexes={"HC": row.indexes["HC"]}) if 9 <= row.ended_at.hour < 15 else row
        for row in rows
    ]
    assert of_day(part).consumed == of_day(rows).consumed


def test_a_register_that_was_never_read_after_noon_leaves_the_day_unknown():
    noon = local(DAY, 12)
    rows = [
        row._replace(indexes={"HC": row.indexes["HC"]}) if row.ended_at > noon else row for row in whole_day()
    ]
    day = of_day(rows)
    assert (day.consumed, day.total, day.unread) == (None, None, ("HP",))


def test_a_reading_that_is_due_does_not_hide_what_the_day_has_used_so_far():
    noon = local(DAY, 12)
    rows = [
        row._replace(indexes={"HC": row.indexes["HC"]})
        if row.ended_at > noon - timedelta(minutes=20)
        else row
        for row in whole_day()
        if row.ended_at <= noon
    ]
    (found,) = split_days([Columns.of(rows)], DAY, DAY, PARIS)
    assert figures.day_figures(found, PARIS, PRICES, noon).consumed == pytest.approx(14_000, abs=2)
    later = figures.day_figures(found, PARIS, PRICES, local(DAY + timedelta(days=2)))
    assert later.consumed is None


def standard(period: str, indexes, wh_a_minute: int = 20):
    made = contract("HC", mode=Mode.STANDARD)
    rows = whole_day(contract=made)
    return [
        row._replace(
            tariff_period=period,
            indexes={"HC": 5_000, "HP": 6_000} | indexes(n * wh_a_minute),
            total_index=100_000 + n * wh_a_minute,
        )
        for n, row in enumerate(rows)
    ]


def test_a_third_register_that_is_in_the_log_is_counted_at_its_own_price():
    day = of_day(standard("F03", lambda wh: {"F03": 89_000 + wh}))
    assert {line.code: line.wh for line in day.lines} == {"HC": 0, "HP": 0, "F03": 28_800}
    assert (day.consumed, day.consumed_eur) == (28_800, Decimal("14.40"))


def test_a_register_in_force_that_is_not_in_the_log_has_what_the_total_proves():
    day = of_day(standard("F03", lambda wh: {}))
    assert {line.code: line.wh for line in day.lines} == {"HC": 0, "HP": 0, "F03": 28_800}
    assert (day.consumed, day.consumed_eur) == (28_800, Decimal("14.40"))
    assert of_day(standard("F03", lambda wh: {}), PriceBook(Prices(hc=Decimal(1)))).total is None


@pytest.mark.parametrize("period", ["HP..", None])
def test_energy_that_only_the_total_proves_is_counted_and_has_no_price(tmp_path, period):
    rows = standard(period, lambda wh: {})
    day = of_day(rows)
    assert (day.consumed, day.consumed_eur, day.total) == (28_800, None, None)
    assert sum(hour.wh for hour in day.hours) == day.consumed
    found = json_of([day], PRICES, PARIS)
    assert found["consumed"] == {"wh": 28_800, "eur": None}
    assert set(found["periods"]) == {"HC", "HP"}
    said = text_of(build(tmp_path, rows, prices=PRICES)[f"{DAY}.html"]).replace("\xa0", " ")
    assert "Le total du compteur compte 28,800 kWh de plus" in said


def test_some_minutes_that_only_the_total_proves_are_counted():
    """108 s at 1500 VA, as the meter of an old thread: 45 Wh."""
    rows = standard("HP..", lambda wh: {}, 1)[100:146]
    assert of_day(rows).consumed == 45


def test_a_total_that_is_read_a_frame_before_the_registers_proves_nothing():
    rows = [row._replace(total_index=sum(row.indexes.values()) + n % 3) for n, row in enumerate(whole_day())]
    day = of_day(rows)
    assert day.consumed == sum(line.wh for line in day.lines)
    assert day.total is not None


@pytest.mark.parametrize("blank", [slice(9, 14), slice(0, 9), slice(11, 30)])
def test_equal_stamps_and_records_without_an_index_are_read(blank):
    rows = whole_day()
    whole = of_day(rows).consumed
    for n in range(*blank.indices(len(rows))):
        rows[n] = rows[n]._replace(indexes={})
    for n in (10, 11, 12, 800, 801):
        rows[n] = rows[n]._replace(ended_at=rows[n - 1].ended_at)
    assert abs(of_day(rows).consumed - whole) <= 1


def run(tmp_path: Path, *words: str) -> int:
    ini = tmp_path / "one.ini"
    ini.write_text("[general]\nlang = fr\n")
    return main(["report", "-c", str(ini), "--log-dir", str(tmp_path / "logs"), *words])


def three_days(tmp_path: Path) -> Path:
    rows = records(local(DAY), local(DAY + timedelta(days=3)), step=600, contract=HC, period=period_of("HC"))
    write_log(tmp_path / "logs", rows)
    return tmp_path / "pages"


BREAKS = "{% if day.date.day == 14 %}{{ day.lines[0].wh // 0 }}{% endif %}"


@pytest.mark.parametrize("broken", [BREAKS, "{% if day.date.day == 14 %}{{ day.gone.away }}{% endif %}"])
def test_a_day_that_cannot_be_drawn_says_so_and_costs_no_other(tmp_path, capsys, broken):
    pages = three_days(tmp_path)
    (tmp_path / "own" / "sections").mkdir(parents=True)
    (tmp_path / "own" / "sections" / "quality.html.j2").write_text(broken)
    ini = tmp_path / "two.ini"
    ini.write_text(f"[report]\ntemplates = {tmp_path / 'own'}\n")
    status = main(
        [
            "report",
            "-c",
            str(ini),
            "--log-dir",
            str(tmp_path / "logs"),
            "-o",
            str(pages),
            "-s",
            "2026-01-13",
            "-e",
            "2026-01-15",
        ]
    )
    assert status == 1
    said = capsys.readouterr().err
    assert "14 janvier 2026 : journée non dessinée" in said
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1
    bad = (pages / "2026-01-14.html").read_text()
    parsed(bad)
    assert "pas pu être dessinée" in bad
    for name in ("2026-01-13.html", "2026-01-15.html", "index.html"):
        assert "kWh" in (pages / name).read_text()


def test_a_log_that_cannot_be_read_costs_its_own_days(tmp_path, capsys):
    pages = three_days(tmp_path)
    log = tmp_path / "logs" / "2026_01_14_linkymonitor.log"
    log.unlink()
    log.symlink_to(log)
    assert run(tmp_path, "-s", "2026-01-13", "-e", "2026-01-15", "-o", str(pages)) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert "pas pu être dessinée" in (pages / "2026-01-14.html").read_text()
    assert "index.html" in {path.name for path in pages.iterdir()}
    assert run(tmp_path, "-s", "2026-01-13", "-e", "2026-01-15", "--json") == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["consumed"] == {"wh": None, "eur": None}
    assert "14 janvier 2026 : jour absent" in told.err


def test_a_file_that_may_not_be_read_has_one_remedy_and_a_fault_of_ours_is_to_be_reported():
    forbidden = not_drawn(DAY, trouble("/log/day.log", PermissionError(errno.EACCES, "Permission denied")))
    assert forbidden == Text(
        "13 janvier 2026 : journée non dessinée (/log/day.log : accès refusé ; donnez-en le droit à l'utilisateur de "
        "linkymonitor) ; les autres le sont",
        "13 January 2026: day not drawn (/log/day.log: permission denied; give the user that runs linkymonitor the "
        "right to it); the others are",
    )
    assert not_drawn(DAY, ZeroDivisionError("by zero")).en == (
        "13 January 2026: day not drawn (ZeroDivisionError: by zero); the others are, keep the log of this day and "
        "report it"
    )


def test_a_page_that_is_a_folder_or_a_dangling_link_costs_no_other(tmp_path, capsys):
    pages = three_days(tmp_path)
    (pages / "2026-01-10.html").mkdir(parents=True)
    (pages / "2026-01-11.html").symlink_to("nowhere")
    (pages / "2026-01-13.html").mkdir()
    (pages / "2026-01-14.html").symlink_to("nowhere")
    (pages / "dygraphs").mkdir()
    (pages / "dygraphs" / "LICENSE").symlink_to("nowhere")
    (pages / "dygraphs" / "VERSION").mkdir()
    assert run(tmp_path, "-s", "2026-01-13", "-e", "2026-01-15", "-o", str(pages)) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "2026-01-10.html" in said
    assert "2026-01-11.html" in said
    for name in ("2026-01-13.html", "2026-01-14.html", "2026-01-15.html", "index.html"):
        assert "kWh" in (pages / name).read_text()


def test_a_folder_that_vanishes_while_it_is_drawn_is_one_sentence(tmp_path):
    import shutil

    from linkymonitor.errors import StorageError

    class Vanishing(Storage):
        def replace(self, path, data, **options):
            if path.name.endswith("14.html"):
                shutil.rmtree(path.parent)
            super().replace(path, data, **options)

    pages = three_days(tmp_path)
    with pytest.raises(StorageError, match=re.escape(f"{pages} : absent")):
        report.build(
            Settings(dir=pages),
            tmp_path / "logs",
            (DAY, DAY + timedelta(days=2)),
            tz=PARIS,
            lang="fr",
            prices=PRICES,
            now=local(DAY + timedelta(days=4)),
            storage=Vanishing(),
        )


def test_a_topic_of_a_newer_version_is_passed_over(tmp_path):
    write_log(tmp_path / "logs", whole_day())
    path = tmp_path / "logs" / "2026_01_13_linkymonitor.log"
    lines = path.read_text().splitlines(keepends=True)
    for n, text in ((9, "heures=A, nouveau=1"), (99, "heures=B, nouveau=2"), (200, "neuf, =, nouveau=3")):
        lines.insert(n, f"{lines[n][:19]}\tINFO\tGrille: {text}\n")
    path.write_text("".join(lines))
    page = build(tmp_path, [], prices=PRICES)[f"{DAY}.html"]
    assert "nouveau" not in page
    assert "groupe A → groupe B" in text_of(page).replace("\xa0", " ")
