"""From the log to the pages of months and years: sums to the Wh, prices of each day, links, and what is drawn again."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report.range import as_json
from linkymonitor.report.section import Settings
from linkymonitor.system.storage import Storage
from tests.report.drawn import build, parsed, text_of
from tests.report.house import PARIS, contract, flat, local, period_of, records, write_log

FIRST, LAST = date(2026, 1, 26), date(2026, 2, 6)
CHANGE = date(2026, 2, 1)
PEAKS = [date(2026, 1, 28), date(2026, 1, 31), date(2026, 2, 3)]
NOW = local(date(2026, 3, 1))
OLD = Prices(hn=Decimal("0.1418"), pm=Decimal("1.0867"), subscription_month=Decimal("31.00"))
NEW = Prices(hn=Decimal("0.1781"), pm=Decimal("0.3440"), subscription_month=Decimal("28.00"))
DATED = PriceBook(OLD, {CHANGE: NEW})


def winter(**options):
    """Return twelve days of an EJP house that draws 1 kW day and night, over the change of prices of 1 February.

    The first record ends at the midnight that begins the first day, so the day before has a record and no energy.
    """
    return records(
        local(FIRST) - timedelta(minutes=10),
        local(LAST + timedelta(days=1)) + timedelta(minutes=10),
        **{"step": 600, "power": flat(1000), "period": period_of("EJP", PEAKS), **options},
    )


def drawn(tmp_path, rows, dates, **options):
    return build(tmp_path, rows, dates, **{"prices": DATED, "now": NOW, **options})


def figures(tmp_path, first, last, prices=DATED):
    return as_json(tmp_path / "logs", (first, last), tz=PARIS, prices=prices, now=NOW, storage=Storage())


def test_each_day_has_the_price_of_its_time_and_a_peak_that_of_its_hours(tmp_path):
    """An EJP peak lasts from 7 h to 1 h; that of 31 January ends in February, and its last kWh costs the new price.

    January has six days of 24 kWh: 17 + 17 kWh of peak on the 28th and the 31st, 1 kWh on the 29th after midnight.
    February has six days of 24 kWh: 1 kWh on the 1st, 17 kWh on the 3rd, 1 kWh on the 4th.
    The register HN began at 1,000,000 Wh ten minutes before the first midnight, at 1 kW; PM is at 2,000,000 Wh.
    """
    write_log(tmp_path / "logs", winter())
    january = figures(tmp_path, FIRST, date(2026, 1, 31))
    assert january["periods"] == {
        "HN": {
            "wh": 109_000,
            "eur": "15.46",
            "index": {"first": 1_000_166, "last": 1_109_166},
        },  # 109 × 0.1418 = 15.4562
        "PM": {
            "wh": 35_000,
            "eur": "38.03",
            "index": {"first": 2_000_000, "last": 2_035_000},
        },  # 35 × 1.0867 = 38.0345
    }
    assert january["subscription"] == {"eur": "6.00"}
    assert january["total"] == {"eur": "59.49"}
    february = figures(tmp_path, CHANGE, LAST)
    assert february["periods"] == {
        "HN": {
            "wh": 125_000,
            "eur": "22.26",
            "index": {"first": 1_109_166, "last": 1_234_166},
        },  # 125 × 0.1781 = 22.2625
        "PM": {
            "wh": 19_000,
            "eur": "6.54",
            "index": {"first": 2_035_000, "last": 2_054_000},
        },  # 19 × 0.3440 = 6.536
    }
    assert february["subscription"] == {"eur": "6.00"}
    assert [mark["date"] for mark in february["marks"]] == ["2026-02-01"]
    assert "marks" not in january
    whole = figures(tmp_path, FIRST, LAST)
    assert whole["periods"] == {
        "HN": {
            "wh": 234_000,
            "eur": "37.72",
            "index": {"first": 1_000_166, "last": 1_234_166},
        },  # 15.4562 + 22.2625 = 37.7187
        "PM": {
            "wh": 54_000,
            "eur": "44.57",
            "index": {"first": 2_000_000, "last": 2_054_000},
        },  # 38.0345 + 6.536 = 44.5705
    }
    assert whole["total"] == {"eur": "94.29"}
    assert [mark["date"] for mark in whole["marks"]] == ["2026-02-01"]


def test_days_add_up_to_the_month_and_to_the_registers(tmp_path):
    rows = winter(power=lambda when: 300 + 7 * when.hour + when.minute)
    write_log(tmp_path / "logs", rows)
    whole = figures(tmp_path, FIRST, LAST)
    end = next(row for row in rows if row.ended_at == local(LAST + timedelta(days=1)))
    assert abs(whole["consumed"]["wh"] - sum(end.indexes.values()) + sum(rows[0].indexes.values())) <= 60
    days = [figures(tmp_path, FIRST + timedelta(days=at), FIRST + timedelta(days=at)) for at in range(12)]
    for code in ("HN", "PM"):
        parts = [day["periods"][code]["wh"] for day in days]
        assert sum(parts) == whole["periods"][code]["wh"]
    shown = sum(Decimal(day["total"]["eur"]) for day in days)
    assert Decimal(whole["rounding_eur"]) == shown - Decimal(whole["total"]["eur"])
    assert [day["eur"] for day in whole["days"]] == [day["total"]["eur"] for day in days]


def test_the_months_and_the_year_of_the_days_are_drawn_and_every_link_leads_somewhere(tmp_path):
    pages = drawn(tmp_path, winter(), (FIRST, LAST), with_range=True, now=local(date(2026, 2, 7), 0, 30))
    longer = {"2026-01.html", "2026-02.html", "2026.html", "2026-01-26_2026-02-06.html"}
    assert longer == {name for name in pages if len(name) != len("2026-01-26.html")} - {"index.html"}
    for page in pages.values():
        for link in parsed(page).links:
            if not link.startswith(("data:", "#")):
                assert (tmp_path / "pages" / link.partition("#")[0]).is_file(), f"{link} leads nowhere"
    assert 'href="2026-01.html"' in pages["2026-01-28.html"]
    assert 'href="2026.html"' in pages["2026-01-28.html"]
    for name in ("2026-01.html", "2026.html", "2026-01-26_2026-02-06.html"):
        assert f'href="{name}"' in pages["index.html"]
    assert 'rel="next" href="2026-02.html"' in pages["2026-01.html"]
    # The one record of the 25th is no measured day: the subscription begins with the 26th.
    assert "59,49" in pages["2026-01.html"]
    # Ten minutes of 7 February are 167 Wh more: 37.7187 + 0.0297 €, 44.57 €, and the subscription of 6 and of 7 days.
    assert "95,32" in pages["2026.html"]


def test_a_page_of_a_month_is_drawn_again_when_one_of_its_days_is(tmp_path):
    rows = winter()
    drawn(tmp_path, [row for row in rows if row.ended_at <= local(date(2026, 1, 29))], (FIRST, FIRST))
    page = tmp_path / "pages" / "2026-01.html"
    assert "72,000" in page.read_text("utf-8")
    for path in (tmp_path / "logs").glob("*.log*"):
        path.unlink()
    write_log(tmp_path / "logs", rows)
    build(tmp_path, rows, (date(2026, 1, 30), date(2026, 1, 30)), prices=DATED, now=NOW)
    assert "144,000" in page.read_text("utf-8")


def test_a_page_of_a_month_is_drawn_again_when_its_prices_change_and_only_then(tmp_path):
    drawn(tmp_path, winter(), (FIRST, LAST))
    january, february = (tmp_path / "pages" / f"2026-{month}.html" for month in ("01", "02"))
    before = january.stat().st_mtime_ns, february.stat().st_mtime_ns
    drawn(tmp_path, [], (LAST, LAST))
    assert (january.stat().st_mtime_ns, february.stat().st_mtime_ns > before[1]) == (before[0], True)
    dearer = Prices(hn=Decimal("0.2"), pm=Decimal("1.0867"), subscription_month=Decimal("31.00"))
    drawn(tmp_path, [], (LAST, LAST), prices=PriceBook(dearer, {CHANGE: NEW}))
    assert january.stat().st_mtime_ns > before[0]
    # 109 kWh at 0.2 €.
    assert "21,80" in january.read_text("utf-8")


def test_a_page_of_somebody_else_stays(tmp_path):
    (tmp_path / "pages").mkdir()
    own = tmp_path / "pages" / "2025-07.html"
    own.write_text("<p>mine</p>")
    drawn(tmp_path, winter(), (LAST, LAST))
    assert own.read_text() == "<p>mine</p>"


def test_another_meter_within_the_month_is_marked_and_its_energy_is_counted(tmp_path):
    swap = local(date(2026, 1, 29), 12)
    old = records(local(FIRST) - timedelta(minutes=10), swap, step=600, power=flat(1000))
    new = records(
        swap,
        local(date(2026, 2, 1), 1),
        step=600,
        power=flat(1000),
        contract=contract(meter="aaaabbbbcccc"),
        indexes={"HN": 5, "PM": 7},
    )
    page = drawn(tmp_path, [*old, *new], (FIRST, date(2026, 1, 31)))["2026-01.html"]
    assert "29 janvier 2026 autre compteur" in re.sub(r"\s+", " ", text_of(page).replace("\u00a0", " "))
    found = figures(tmp_path, FIRST, date(2026, 1, 31))
    assert [(mark["date"], mark["kind"]) for mark in found["marks"]] == [
        ("2026-01-29", "meter"),
    ]
    assert abs(found["consumed"]["wh"] - 144_000) <= 200


def test_a_range_longer_than_the_log_has_the_days_that_there_are(tmp_path):
    write_log(tmp_path / "logs", winter())
    found = figures(tmp_path, date(2025, 12, 1), date(2026, 2, 28))
    # Twelve days, and ten minutes of the next one.
    assert found["consumed"]["wh"] == 288_000 + 167
    # Nobody knows what was due before the log began: 6 days of January and 28 of February.
    assert found["subscription"] == {"eur": "34.00"}
    # Of 7 February hardly anything is known.
    assert len(found["missing_days"]) == 22


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_month_of_a_log_has_the_figures_of_its_json(tmp_path, lang):
    page = drawn(tmp_path, winter(), (FIRST, LAST), lang=lang)["2026-02.html"]
    found = figures(tmp_path, CHANGE, date(2026, 2, 28))
    words = text_of(page).replace("\u202f", "").replace("\u00a0", " ")
    total = found["total"]["eur"]
    assert (total.replace(".", ",") if lang == "fr" else total) in words


def test_the_user_s_own_template_takes_the_place_of_ours(tmp_path):
    own = tmp_path / "own" / "period"
    own.mkdir(parents=True)
    (own / "quality.html.j2").write_text("<p>{{ view.quality|length }} lines of mine</p>")
    settings = Settings(dir=tmp_path / "pages", templates=tmp_path / "own")
    page = drawn(tmp_path, winter(), (LAST, LAST), settings=settings)["2026-02.html"]
    assert "lines of mine" in page


def test_the_figures_of_a_range_that_holds_today_have_the_month_so_far(tmp_path):
    """At 12:00 of 3 February: 1, 2 February and half of the 3rd; of the past only six days are known."""
    now = local(date(2026, 2, 3), 12)
    write_log(tmp_path / "logs", [row for row in winter(step=240) if row.ended_at <= now])

    def asked(first, last):
        return as_json(tmp_path / "logs", (first, last), tz=PARIS, prices=DATED, now=now, storage=Storage())

    found = asked(FIRST, LAST)
    month = found["month"]
    # 24 + 24 + 12 kWh, of which the peaks of 31 January and of 3 February had 1 + 5 kWh: 54 × 0.1781 + 6 × 0.3440 €.
    assert (month["from"], month["to"], month["days"], month["wh"]) == ("2026-02-01", "2026-02-28", 3, 60_000)
    assert month["eur"] == str(Decimal("9.62") + Decimal("2.06") + Decimal("3.00"))
    assert month["linkypy"]["current_cost"] == str(Decimal("11.68") + Decimal("28.00"))
    # 2.5 days so far, 25.5 to come.
    # 11.68 + 11.68 × 25.5 / 2.5 + 28 = 158.816
    assert month["linkypy"]["estimated_cost"] == "158.82"
    ahead = month["projection"]
    assert ahead["to"] == "2026-02-28"
    assert ahead["low_wh"] <= ahead["wh"] <= ahead["high_wh"]
    assert ahead["special_days"]["ejp"]["left"] is None
    assert asked(date(2026, 2, 1), date(2026, 2, 28))["month"] == month
    assert "month" not in asked(FIRST, date(2026, 2, 2))


def test_a_month_without_a_price_has_no_cost_and_the_reason(tmp_path):
    rows = winter(step=240)
    write_log(tmp_path / "logs", [row for row in rows if row.ended_at <= local(date(2026, 1, 26), 12)])
    month = as_json(
        tmp_path / "logs",
        (FIRST, FIRST),
        tz=PARIS,
        prices=PriceBook(Prices()),
        now=local(FIRST, 12),
        storage=Storage(),
        lang="en",
    )["month"]
    # 100 Wh are of the last six minutes of the day before.
    assert (month["wh"], month["eur"], month["linkypy"]) == (12_100, None, None)
    assert month["reason"] == "fewer than 5 whole, ordinary days in the last four weeks"
