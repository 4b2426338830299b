"""A supplier's bill that was typed: faults of the file, differences from the meter, and the rules it was made by."""

from __future__ import annotations

import json

import pytest

from linkymonitor.cli import main
from linkymonitor.commands.bill_rules import with_rules
from tests.billing.house import at, rows, run_bill

BASE_6 = "[contract]\noffer = tarif-bleu-base\npower = 6\n"

FIRST = """
total = 162.44
[[line]]
kind = "subscription"
from = 2026-04-10
to = 2026-06-09
price = 15.65
eur = 31.30
tva = 20
[[line]]
kind = "energy"
register = "TH"
from = 2026-04-10
to = 2026-06-09
index_from = 61044
index_to = 61720
estimated = true
kwh = 676
price = 0.1940
eur = 131.14
tva = 20
"""

NEXT = """
total = {total}
[[line]]
kind = "subscription"
from = 2026-06-10
to = 2026-07-31
price = 15.65
eur = 26.61
[[line]]
kind = "subscription"
from = 2026-08-01
to = 2026-08-09
price = 15.86
eur = 4.60
[[line]]
kind = "energy"
register = "TH"
from = 2026-06-10
to = 2026-07-31
index_from = 61720
estimated = true
kwh = {first_kwh}
price = 0.1940
eur = {first_eur}
[[line]]
kind = "energy"
register = "TH"
from = 2026-08-01
to = 2026-08-09
index_to = {index}
kwh = {last_kwh}
price = 0.2001
eur = {last_eur}
"""

ENGIE = """
[[line]]
kind = "subscription"
label = "Abonnement fourniture"
from = 2024-09-19
to = 2024-11-18
price = 1.23
eur = 2.50
[[line]]
kind = "subscription"
label = "Abonnement acheminement"
from = 2024-09-19
to = 2024-11-18
price = 7.34
eur = 14.92
[[line]]
kind = "energy"
label = "Consommation fourniture"
from = 2024-07-19
to = 2024-09-18
kwh = 71
price = 0.12191
eur = 8.656
"""

MOVED_IN = """
total = 116.39
tva = { "20" = 19.40 }
[[line]]
kind = "subscription"
from = 2026-03-17
to = 2026-04-19
price = 15.65
eur = 17.48
[[line]]
kind = "energy"
register = "HC"
from = 2026-03-17
to = 2026-04-19
index_from = 77410
index_to = 77597
kwh = 187
price = 0.1579
eur = 29.53
[[line]]
kind = "energy"
register = "HP"
from = 2026-03-17
to = 2026-04-19
index_from = 120066
index_to = 120402
kwh = 336
price = 0.2065
eur = 69.38
"""


def meter():
    """Return a log whose meter had 61538 kWh on 10 June, when the supplier estimated 61720."""
    return rows(
        [
            ("2026-04-10", {"TH": 61_044_000}),
            ("2026-06-10", {"TH": 61_538_000}),
            ("2026-08-10", {"TH": 62_011_000}),
        ],
        subscribed_power=6000,
    )


def checked(tmp_path, capsys, text, first, last, log=None, ini=BASE_6):
    """Return the JSON of ``bill --check`` of the typed bill *text*."""
    paper = tmp_path / "paper.toml"
    paper.write_text(text)
    status, out, err = run_bill(
        tmp_path, capsys, log or meter(), ini, first, last, "--json", "--check", str(paper)
    )
    assert status == 0, err
    return json.loads(out)


def solved(tmp_path, capsys, text, *options):
    """Return the rules that ``bill --solve`` finds in the typed bill *text*."""
    paper = tmp_path / "paper.toml"
    paper.write_text(text)
    capsys.readouterr()
    assert main(["bill", "--json", "--solve", str(paper), *options]) == 0
    return json.loads(capsys.readouterr().out)["rules"]


def test_an_estimated_index_is_the_reason_and_the_kwh_are_named(tmp_path, capsys):
    figures = checked(tmp_path, capsys, FIRST, "2026-04-10", "2026-06-09")
    (difference,) = figures["differences"]
    assert (difference["register"], difference["cause"]) == ("TH", "estimated-index")
    assert difference["why"] == "estimated index 61720, the meter said 61538: 182 kWh billed early"
    # 676 × 0.1940 = 131.14 on the paper; the meter counted 494 × 0.1940 = 95.84.
    assert (difference["theirs"], difference["ours"], difference["eur"]) == ("131.14", "95.84", "35.30")
    assert figures["paper"] == []


def test_the_next_bill_gives_the_estimate_back(tmp_path, capsys):
    text = NEXT.format(
        total="87.92", first_kwh=248, first_eur="48.11", last_kwh=43, last_eur="8.60", index=62011
    )
    figures = checked(tmp_path, capsys, text, "2026-06-10", "2026-08-09")
    assert figures["paper"] == []
    first, last = figures["differences"]
    assert first["why"] == "estimated index 61720, the meter said 61538: 182 kWh billed before"
    assert last["cause"] in ("kwh", "split")


def test_a_line_below_zero_is_a_line(tmp_path, capsys):
    """The index of the next bill is below the estimate: −78 kWh are −66 and −12 by days."""
    text = NEXT.format(
        total="16.01", first_kwh=-66, first_eur="-12.80", last_kwh=-12, last_eur="-2.40", index=61642
    )
    figures = checked(tmp_path, capsys, text, "2026-06-10", "2026-08-09")
    assert figures["paper"] == []
    assert {each["register"] for each in figures["differences"]} == {"TH"}


def test_kwh_shared_by_days_are_a_rule_and_no_fault(tmp_path, capsys):
    """805 kWh: 250 and 555 by days; the index of 1 February gives 288 and 517."""
    log = rows(
        [
            ("2025-01-14", {"TH": 41_230_000}),
            ("2025-02-01", {"TH": 41_518_000}),
            ("2025-03-13", {"TH": 42_035_000}),
        ],
        subscribed_power=6000,
    )
    text = """
[[line]]
kind = "energy"
register = "TH"
from = 2025-01-14
to = 2025-01-31
kwh = 250
price = 0.2516
eur = 62.90
[[line]]
kind = "energy"
register = "TH"
from = 2025-02-01
to = 2025-03-12
kwh = 555
price = 0.2016
eur = 111.89
[[line]]
kind = "subscription"
label = "Mise en service"
eur = 14.06
"""
    figures = checked(tmp_path, capsys, text, "2025-01-14", "2025-03-12", log)
    causes = [(each["register"], each["cause"]) for each in figures["differences"]]
    assert causes[:2] == [("TH", "split"), ("TH", "split")]
    assert "unknown-line" in {cause for _, cause in causes}
    assert causes.count((None, "missing-line")) == 2


@pytest.mark.parametrize(
    ("eur", "cause", "why"),
    [
        ("17.74", "proration", "another rule of the supplier: proration = month-30"),
        ("17.49", "rounding", "rounded otherwise"),
        ("17.00", "amount", "another amount, for a reason unknown"),
    ],
)
def test_another_amount_of_the_subscription_has_its_reason(tmp_path, capsys, eur, cause, why):
    log = rows(
        [
            ("2026-03-17", {"HC": 77_410_000, "HP": 120_066_000}),
            ("2026-04-20", {"HC": 77_597_000, "HP": 120_402_000}),
        ],
        "HC",
        subscribed_power=6000,
    )
    text = MOVED_IN.replace("eur = 17.48", f"eur = {eur}")
    ini = "[contract]\noffer = tarif-bleu-hc\n"
    figures = checked(tmp_path, capsys, text, "2026-03-17", "2026-04-19", log, ini)
    assert [(each["cause"], each["why"]) for each in figures["differences"]] == [(cause, why)]


def test_another_price_and_another_tva_are_named(tmp_path, capsys):
    text = FIRST.replace("price = 0.1940", "price = 0.1952").replace(
        "tva = 20\n[[line]]", "tva = 5.5\n[[line]]"
    )
    text = text.replace("index_to = 61720\nestimated = true\nkwh = 676", "index_to = 61538\nkwh = 494")
    figures = checked(tmp_path, capsys, text, "2026-04-10", "2026-06-09")
    assert {each["kind"]: each["why"] for each in figures["differences"]} == {
        "subscription": "another TVA: 5.5 %, ours 20 %",
        "energy": "another price: 0.1952, ours 0.1940",
    }
    assert "paper, TH: 494 × 0.1952 are 96.43, not 131.14" in figures["paper"]


WITHOUT_TVA = """
total = 125.32
[[line]]
kind = "subscription"
from = 2026-04-10
to = 2026-06-09
price = 11.86
eur = 23.72
tva = 20
[[line]]
kind = "energy"
register = "TH"
from = 2026-04-10
to = 2026-06-09
index_from = 61044
index_to = 61538
kwh = 494
price = 0.1634
eur = 80.72
tva = 20
"""


def test_a_paper_whose_lines_are_without_tva_is_compared_with_a_bill_without_taxes(tmp_path, capsys):
    """23.72 + 80.72 = 104.44; 20 % of it are 20.89: 125.33, and the paper rounds line by line to 125.32."""
    figures = checked(tmp_path, capsys, WITHOUT_TVA, "2026-04-10", "2026-06-09")
    assert figures["path"] == "ht"
    assert figures["paper"] == []


def test_lines_without_tva_of_days_whose_taxes_are_not_known_are_named(tmp_path, capsys):
    """The prices without taxes are not known from 1 August 2026 on."""
    text = WITHOUT_TVA.replace("2026-04-10", "2026-08-02").replace("2026-06-09", "2026-08-09")
    log = rows(
        [("2026-08-02", {"TH": 61_044_000}), ("2026-08-10", {"TH": 61_538_000})], subscribed_power=6000
    )
    figures = checked(tmp_path, capsys, text, "2026-08-02", "2026-08-09", log)
    assert figures["path"] == "ttc"
    assert figures["paper"] == []
    assert {each["cause"] for each in figures["differences"]} == {"taxes"}
    assert figures["differences"][0]["why"] == "without taxes on the paper, with them here"


def test_the_line_of_the_tva_is_no_line_that_the_meter_has_to_know(tmp_path, capsys):
    text = WITHOUT_TVA + '[[line]]\nkind = "tax"\nlabel = "TVA 20 %"\neur = 20.88\n'
    figures = checked(tmp_path, capsys, text, "2026-04-10", "2026-06-09")
    assert figures["paper"] == []
    assert "unknown-line" not in {each["cause"] for each in figures["differences"]}


def in_two(first_price="0.1940", last_price="0.1940", last_eur="57.42"):
    """Return FIRST as of the meter's own index, its energy in two lines: 198 kWh to 6 May and 296 from then on."""
    head = FIRST[: FIRST.index('[[line]]\nkind = "energy"')].replace("total = 162.44\n", "")
    line = '[[line]]\nkind = "energy"\nregister = "TH"\nfrom = {}\nto = {}\nindex_from = {}\nindex_to = {}\nkwh = {}\n'
    return (
        head
        + line.format("2026-04-10", "2026-05-06", 61044, 61242, 198)
        + f"price = {first_price}\neur = 38.41\n"
        + line.format("2026-05-07", "2026-06-09", 61242, 61538, 296)
        + f"price = {last_price}\neur = {last_eur}\n"
    )


def test_a_register_in_two_lines_of_one_price_is_one_line_of_ours(tmp_path, capsys):
    """198 × 0.1940 = 38.41 and 296 × 0.1940 = 57.42 are 95.83: a cent of rounding from 494 × 0.1940 = 95.84."""
    figures = checked(tmp_path, capsys, in_two(), "2026-04-10", "2026-06-09")
    assert [(each["cause"], each["theirs"]) for each in figures["differences"]] == [("rounding", "95.83")]


def test_another_price_from_a_day_within_ours_is_the_reason(tmp_path, capsys):
    figures = checked(
        tmp_path, capsys, in_two(last_price="0.2040", last_eur="60.38"), "2026-04-10", "2026-06-09"
    )
    (difference,) = figures["differences"]
    assert difference["why"] == "another price: 0.2040, ours 0.1940"


def test_a_tva_that_does_not_follow_from_the_lines_is_named(tmp_path, capsys):
    text = 'tva = { "20" = 19.89 }\nht = 104.44\n' + WITHOUT_TVA.replace("total = 125.32", "total = 124.33")
    figures = checked(tmp_path, capsys, text, "2026-04-10", "2026-06-09")
    assert "paper: the TVA of 20 % on the lines is 20.89 €, not 19.89 €" in figures["paper"]


def test_the_rules_of_a_real_bill_are_found(tmp_path, capsys):
    (rules,) = solved(tmp_path, capsys, ENGIE)
    assert (rules["proration"], rules["subscription_paid"]) == ("month-30", "advance")
    assert rules["decimals"] == "2 3 2"


def test_the_rules_of_a_first_bill_are_found(tmp_path, capsys):
    (rules,) = solved(tmp_path, capsys, MOVED_IN)
    assert (rules["proration"], rules["subscription_paid"], rules["path"]) == (
        "calendar-month",
        "arrears",
        "ttc",
    )
    assert "split" not in rules


def test_a_bill_that_two_rules_fit_gives_both(tmp_path, capsys):
    """Of two whole months the calendar and the anniversary are alike."""
    found = solved(tmp_path, capsys, FIRST.replace("2026-06-09", "2026-06-09"))
    assert {rules["proration"] for rules in found} >= {"calendar-month", "anniversary"}


def test_a_line_that_no_rule_gives_is_named(tmp_path, capsys):
    paper = tmp_path / "paper.toml"
    paper.write_text(MOVED_IN.replace("eur = 17.48", "eur = 19.99"))
    assert main(["bill", "--lang", "en", "--solve", str(paper)]) == 1
    error = capsys.readouterr().err
    assert "no rule of subscriptions gives 19.99 € from 2026-03-17 to 2026-04-19 with 15.65 €/month" in error


def test_the_rules_are_written_into_the_configuration_on_request(tmp_path, capsys):
    ini = tmp_path / "house.ini"
    ini.write_text(
        "[log]\ndir = /tmp\n\n[contract]\n# my offer\noffer = tarif-bleu-hc\nproration = year-365\n\n[general]\n"
    )
    solved(tmp_path, capsys, ENGIE)
    paper = tmp_path / "paper.toml"
    assert main(["bill", "-c", str(ini), "--lang", "en", "--solve", str(paper), "--write"]) == 0
    assert ini.read_text() == (
        "[log]\ndir = /tmp\n\n[contract]\n# my offer\noffer = tarif-bleu-hc\nproration = month-30\n"
        "subscription_paid = advance\ndecimals = 2 3 2\n\n[general]\n"
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[line]]\neur = 1,50\n", "paper.toml: line 2: 1,50: a comma; write 1.50"),
        ('[[line]]\neur = "1,50"\n', "[[line]] 1 eur = 1,50: a comma; write 1.50"),
        ("[[line]]\nlabel = 'x'\n", "[[line]] 1 eur: missing; the amount that is printed"),
        ("[[line]]\neur = true\n", "[[line]] 1 eur = True: expected 117.39"),
        ("[[line]]\neur = 1\nkwh = 12.5\n", "[[line]] 1 kwh = 12.5: expected whole kWh, such as 68832"),
        ("[[line]]\neur = 1\nfrom = 'spring'\n", "[[line]] 1 from = spring: expected 2026-01-08"),
        (
            "[[line]]\neur = 1\nfrom = 2026-02-01\nto = 2026-01-01\n",
            "[[line]] 1 to: 2026-01-01 is before from = 2026-02-01; swap them, or mend one of the two",
        ),
        ("[[line]]\neur = 1\nkind = 'gift'\n", "[[line]] 1 kind: expected subscription, energy, tax, credit"),
        ("[[line]]\neur = 1\ncolour = 'blue'\n", "[[line]] 1 colour: unknown key; there are "),
        ("[[line]]\neur = 1\nto = 9999-12-31\n", "[[line]] 1 to = 9999-12-31: expected 2026-01-08"),
        ("[[line]]\neur = 1\nkwh = 1e99999\n", "expected whole kWh, such as 68832"),
        ("[[line]]\neur = 1e-99999\n", "[[line]] 1 eur = 1E-99999: expected 117.39"),
        ("tva = 20\n[[line]]\neur = 1\n", 'tva = 20: expected { "20" = 117.63 }'),
        ("tva = { x = 3 }\n[[line]]\neur = 1\n", 'tva x: expected { "20" = 117.63 }'),
        ("[[line]]\neur = 1\nestimated = 'oui'\n", "[[line]] 1 estimated = oui: expected true"),
        ("[[line]]\neur = 1\nregister = ['TH']\n", "[[line]] 1 register = ['TH']: expected \"HN\""),
        ("total = 3\n", "[[line]]: missing; a [[line]] for each line of the paper"),
        (
            "[[line]]\nkwh = 1\neur = 1\nregister = 'TH'\nfrom = 2026-01-01\nto = 2026-01-31\n"
            "[[line]]\nkwh = 1\neur = 1\nregister = 'TH'\nfrom = 2026-01-20\nto = 2026-02-28\n",
            "[[line]] TH 2026-01-20: overlaps the line from 2026-01-01 to 2026-01-31; mend from or to",
        ),
    ],
)
def test_a_fault_of_the_file_is_named_with_its_place_and_remedy(tmp_path, capsys, text, fault):
    paper = tmp_path / "paper.toml"
    paper.write_text(text)
    assert main(["bill", "--lang", "en", "--solve", str(paper)]) == 1
    assert fault in capsys.readouterr().err


def test_a_register_that_was_not_heard_is_the_reason(tmp_path, capsys):
    log = [record for record in meter() if record.ended_at < at("2026-06-01")]
    log = [
        record._replace(indexes={} if record.ended_at > at("2026-05-20") else record.indexes)
        for record in log
    ]
    figures = checked(tmp_path, capsys, FIRST, "2026-04-10", "2026-06-09", log)
    (difference,) = figures["differences"]
    assert difference["cause"] == "no-amount"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[contract] ; mine\nProration = year-365\n", "[contract] ; mine\nproration = month-30\n"),
        ("[contract]\nproration =\n  year-365\n", "[contract]\nproration = month-30\n"),
        ("[log]\r\n[contract]\r\n", "[log]\r\n[contract]\r\nproration = month-30\r\n"),
        ("[log]\n", "[log]\n\n[contract]\nproration = month-30\n"),
        (
            "[contract:2026-01-01]\noffer = ejp\n",
            "[contract:2026-01-01]\noffer = ejp\n\n[contract]\nproration = month-30\n",
        ),
    ],
)
def test_only_the_rules_change_in_a_configuration(before, after):
    assert with_rules(before, {"proration": "month-30"}) == after


def test_the_file_keeps_its_mode_and_its_link(tmp_path, capsys):
    real, link, paper = tmp_path / "real.ini", tmp_path / "house.ini", tmp_path / "paper.toml"
    real.write_text("[contract]\n")
    real.chmod(0o600)
    link.symlink_to(real)
    paper.write_text(ENGIE)
    assert main(["bill", "-c", str(link), "--lang", "en", "--solve", str(paper), "--write"]) == 0
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert "month-30" in real.read_text()


def test_to_write_without_a_bill_is_wrong_usage(capsys):
    assert main(["bill", "--lang", "en", "--write"]) == 2
    assert "--write: goes with --solve FILE" in capsys.readouterr().err
