"""The bills of a household: from one reading day to the next, past and running, and what is left to pay."""

from __future__ import annotations

import html
import json
import re
import shutil
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from linkymonitor.billing.periods import payments_made, period_of, periods_between
from linkymonitor.cli import main
from linkymonitor.money.contract import Contract
from linkymonitor.report.build import build
from linkymonitor.report.gather import LogDays
from linkymonitor.report.history import History
from linkymonitor.report.next_bill import next_bill
from linkymonitor.settings import load
from linkymonitor.system.storage import Storage
from tests.billing.house import PARIS, at, rows
from tests.report.house import write_log


@pytest.mark.parametrize(
    ("contract", "day", "first", "last"),
    [
        (Contract(reading_day=8), "2026-01-08", "2026-01-08", "2026-02-07"),
        (Contract(reading_day=8), "2026-01-07", "2025-12-08", "2026-01-07"),
        (Contract(reading_day=1), "2026-02-28", "2026-02-01", "2026-02-28"),
        (Contract(reading_day=8, reading_months=2), "2026-02-20", "2026-01-08", "2026-03-07"),
        (
            Contract(reading_day=8, reading_months=12, since=date(2024, 6, 8)),
            "2026-01-01",
            "2025-06-08",
            "2026-06-07",
        ),
        (Contract(reading_day=8, since=date(2026, 3, 17)), "2026-03-20", "2026-03-17", "2026-04-07"),
    ],
)
def test_a_day_is_on_one_bill(contract, day, first, last):
    assert period_of(date.fromisoformat(day), contract) == (
        date.fromisoformat(first),
        date.fromisoformat(last),
    )


@pytest.mark.parametrize("months", [1, 2, 6, 12])
@pytest.mark.parametrize("since", [None, date(2024, 3, 17)])
def test_the_bills_of_years_follow_each_other_without_a_hole(months, since):
    contract = Contract(reading_day=28, reading_months=months, since=since)
    periods = periods_between(since or date(2023, 2, 3), date(2027, 1, 5), contract)
    assert all(after[0].toordinal() == before[1].toordinal() + 1 for before, after in pairwise(periods))
    assert len(periods) >= 3


def test_a_payment_is_made_each_month_until_there_are_enough():
    contract = Contract(reading_day=8, reading_months=12, instalment=Decimal(95))
    period = (date(2026, 1, 8), date(2027, 1, 7))
    made = [
        payments_made(period, date.fromisoformat(day), contract)
        for day in ("2026-01-08", "2026-03-07", "2026-12-31")
    ]
    assert made == [1, 2, 10]


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """The log of a house that uses 10 kWh a day."""
    folder = tmp_path_factory.mktemp("house") / "log"
    known = [("2026-01-08", {"TH": 1_000_000}), ("2026-03-21T12:00", {"TH": 1_725_000})]
    write_log(folder, rows(known, step=timedelta(minutes=5), subscribed_power=6000))
    return folder


@pytest.fixture
def ini(tmp_path):
    """Settings with bills of a month, and a payment of 60 €."""
    path = tmp_path / "house.ini"
    path.write_text("[contract]\noffer = tarif-bleu-base\nreading_day = 8\ninstalment = 60\n")
    return path


def test_past_bills_are_listed_with_their_totals(log, ini, capsys):
    call = [
        "bill",
        "-c",
        str(ini),
        "--lang",
        "en",
        "--log-dir",
        str(log),
        "--periods",
    ]
    assert main([*call, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["periods"]
    days = [(each["from"], each["to"]) for each in found]
    assert days[:2] == [("2026-01-08", "2026-02-07"), ("2026-02-08", "2026-03-07")]
    # January: 24 days of 31 at 15.47 and 7 of 28 at 15.65; 240 × 0.1952 and 70 × 0.1940.
    # 15.47 × 24/31 = 11.98; 15.65 × 7/28 = 3.91; 46.85 + 13.58.
    assert found[0]["total"] == {"eur": "76.32"}
    assert main(call) == 0
    assert "from 8 January 2026 to 7 February 2026: 76.32 €" in capsys.readouterr().out


def test_past_bills_are_listed_though_the_retention_has_removed_their_logs(tmp_path, log, ini, capsys):
    shutil.copytree(log, tmp_path / "log")
    call = ["bill", "-c", str(ini), "--lang", "en", "--log-dir", str(tmp_path / "log"), "--periods", "--json"]
    assert main(call) == 0
    before = json.loads(capsys.readouterr().out)["periods"]
    for path in (tmp_path / "log").glob("2026_01_*"):
        path.unlink()
    assert main(call) == 0
    assert json.loads(capsys.readouterr().out)["periods"] == before
    assert before[0]["from"] == "2026-01-08"


def test_the_running_bill_has_its_estimate_and_what_is_left_to_pay(log, ini):
    settings = load(ini, "en")
    now = at("2026-03-21T12:00")
    source = LogDays(log, tz=PARIS, now=now, storage=Storage())
    book = settings.price_book()
    running = next_bill(History(source, book, pytest.fail), book, tz=PARIS, now=now)
    assert (running.first, running.last) == (date(2026, 3, 8), date(2026, 4, 7))
    # 31 days of 10 kWh at 0.1940 are 60.14; the subscription is 15.65 × (24/31 + 7/30) = 15.77.
    assert running.reason is None, running.reason
    assert running.eur == pytest.approx(Decimal("75.91"), abs=Decimal("0.10"))
    assert running.low <= running.eur <= running.high
    assert running.so_far < running.eur
    assert (running.paid, running.to_pay) == (Decimal(60), Decimal(60))
    assert running.settlement == running.eur - 60


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("fr", "Facture du 7 avril 76 € de 76 € à 76 €, reste 16 € après les mensualités"),
        ("en", "Bill of 7 April € 76 €76 to €76, €16 left after the instalments"),
    ],
)
def test_the_page_of_the_month_has_the_running_bill(tmp_path, log, ini, lang, words):
    settings = load(ini, lang)
    pages = tmp_path / "pages"
    build(
        replace(settings.report, dir=pages),
        log,
        (date(2026, 3, 20), date(2026, 3, 21)),
        tz=PARIS,
        lang=lang,
        prices=settings.price_book(),
        now=at("2026-03-21T12:00"),
        storage=Storage(),
    )
    page = (pages / "2026-03.html").read_text("utf-8").partition("<main")[2]
    text = re.sub(r"[\s\u00a0\u202f]+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))
    assert words in text


def test_without_a_reading_day_the_key_is_named(log, ini, capsys):
    ini.write_text("[contract]\noffer = tarif-bleu-base\n")
    call = [
        "bill",
        "-c",
        str(ini),
        "--lang",
        "en",
        "--log-dir",
        str(log),
        "--periods",
    ]
    assert main(call) == 1
    assert "[contract] reading_day: missing; give the day of the month" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("reading_day = 31", "[contract] reading_day = 31: expected 1 to 28"),
        ("reading_day = 8\nreading_months = 3", "[contract] reading_months = 3: expected 1, 2, 6, 12"),
        ("reading_months = 2", "[contract] reading_months: without reading_day; give the day"),
        ("instalments = 13", "[contract] instalments = 13: expected 1, 2"),
    ],
)
def test_wrong_keys_are_named(ini, capsys, text, fault):
    ini.write_text(f"[contract]\n{text}\n")
    assert main(["check", "-c", str(ini), "--lang", "en"]) == 1
    assert fault in capsys.readouterr().err
