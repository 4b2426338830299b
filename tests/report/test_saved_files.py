"""The files that the page of a day saves for a spreadsheet."""

from __future__ import annotations

import csv
import re
from decimal import Decimal

import pytest

from linkymonitor.language import Text
from linkymonitor.report.chart import chart_data
from linkymonitor.report.day import Curve, DayFigures, SynthesisLine
from linkymonitor.report.words import Words
from tests.report.browsing import DAY, NAMES, PRICES
from tests.report.house import PARIS, local

pytestmark = pytest.mark.browser


def saved(page, button):
    """Return the name and the text of the file that *button* saves."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return download.value.suggested_filename, download.value.path().read_bytes().decode("utf-8")


def test_the_records_leave_for_a_french_spreadsheet(show, pages):
    name, text = saved(show(NAMES[0]), "Relevés en CSV")
    assert name == "2026-01-13.csv"
    assert text.startswith("\ufeffheure locale;heure UTC;puissance (VA);minimum (VA);maximum (VA);")
    head, first, *_ = text.splitlines()
    assert first.startswith("13/01/2026 00:01:00;12/01/2026 23:01:00;")
    assert all(re.search(r" \((VA|A|Wh)\)$", column) for column in head.split(";")[2:])
    assert len({line.count(";") for line in text.splitlines()}) == 1
    log = (pages / "logs" / "2026_01_13_linkymonitor.log").read_text()
    logged = dict(re.findall(r" (\d\d:\d\d:\d\d)\tDATA.*(PuissConsommee=.*PuissMin=\d+, PuissMax=\d+)", log))
    compared = 0
    for line in text.splitlines():
        cells = line.split(";")
        if cells[1].startswith("13/01/2026"):
            told = [
                int(logged[cells[1][11:]].split(name + "=")[1][:5])
                for name in ("PuissConsommee", "PuissMin", "PuissMax")
            ]
            assert cells[2:5] == list(map(str, told))
            compared += 1
    assert compared > 1000
    assert text.splitlines()[-1].startswith("14/01/2026 00:00:00;13/01/2026 23:00:00;")


def test_the_hours_leave_as_csv(show):
    name, text = saved(show(NAMES[0]), "Heures en CSV")
    assert name == "2026-01-13-heures.csv"
    head, *rows = text.splitlines()
    assert head == (
        "\ufeffheure locale;heure UTC;Heures normales (kWh);Heures de pointe (kWh);énergie (kWh);coût (€);remarque"
    )
    assert len(rows) == 22, "the hours that were heard"
    evening = next(row.split(";") for row in rows if row.startswith("13/01/2026 19:00:00"))
    assert evening[2] == "0,000"
    peak = Decimal(evening[3].replace(",", "."))
    assert evening[4] == evening[3]
    assert Decimal(evening[5].replace(",", ".")) == pytest.approx(
        peak * PRICES.on(DAY).of("PM"), abs=Decimal("0.0001")
    )


def test_an_english_spreadsheet_has_commas_points_and_iso_dates(show):
    _, text = saved(show("tempo/2026-01-13.html"), "Hours as CSV")
    assert text.startswith("\ufefflocal time,UTC time,")
    assert re.match(r"2026-01-13 00:00:00,2026-01-12 23:00:00,\d+\.\d{3},", text.splitlines()[1])
    # "Off-peak, red day" is one cell.
    assert len({len(row) for row in csv.reader(text.splitlines())}) == 1


def test_the_hour_that_comes_twice_is_twice_in_the_hours(show):
    _, text = saved(show("pages/2025-10-26.html"), "Heures en CSV")
    assert [row[:19] for row in text.splitlines() if " 02:00:00;" in row[:20]] == ["26/10/2025 02:00:00"] * 2


@pytest.mark.parametrize(
    ("label", "head"),
    [("=1+1", "'=1+1 (kWh)"), ('Nuit; "été"', '"Nuit; ""été"" (kWh)"'), ("Nuit", "Nuit (kWh)")],
)
def test_the_name_of_a_period_is_one_cell_that_no_spreadsheet_runs(label, head):
    line = SynthesisLine(code="N", wh=1000, label=Text(label, label))
    midnight = local(DAY).timestamp()
    day = DayFigures(
        date=DAY,
        timezone="Europe/Paris",
        start=midnight,
        end=midnight + 86400,
        until=midnight + 86400,
        lines=(line,),
        curve=Curve(times=(60,), power=(1000,), low=(0,), high=(0,)),
    )
    words = chart_data(day, Words("fr", PARIS), None)["words"]
    assert words["csv"]["hours"][2] == head
