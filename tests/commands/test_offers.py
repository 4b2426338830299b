"""The offers that a sink gets: those that the two registers of a house with off-peak hours can price."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

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


def test_offers_with_the_hours_of_the_house_are_given_with_their_prices_of_the_day(tmp_path):
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs/plain.toml").write_text(OWN.format(id="plain", rule=""))
    (tmp_path / "tariffs/week-end.toml").write_text(OWN.format(id="week-end", rule=WEEK_END))
    (tmp_path / "tariffs/broken.toml").write_text("schema = 1\n")
    (tmp_path / "box.ini").write_text(f"[contract]\ntables = {tmp_path}/tariffs\n")
    offers = offers_of(load(tmp_path / "box.ini"))
    found = {offer.name: offer for offer in offers(date(2026, 11, 28), 9)}
    assert found.keys() == {"plain", "Tarif Bleu, option Base", "Tarif Bleu, option Heures Creuses"}
    assert found["plain"].subscription == Decimal("12.5")
    assert found["plain"].energy == {"HC": Decimal("0.11"), "HP": Decimal("0.22")}
    assert found["Tarif Bleu, option Base"].energy.keys() == {"TH"}
    # No prices of that day, and no such power.
    assert "plain" not in {offer.name for offer in offers(date(2025, 6, 1), 9)}
    assert "plain" not in {offer.name for offer in offers(date(2026, 11, 28), 12)}
