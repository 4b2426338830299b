"""The offers that a sink gets, and the periods of each in which two registers count."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from linkymonitor.commands.offers import offers_of
from linkymonitor.settings import load

#: An offer of the owner, whose cheap hours are those of the house, and the whole week-end if asked.
OWN = """
schema = 1
supplier = "Ours"
kind = "market"
currency = "EUR"
checked = 2026-11-27
id = "{id}"
name = "{id}"
powers = [6, 9]
timezone = "Europe/Paris"

[[period]]
code = "HC"
label = "Heures creuses"

[[period]]
code = "HP"
label = "Heures pleines"
{rule}
[[rule]]
period = "HC"
hours = "contract"

[[rule]]
period = "HP"

[[price]]
from = 2026-01-01
next_revision = 2027-01-01
sources = ["made for a test"]
checked = 2026-11-27
doubt = ""
subscription_unit = "year"
[price.subscription]
6 = 120
9 = 150
[price.energy]
HC = 0.11
HP = 0.22
"""
WEEK_END = '\n[[rule]]\nperiod = "HC"\nweekdays = [6, 7]\n'


@pytest.fixture
def box(tmp_path):
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs/plain.toml").write_text(OWN.format(id="plain", rule=""))
    (tmp_path / "tariffs/week-end.toml").write_text(OWN.format(id="week-end", rule=WEEK_END))
    (tmp_path / "tariffs/broken.toml").write_text("schema = 1\n")
    (tmp_path / "box.ini").write_text(f"[contract]\ntables = {tmp_path}/tariffs\n")
    return tmp_path / "box.ini"


def at(*civil: int) -> float:
    return datetime(*civil, tzinfo=ZoneInfo("Europe/Paris")).timestamp()


def test_every_offer_is_given_that_has_prices_of_the_day_for_that_power(box):
    offers = offers_of(load(box))
    found = {offer.name: offer for offer in offers(date(2026, 11, 28), 9)}
    assert found.keys() == {
        "plain",
        "week-end",
        "OctoTempo",
        "Tarif Bleu, option Base",
        "Tarif Bleu, option EJP",
        "Tarif Bleu, option Heures Creuses",
        "Tarif Bleu, option Tempo",
    }
    assert found["plain"].subscription == Decimal("12.5")
    assert found["plain"].energy == {"HC": Decimal("0.11"), "HP": Decimal("0.22")}
    assert found["Tarif Bleu, option Base"].energy.keys() == {"TH"}
    assert {offer.name for offer in offers(date(2026, 5, 13), 9)} - found.keys() == {
        "Charge'Heures",
        "Flexibilité 2 saisons",
        "Happy Heures Vertes 1 an (13 h - 15 h)",
        "Vert Électrique, Heures Creuses",
        "Zen Estival",
        "Zen Week-End",
        "Zen Week-End, Heures Creuses",
    }
    # No prices of that day, and no such power.
    assert "plain" not in {offer.name for offer in offers(date(2025, 6, 1), 9)}
    assert "plain" not in {offer.name for offer in offers(date(2026, 11, 28), 12)}


def test_the_energy_of_a_register_has_the_period_of_each_offer(box):
    found = {offer.name: offer for offer in offers_of(load(box))(date(2026, 5, 13), 9)}

    def periods(name: str, *civil: int) -> list[str]:
        return [found[name].period(register, at(*civil)) for register in ("HP", "HC")]

    # The hours of the house are those of its registers, on any day.
    assert periods("plain", 2026, 5, 16, 23) == ["HP", "HC"]
    assert periods("week-end", 2026, 5, 15, 23) == ["HP", "HC"]
    assert periods("week-end", 2026, 5, 16, 12) == ["HC", "HC"]
    # Hours and colours of an offer are the same for both registers.
    assert periods("Charge'Heures", 2026, 5, 15, 3) == ["HSC", "HSC"]
    assert periods("Tarif Bleu, option Base", 2026, 5, 15, 3) == ["TH", "TH"]
    assert periods("Tarif Bleu, option Tempo", 2026, 1, 6, 12) == ["HPJR", "HPJR"]
    # Nobody has published the colour of that day, which is a weekday of winter.
    unknown = periods("Tarif Bleu, option Tempo", 2026, 12, 1, 12)
    assert set(unknown).isdisjoint(found["Tarif Bleu, option Tempo"].energy)


def test_the_own_offer_has_the_prices_that_the_house_signed(box):
    box.write_text(box.read_text() + "offer = edf-zen-week-end\nsince = 2026-05-01\n")
    found = {offer.name: offer for offer in offers_of(load(box))(date(2026, 11, 28), 9)}
    assert found["Zen Week-End"].subscription == Decimal("18.49")
    assert found["Zen Week-End"].energy == {"SEM": Decimal("0.2038"), "WE": Decimal("0.1538")}
