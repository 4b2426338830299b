"""Faults planted in price tables and contracts: each is refused with its place, the fault and a remedy."""

from __future__ import annotations

import pytest

from linkymonitor.cli import main
from linkymonitor.language import speak
from linkymonitor.money.shelf import Shelf
from linkymonitor.system.resources import shipped

TABLE = """\
schema = 1
id = "mine"
name = "Mine"
supplier = "Nobody"
kind = "market"
currency = "EUR"
checked = 2026-11-27
powers = [6, 9]
timezone = "Europe/Paris"
seasons = { HIVER = ["11-01", "03-31"] }
[[period]]
code = "HC"
label = "Heures creuses"
[[period]]
code = "HP"
label = "Heures pleines"
[[rule]]
period = "HC"
hours = ["22:00-06:00"]
[[rule]]
period = "HP"
[[price]]
from = 2026-02-01
until = 2026-08-01
sources = ["a bill"]
checked = 2026-11-27
doubt = ""
[price.subscription]
6 = 15.05
9 = 18.91
[price.energy]
HC = 0.1576
HP = 0.2021
[[price]]
from = 2026-08-01
next_revision = 2027-02-01
sources = ["a bill"]
checked = 2026-11-27
doubt = ""
[price.subscription]
6 = 15.69
9 = 19.62
[price.energy]
HC = 0.1600
HP = { "6" = 0.2100, "9" = 0.2110 }
"""

#: What is changed of TABLE, and the sentence about it after the name of the file.
FAULTS = {
    "hole": (
        ("until = 2026-08-01", "until = 2026-07-01"),
        "[[price]] 2026-02-01 : un trou du 1er juillet 2026 au 1er août 2026 ; ajoutez une rangée, ou un [[gap]] "
        "avec sa raison",
        "[[price]] 2026-02-01: a hole from 1 July 2026 to 1 August 2026; add a row, or a [[gap]] with its reason",
    ),
    "overlap": (
        ("until = 2026-08-01", "until = 2026-09-01"),
        "[[price]] 2026-02-01 : chevauche [[price]] 2026-08-01 jusqu'au 1er septembre 2026 ; écrivez "
        "until = 2026-08-01",
        "[[price]] 2026-02-01: overlaps [[price]] 2026-08-01 until 1 September 2026; write until = 2026-08-01",
    ),
    "no end": (
        ("until = 2026-08-01\n", ""),
        "[[price]] 2026-02-01 : n'a pas de fin, et [[price]] 2026-08-01 suit ; ajoutez until = 2026-08-01",
        "[[price]] 2026-02-01: has no end, and [[price]] 2026-08-01 follows; add until = 2026-08-01",
    ),
    "nothing after": (
        ("next_revision = 2027-02-01", "until = 2026-11-01"),
        "[[price]] 2026-08-01 : rien à partir du 1er novembre 2026 ; ajoutez une rangée, ou un [[gap]] from = "
        "2026-11-01 avec sa raison",
        "[[price]] 2026-08-01: nothing from 1 November 2026 on; add a row, or a [[gap]] from = 2026-11-01 with its "
        "reason",
    ),
    "no next revision": (
        ("next_revision = 2027-02-01\n", ""),
        "[[price]] 2026-08-01 : la rangée ouverte n'a pas de next_revision ; donnez le jour de la prochaine révision",
        "[[price]] 2026-08-01: the open row has no next_revision; give the day of the next revision",
    ),
    "missing power": (
        ("9 = 18.91\n", ""),
        "[[price]] 2026-02-01 [price.subscription] : 9 kVA manque ; ajoutez son prix, ou une note avec « not offered »",
        "[[price]] 2026-02-01 [price.subscription]: 9 kVA is missing; add its price, or a note with 'not offered'",
    ),
    "power that does not exist": (
        ("9 = 18.91", "9 = 18.91\n10 = 19.99"),
        "[[price]] 2026-02-01 [price.subscription] 10 = 19.99 : 10 kVA n'est pas dans powers (6, 9) ; corrigez l'un ou "
        "l'autre",
        "[[price]] 2026-02-01 [price.subscription] 10 = 19.99: 10 kVA is not in powers (6, 9); mend one or the other",
    ),
    "power of nobody": (
        ("powers = [6, 9]", "powers = [6, 9, 42]"),
        "powers: 42 : aucune puissance souscrite de ce nombre de kVA ; on attend de 1 à 36, sans décimale",
        "powers: 42: there is no subscribed power of so many kVA; expected 1 to 36, without decimals",
    ),
    "missing price": (
        ("HP = 0.2021\n", ""),
        "[[price]] 2026-02-01 [price.energy] HP : manque ; ajoutez son prix",
        "[[price]] 2026-02-01 [price.energy] HP: missing; add its price",
    ),
    "period that does not exist": (
        ("HP = 0.2021", "HP = 0.2021\nHX = 0.3"),
        "[[price]] 2026-02-01 [price.energy] HX : aucune période de ce nom ; il y a HC, HP",
        "[[price]] 2026-02-01 [price.energy] HX: no period of that name; there are HC, HP",
    ),
    "two prices of a power": (
        ('"9" = 0.2110', '"6-9" = 0.2110'),
        "[[price]] 2026-08-01 [price.energy] HP : 6 kVA y a 2 prix ; on en attend un",
        "[[price]] 2026-08-01 [price.energy] HP: 6 kVA has 2 prices there; expected one",
    ),
    "centimes": (
        ("HP = 0.2021", "HP = 20.21"),
        "[[price]] 2026-02-01 [price.energy] HP = 20.21 : plus de 3 €/kWh ; un prix est en euros, non en centimes : "
        "peut-être 0.2021",
        "[[price]] 2026-02-01 [price.energy] HP = 20.21: more than 3 €/kWh; a price is in euros, not in centimes: "
        "perhaps 0.2021",
    ),
    "float": (
        ("HP = 0.2021", "HP = 0.20210000000000003"),
        "[[price]] 2026-02-01 [price.energy] HP = 0.20210000000000003 : plus de 6 décimales, comme d'un flottant ; "
        "écrivez le prix tel qu'imprimé, peut-être 0.2021",
        "[[price]] 2026-02-01 [price.energy] HP = 0.20210000000000003: more than 6 decimals, as of a float; write the "
        "price as printed, perhaps 0.2021",
    ),
    "no number": (
        ("HP = 0.2021", "HP = nan"),
        "[[price]] 2026-02-01 [price.energy] HP = NaN : on attend un prix tel que 0.1781, nul ou positif",
        "[[price]] 2026-02-01 [price.energy] HP = NaN: expected a price such as 0.1781, zero or more",
    ),
    "comma": (
        ("HP = 0.2021", "HP = 0,2021"),
        "ligne 33 : 0,2021 : une virgule ; écrivez 0.2021",
        "line 33: 0,2021: a comma; write 0.2021",
    ),
    "comma in quotes": (
        ("HP = 0.2021", 'HP = "0,2021"'),
        "[[price]] 2026-02-01 [price.energy] HP = 0,2021 : un texte, non un nombre ; écrivez 0.2021 sans guillemets",
        "[[price]] 2026-02-01 [price.energy] HP = 0,2021: a text, not a number; write 0.2021 without quotes",
    ),
    "byte-order mark": (
        ("schema = 1", "\ufeffschema = 1"),
        "ligne 1 : commence par une marque d'ordre (BOM) ; enregistrez en UTF-8 sans BOM",
        "line 1: begins with a byte-order mark (BOM); save as UTF-8 without BOM",
    ),
    "rule that never wins": (
        ('hours = ["22:00-06:00"]\n', ""),
        "[[rule]] 2 HP : ne sert jamais, une règle d'avant prend toutes ses heures ; montez-la ou supprimez-la",
        "[[rule]] 2 HP: never wins, an earlier rule takes all its hours; move it up or remove it",
    ),
    "instant without a period": (
        ('[[rule]]\nperiod = "HP"', '[[rule]]\nperiod = "HP"\nhours = ["06:00-21:30"]'),
        "[[rule]] : aucune règle le 1er janvier 2026 à 21:30 ; finissez la liste par une règle sans condition",
        "[[rule]]: no rule on 1 January 2026 at 21:30; end the list with a rule without condition",
    ),
    "hours that do not exist": (
        ("22:00-06:00", "22:00-06:61"),
        "[[rule]] 1 hours 22:00-06:61 : on attend une plage telle que 22:00-06:00",
        "[[rule]] 1 hours 22:00-06:61: expected a range such as 22:00-06:00",
    ),
    "season of no calendar": (
        ('"11-01", "03-31"', '"11-31", "03-31"'),
        'seasons HIVER : on attend deux jours de l\'année, tels que ["11-01", "03-31"]',
        'seasons HIVER: expected two days of the year, such as ["11-01", "03-31"]',
    ),
    "date in quotes": (
        ("from = 2026-02-01", 'from = "2026-02-01"'),
        "[[price]] 2026-02-01 : from, until : on attend des dates sans guillemets, telles que 2026-08-01",
        "[[price]] 2026-02-01: from, until: expected dates without quotes, such as 2026-08-01",
    ),
    "bigger power that costs less": (
        ("9 = 18.91", "9 = 13.91"),
        "[[price]] 2026-02-01 [price.subscription] : une puissance plus grande coûte moins ; corrigez, ou ajoutez une "
        "note avec « as printed »",
        "[[price]] 2026-02-01 [price.subscription]: a bigger power costs less; mend it, or add a note with 'as "
        "printed'",
    ),
    "name of another file": (
        ('id = "mine"', 'id = "yours"'),
        'id = yours : n\'est pas le nom du fichier ; écrivez id = "mine"',
        'id = yours: is not the name of the file; write id = "mine"',
    ),
    "row without its source": (
        ('until = 2026-08-01\nsources = ["a bill"]\n', "until = 2026-08-01\n"),
        "[[price]] 2026-02-01 sources : manque ; chaque rangée nomme ses sources, le jour de leur lecture et son doute",
        "[[price]] 2026-02-01 sources: missing; each row names its sources, the day they were read, and its doubt",
    ),
    "year in the place of a month": (
        ("6 = 15.05\n9 = 18.91", "6 = 192.07\n9 = 242.53"),
        "[[price]] 2026-02-01 [price.subscription] 9 = 242.53 : trop pour un abonnement en € TTC ; est-ce un prix de "
        'l\'année ? subscription_unit = "year"',
        "[[price]] 2026-02-01 [price.subscription] 9 = 242.53: too much for a subscription in € TTC; is it for a year? "
        'subscription_unit = "year"',
    ),
}


def checked(tmp_path, capsys, ini: str, lang: str) -> tuple[int, list[str]]:
    """Return the exit status of `check` on the configuration *ini*, and the lines of its faults."""
    path = tmp_path / "linkymonitor.ini"
    path.write_text(f"[general]\nlang = {lang}\n" + ini)
    speak(None)
    status = main(["check", "-c", str(path), "--lang", lang])
    return status, capsys.readouterr().err.removeprefix("linkymonitor: ").splitlines()


@pytest.fixture(autouse=True)
def _own_language():
    yield
    speak(None)


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("name", FAULTS)
def test_check_refuses_a_table_with_a_planted_fault(tmp_path, capsys, name, lang):
    (old, new), french, english = FAULTS[name]
    assert old in TABLE
    table = tmp_path / "tables" / "mine.toml"
    table.parent.mkdir()
    table.write_text(TABLE.replace(old, new, 1), "utf-8")
    status, faults = checked(tmp_path, capsys, f"[contract]\noffer = mine\ntables = {table.parent}\n", lang)
    assert status == 1
    sentence = french if lang == "fr" else english
    assert f"{table}: {sentence}" in faults or f"{table} : {sentence}" in faults


#: The line of the fault, below the two lines of [general]; None where the price table finds it, not the file.
CONTRACTS = {
    "offer": (
        None,
        "[contract]\noffer = tarif-blue-hc\n",
        "[contract] offer = tarif-blue-hc : aucune grille de ce nom ; vouliez-vous dire tarif-bleu-hc ?",
        "[contract] offer = tarif-blue-hc: no price table of that name; did you mean tarif-bleu-hc?",
    ),
    "power": (
        None,
        "[contract]\noffer = tarif-bleu-hc\npower = 3\n",
        "[contract] power = 3 : Tarif Bleu, option Heures Creuses n'existe pas en 3 kVA ; on attend l'un de 6, 9, 12, "
        "15, 18, 24, 30, 36",
        "[contract] power = 3: Tarif Bleu, option Heures Creuses does not exist for 3 kVA; expected one of 6, 9, 12, "
        "15, 18, 24, 30, 36",
    ),
    "power in VA": (
        4,
        "[contract]\npower = 9000\n",
        "[contract] power = 9000 : on attend une puissance en kVA, de 1 à 36",
        "[contract] power = 9000: expected a power in kVA, from 1 to 36",
    ),
    "two of one date": (
        5,
        "[contract:2026-02-01]\npower = 9\n[contract:2026_02_01]\npower = 6\n",
        "[contract:2026_02_01] : deuxième section du 1er février 2026 ; gardez-en une",
        "[contract:2026_02_01]: a second section of 1 February 2026; keep one",
    ),
    "before the contract": (
        5,
        "[contract]\nsince = 2026-02-01\n[contract:2026-01-01]\npower = 9\n",
        "[contract:2026-01-01] : avant le début du contrat, [contract] since = 2026-02-01 ; corrigez l'une des deux "
        "dates",
        "[contract:2026-01-01]: before the contract began, [contract] since = 2026-02-01; mend one of the two dates",
    ),
    "no date": (
        3,
        "[tariff:2026-13-01]\nhc = 0.2\n",
        "[tariff:2026-13-01] : 2026-13-01 n'est pas une date ; on attend une date telle que 2026-08-01",
        "[tariff:2026-13-01]: 2026-13-01 is no date; expected a date such as 2026-08-01",
    ),
    "overlapping hours": (
        4,
        "[contract]\noff_peak = 22:00-06:00, 05:30-07:00\n",
        "[contract] off_peak = 05:30-07:00 : chevauche une autre plage ; corrigez l'une des deux",
        "[contract] off_peak = 05:30-07:00: overlaps another range; mend one of them",
    ),
    "hours that were not on offer": (
        None,
        "[contract]\noffer = engie-happy-heures-vertes\nchosen_hours = 12:00-14:00\n",
        "[contract] chosen_hours = 12:00-14:00 : Happy Heures Vertes 1 an (13 h - 15 h) laisse choisir l'une de "
        "13:00-15:00, 14:00-16:00, 15:00-17:00",
        "[contract] chosen_hours = 12:00-14:00: Happy Heures Vertes 1 an (13 h - 15 h) lets choose one of 13:00-15:00, "
        "14:00-16:00, 15:00-17:00",
    ),
    "surcharge": (
        4,
        "[contract]\nsurcharges = no-linki\n",
        "[contract] surcharges = no-linki : inconnu ; on attend injection, no-linky, no-index",
        "[contract] surcharges = no-linki: unknown; expected injection, no-linky, no-index",
    ),
    "decimals": (
        4,
        "[contract]\ndecimals = 2 2\n",
        "[contract] decimals = 2 2 : on attend trois nombres, 2 ou 3, tels que 2 2 2",
        "[contract] decimals = 2 2: expected three numbers, 2 or 3, such as 2 2 2",
    ),
    "proration": (
        4,
        "[contract]\nproration = month\n",
        "[contract] proration = month : on attend calendar-month, month-30, year-365, year-366 ou anniversary",
        "[contract] proration = month: expected calendar-month, month-30, year-365, year-366 or anniversary",
    ),
    "since of a dated section": (
        4,
        "[contract:2026-02-01]\nsince = 2026-02-01\n",
        "[contract:2026-02-01] since : n'a de sens que dans [contract] ; mettez-l'y, ou supprimez cette ligne",
        "[contract:2026-02-01] since: only makes sense in [contract]; put it there, or remove this line",
    ),
}


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("name", CONTRACTS)
def test_check_refuses_a_contract_with_a_planted_fault(tmp_path, capsys, name, lang):
    line, ini, french, english = CONTRACTS[name]
    status, faults = checked(tmp_path, capsys, ini, lang)
    assert status == 1
    place = "" if line is None else f"ligne {line} : " if lang == "fr" else f"line {line}: "
    assert faults == [f"{tmp_path / 'linkymonitor.ini'}: {place}" + (french if lang == "fr" else english)]


def test_all_faults_of_a_table_come_at_once(tmp_path, capsys):
    folder = tmp_path / "tables"
    folder.mkdir()
    wrong = (
        TABLE.replace("9 = 18.91\n", "")
        .replace("HP = 0.2021", "HP = 20.21")
        .replace("next_revision", "until")
    )
    (folder / "mine.toml").write_text(wrong)
    _, faults = checked(tmp_path, capsys, f"[contract]\noffer = mine\ntables = {folder}\n", "en")
    assert len(faults) == 3


def test_a_price_that_does_not_follow_from_the_one_without_taxes_is_found(tmp_path, capsys):
    table = tmp_path / "ejp.toml"
    text = shipped("etc/tariffs/ejp.toml").read_text()
    assert text.count("PM = 1.4958") == 1
    table.write_text(text.replace("PM = 1.4958", "PM = 1.4985"))
    assert main(["tariffs", "check", str(table), "--lang", "en"]) == 1
    faults = capsys.readouterr().err.splitlines()
    assert len(faults) == 5, "one for each power"
    assert faults[0].endswith(
        "[[price]] 2023-08-01 PM 9 kVA = 1.4985: the price without taxes gives 1.4958; mend one of the two"
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("2026-12-05,ROUGE", "2026-12-05: cannot be ROUGE"),  # a Saturday
        ("2026-12-06,BLANC", "2026-12-06: cannot be BLANC"),  # a Sunday
        ("2026-10-01,ROUGE", "2026-10-01: cannot be ROUGE"),  # before 1 November
        ("2026-12-01,VERT", "line 2: VERT: expected BLEU, BLANC, ROUGE or BLEU_OU_BLANC"),
        ("01/12/2026,BLEU", "line 2: 01/12/2026: expected a date such as 2026-12-09"),
        ("2026-12-01,BLEU\n2026-12-01,BLANC", "line 3: 2026-12-01 twice; keep one"),
    ],
)
def test_a_day_of_the_owners_calendar_that_cannot_be_is_found(tmp_path, capsys, line, sentence):
    (tmp_path / "tempo-days.csv").write_text(f"date,colour\n{line}\n")
    ini = tmp_path / "linkymonitor.ini"
    ini.write_text(f"[contract]\ntables = {tmp_path}\n")
    assert main(["tariffs", "check", "-c", str(ini), "--lang", "en"]) == 1
    assert sentence in capsys.readouterr().err


def test_each_period_of_the_shipped_tables_has_a_name_in_both_languages():
    shelf = Shelf((shipped("etc/tariffs"),))
    labels = [period.label for name in shelf.paths() for period in shelf.table(name).periods]
    assert len(labels) > 30
    assert [label.fr for label in labels if label.en == label.fr] == []


def test_the_shipped_tables_have_no_fault_and_their_prices_follow_from_those_without_taxes(capsys):
    assert main(["tariffs", "check", "--lang", "en"]) == 0
    assert capsys.readouterr().out == (
        "tables: 12, without fault; prices worked again from those without taxes: 520\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "price = 3",
        TABLE.replace("powers = [6, 9]", "powers = 6"),
        TABLE.replace("powers = [6, 9]", 'powers = ["6", {}]'),
        TABLE.replace('seasons = { HIVER = ["11-01", "03-31"] }', "seasons = 3"),
        TABLE.replace('seasons = { HIVER = ["11-01", "03-31"] }', "seasons = { HIVER = 3 }"),
        TABLE.replace('hours = ["22:00-06:00"]', "hours = 22"),
        TABLE.replace('hours = ["22:00-06:00"]', "hours = [22]"),
        TABLE.replace('hours = ["22:00-06:00"]', "weekdays = 6"),
        TABLE.replace('hours = ["22:00-06:00"]', 'weekdays = ["Monday"]'),
        TABLE.replace('timezone = "Europe/Paris"', 'timezone = "Mars/Olympus"'),
        TABLE.replace('timezone = "Europe/Paris"', "timezone = 1"),
        TABLE.replace('label = "Heures creuses"', "label = 3"),
        TABLE.replace('doubt = ""', "doubt = 1", 1),
        TABLE.replace("next_revision = 2027-02-01", 'next_revision = "2027-02-01"'),
        TABLE.replace("next_revision = 2027-02-01", "next_revision = 2027-02-01\nsigned = 3"),
        TABLE.replace("[price.energy]\nHC = 0.1576\nHP = 0.2021\n", "energy = 3\n"),
        TABLE.replace("9 = 18.91", '"9 kVA" = 18.91'),
        TABLE.replace("9 = 18.91", "9 = [1]"),
        TABLE + "[choice]\nHC = 3\n",
        TABLE + "[[off_peak]]\nfrom = 3\n",
        TABLE + "[gap]\nfrom = 3\n",
    ],
)
def test_a_table_of_any_form_is_answered_in_sentences(tmp_path, capsys, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    assert main(["tariffs", "check", str(path), "--lang", "en"]) == 1
    faults = capsys.readouterr().err.removeprefix("linkymonitor: ").splitlines()
    assert faults
    assert all(fault.startswith(f"{path}: ") for fault in faults)
