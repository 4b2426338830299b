"""The sections [contract] and [tariff], dated: what a later section leaves out stays as it was."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from linkymonitor.money.contract import Contract, Formula, Proration
from linkymonitor.settings import load

INI = """\
[contract]
offer = tarif-bleu-hc
power = 9
since = 2024-01-01
off_peak_summer = 02:00-07:00
off_peak_winter = 22:00-05:00
injection_price = 0,04
proration = month-30
acheminement = mu4
[contract:2026-05-04]
power = 12
[contract:2026_06_01]
off_peak = 23:00-07:00
[tariff]
hc = 0,15
hp = 0,20
[tariff:2026-08-01]
hp = 0,21
"""


def read(tmp_path):
    path = tmp_path / "linkymonitor.ini"
    path.write_text(INI)
    return load(path)


def test_a_later_section_changes_what_it_has_and_nothing_else(tmp_path):
    book = read(tmp_path).price_book()
    first, second, third = (book.contract_on(date(2026, month, 10)) for month in (4, 5, 6))
    assert (first.power, second.power, third.power) == (9, 12, 12)
    assert first.offer == third.offer == "tarif-bleu-hc"
    assert third.injection_price == Decimal("0.04")
    assert (first.proration, first.acheminement) == (Proration.MONTH_30, Formula.MU4)


def test_off_peak_hours_for_the_whole_year_end_those_by_season(tmp_path):
    book = read(tmp_path).price_book()
    assert book.contract_on(date(2026, 5, 10)).off_peak_summer == ("02:00-07:00",)
    late = book.contract_on(date(2026, 6, 10))
    assert (late.off_peak, late.off_peak_summer, late.off_peak_winter) == (("23:00-07:00",), (), ())


def test_a_dated_price_leaves_the_others(tmp_path):
    book = read(tmp_path).price_book()
    before, after = book.tariff_on(date(2026, 7, 31)), book.tariff_on(date(2026, 8, 1))
    assert (before.hc, before.hp) == (Decimal("0.15"), Decimal("0.20"))
    assert (after.hc, after.hp) == (Decimal("0.15"), Decimal("0.21"))


def test_an_empty_contract_names_no_table():
    assert Contract().table is None
    assert Contract(offer="none").table is None
    assert Contract(offer="ejp").table == "ejp"
