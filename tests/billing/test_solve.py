"""The rules of a supplier, found from the cents of one of his bills and written into the configuration."""

from __future__ import annotations

import json

import pytest

from linkymonitor.cli import main
from linkymonitor.commands.bill_rules import with_rules
from tests.billing.papers import ENGIE, FIRST, MOVED_IN, solved


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
    found = solved(tmp_path, capsys, FIRST)
    assert {rules["proration"] for rules in found} >= {"calendar-month", "anniversary"}


def test_a_line_that_no_rule_gives_is_named(tmp_path, capsys):
    paper = tmp_path / "paper.toml"
    paper.write_text(MOVED_IN.replace("eur = 17.48", "eur = 19.99"))
    assert main(["bill", "--lang", "en", "--solve", str(paper)]) == 1
    error = capsys.readouterr().err
    assert (
        "no rule of subscriptions gives 19.99 € from 17 March 2026 to 19 April 2026 with 15.65 €/month"
        in error
    )


def test_a_line_that_no_rule_gives_is_named_in_french_as_a_bill_prints_it(tmp_path, capsys):
    paper = tmp_path / "paper.toml"
    paper.write_text(MOVED_IN.replace("eur = 17.48", "eur = 19.99"))
    assert main(["bill", "--lang", "fr", "--solve", str(paper)]) == 1
    assert "19,99 € du 17 mars 2026 au 19 avril 2026 avec 15,65 €/mois" in capsys.readouterr().err


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


#: Two whole months at 6 kVA: 2 × 11.86 are 23.72, 708 × 0.1308 are 92.61, and 15 % of the network's fixed part.
TWO_MONTHS = """
path = "ht"
[[line]]
kind = "subscription"
label = "Abonnement 6 kVA"
from = 2026-04-10
to = 2026-06-09
price = 11.86
eur = {subscription}
[[line]]
kind = "energy"
from = 2026-04-10
to = 2026-06-09
kwh = 708
price = 0.1308
eur = {energy}
[[line]]
kind = "tax"
label = "CTA"
from = 2026-04-10
to = 2026-06-09
eur = {cta}
"""


def solving(tmp_path, capsys, *options, subscription="23.72", energy="92.61", cta="2.49"):
    """Return the exit status of ``bill --solve`` of two months with these amounts, and what it printed."""
    paper = tmp_path / "paper.toml"
    paper.write_text(TWO_MONTHS.format(subscription=subscription, energy=energy, cta=cta))
    capsys.readouterr()
    status = main(["bill", "--lang", "en", "--solve", str(paper), *options])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_the_formula_of_the_network_is_a_rule_that_the_cta_shows(tmp_path, capsys):
    _, out, _ = solving(tmp_path, capsys, "--json")
    assert {rules["acheminement"] for rules in json.loads(out)["rules"]} == {"CU4"}
    _, out, _ = solving(tmp_path, capsys, "--json", cta="2.99")
    assert {rules["acheminement"] for rules in json.loads(out)["rules"]} == {"MUDT"}


def test_an_amount_that_is_not_kwh_times_price_is_said_to_have_no_rule(tmp_path, capsys):
    _, out, _ = solving(tmp_path, capsys)
    assert "2 combinations give the cents of the paper" in out
    _, out, _ = solving(tmp_path, capsys, energy="92.70")
    assert "paper, from 10 April 2026 to 9 June 2026: 708 × 0.1308 are 92.61 €, not 92.70 €" in out
    assert "2 combinations give the cents of the other lines" in out


def test_an_amount_that_a_rounded_price_explains_is_told(tmp_path, capsys):
    _, out, _ = solving(tmp_path, capsys, energy="92.60")
    assert "708 × 0.1308 are 92.61 €, not 92.60 €; the printed price is rounded" in out


def test_rules_that_give_the_subscription_and_not_the_cta_are_not_written(tmp_path, capsys):
    """61 days are 61/30 months of 30 days, 24.12; the CTA of two whole months is 2.49."""
    ini = tmp_path / "house.ini"
    ini.write_text("[contract]\n")
    status, out, err = solving(tmp_path, capsys, "-c", str(ini), "--write", subscription="24.12", cta="2.49")
    assert "proration = month-30" in out
    assert (
        "no rule that gives the subscription gives the CTA of 2.49 € from 10 April 2026 to 9 June 2026, for 6 kVA"
        in out
    )
    assert status == 1
    assert "nothing is written: a line has not the cents of the rules" in err
    assert ini.read_text() == "[contract]\n"


def test_a_cta_whose_power_nobody_knows_is_not_tried(tmp_path, capsys):
    paper = tmp_path / "paper.toml"
    paper.write_text(
        TWO_MONTHS.format(subscription="23.72", energy="92.61", cta="9.99").replace(" 6 kVA", "")
    )
    capsys.readouterr()
    assert main(["bill", "--lang", "en", "--solve", str(paper)]) == 0
    assert "the CTA is not tried: the power is not known; set [contract] power" in capsys.readouterr().out


def in_days(*, ends=("2025-01-31", "2025-03-12"), middle="", estimated=""):
    """Return 805 kWh of which 250 and 555 are billed at two prices, as days share them.

    Args:
        ends: the last day of each line as it is printed.
        middle: the index between the two lines, as keys of the first and of the second.
        estimated: a key of the first line.
    """
    to, since = (f"index_to = {middle}", f"index_from = {middle}") if middle else ("", "")
    lines = (
        ("2025-01-14", ends[0], 250, "0.2516", "62.90", f"index_from = 41230\n{to}\n{estimated}"),
        ("2025-02-01", ends[1], 555, "0.2016", "111.89", f"{since}\nindex_to = 42035"),
    )
    return "".join(
        f'[[line]]\nkind = "energy"\nregister = "TH"\nfrom = {first}\nto = {last}\nkwh = {kwh}\nprice = {price}\n'
        f"eur = {eur}\n{rest}\n"
        for first, last, kwh, price, eur, rest in lines
    )


@pytest.mark.parametrize(
    ("text", "splits"),
    [
        (in_days(), {"days"}),
        (in_days(ends=("2025-02-01", "2025-03-13")), {"days"}),
        (in_days(middle="41480", estimated="estimated = true"), {"days"}),
        (in_days(middle="41480"), {"days", "index"}),
        (in_days().replace("250", "288").replace("555", "517"), {"index"}),
    ],
)
def test_kwh_that_days_shared_between_two_prices_are_a_rule(tmp_path, capsys, text, splits):
    """The 18 days of January are 18/58 of 805 kWh: 249.83."""
    assert {rules["split"] for rules in solved(tmp_path, capsys, text)} == splits


def test_each_register_shows_how_it_was_shared_though_supply_and_network_are_lines_of_their_own(
    tmp_path, capsys
):
    twice = in_days() + in_days().replace("price = 0.2", "price = 0.0")
    (rules,) = solved(tmp_path, capsys, twice)
    assert rules["split"] == "days"
    other = (
        in_days().replace('"TH"', '"PM"').replace("kwh = 250", "kwh = 249").replace("kwh = 555", "kwh = 556")
    )
    (rules,) = solved(tmp_path, capsys, in_days() + other)
    assert rules["split"] == "days"
