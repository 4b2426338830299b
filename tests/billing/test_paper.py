"""A supplier's bill that was typed: faults of the file, and differences from the meter."""

from __future__ import annotations

import pytest

from linkymonitor.cli import main
from tests.billing.house import BASE_6, at, rows
from tests.billing.papers import FIRST, MOVED_IN, NEXT, WITHOUT_TVA, checked, meter


def test_an_estimated_index_is_the_reason_and_the_kwh_are_named(tmp_path, capsys):
    figures = checked(tmp_path, capsys, FIRST, "2026-04-10", "2026-06-09")
    (difference,) = figures["differences"]
    assert (difference["register"], difference["cause"]) == ("TH", "estimated-index")
    assert difference["why"] == (
        "estimated index 61720, the meter stood at 61538: 182 kWh billed early (new index, at the end of 9 June 2026)"
    )
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
    assert first["why"] == (
        "estimated index 61720, the meter stood at 61538: 182 kWh billed before "
        "(old index, at the beginning of 10 June 2026)"
    )
    assert (last["cause"], last["why"]) == ("kwh", "43 kWh, ours 70: the kWh of those indexes")


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
        ("17.74", "proration", "another rule of the supplier: months of 30 days (proration = month-30)"),
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
        "energy": "another price: 0.1952, ours 0.1940; it was ours up to 31 January 2026",
    }
    assert "paper, TH: 494 × 0.1952 are 96.43 €, not 131.14 €" in figures["paper"]


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
            "[[line]] TH 2026-01-20: overlaps the line from 1 January 2026 to 31 January 2026; mend from or to",
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


def test_an_amount_that_is_not_the_kwh_times_the_price_is_a_fault_of_the_paper(tmp_path, capsys):
    """The meter counted the kWh of the paper: 494 × 0.1940 are 95.84."""
    text = FIRST.replace("index_to = 61720\nestimated = true\nkwh = 676", "index_to = 61538\nkwh = 494")
    text = text.replace('register = "TH"\n', "").replace("eur = 131.14", "eur = 96.84")
    figures = checked(tmp_path, capsys, text, "2026-04-10", "2026-06-09")
    (difference,) = figures["differences"]
    assert (difference["cause"], difference["why"]) == (
        "paper",
        "a fault of the paper: 494 × 0.1940 are 95.84 €, not 96.84 €",
    )
    assert (
        "paper, from 10 April 2026 to 9 June 2026: 494 × 0.1940 are 95.84 €, not 96.84 €" in figures["paper"]
    )


IN_ADVANCE = """
[[line]]
kind = "subscription"
from = {first}
to = {last}
price = {price}
eur = {eur}
[[line]]
kind = "energy"
register = "TH"
from = {since}
to = {until}
kwh = {kwh}
price = 0.1940
eur = {energy}
"""


@pytest.mark.parametrize(
    ("eur", "more"),
    [
        ("15.80", ""),
        ("15.65", "; another rule of the supplier: months from the first day (proration = anniversary)"),
    ],
)
def test_a_subscription_paid_in_advance_is_the_reason_of_its_days(tmp_path, capsys, eur, more):
    """The bill ends on 9 May; its subscription is of 22/31 of May and 9/30 of June: 15.80, or one month: 15.65."""
    text = IN_ADVANCE.format(
        first="2026-05-10", last="2026-06-09", price="15.65", eur=eur,
        since="2026-04-10", until="2026-05-09", kwh=242, energy="46.95",
    )  # fmt: skip
    figures = checked(tmp_path, capsys, text, "2026-04-10", "2026-05-09")
    (difference,) = [each for each in figures["differences"] if each["kind"] == "subscription"]
    assert (difference["cause"], difference["why"]) == (
        "subscription_paid",
        f"paid in advance, for the days after these (subscription_paid = advance){more}",
    )


def test_a_subscription_paid_in_advance_at_the_next_price_leaves_no_line_unexplained(tmp_path, capsys):
    """The bill ends on 31 July, and the price of the month after it is another one."""
    text = IN_ADVANCE.format(
        first="2026-08-01", last="2026-08-31", price="15.86", eur="15.86",
        since="2026-07-01", until="2026-07-31", kwh=240, energy="46.56",
    )  # fmt: skip
    log = rows(
        [("2026-07-01", {"TH": 61_000_000}), ("2026-09-02", {"TH": 61_480_000})], subscribed_power=6000
    )
    figures = checked(tmp_path, capsys, text, "2026-07-01", "2026-07-31", log)
    causes = [each["cause"] for each in figures["differences"] if each["kind"] == "subscription"]
    assert causes == ["subscription_paid"]


def test_a_price_that_was_ours_before_is_named_with_its_last_day(tmp_path, capsys):
    """0.1940 was the price of the kWh up to 31 July 2026, and 0.2001 is that since then."""
    text = """
[[line]]
kind = "energy"
register = "TH"
from = 2026-08-02
to = 2026-08-31
kwh = 240
price = 0.1940
eur = 46.56
"""
    log = rows(
        [("2026-08-02", {"TH": 61_000_000}), ("2026-09-01", {"TH": 61_240_000})], subscribed_power=6000
    )
    figures = checked(tmp_path, capsys, text, "2026-08-02", "2026-08-31", log)
    (why,) = [each["why"] for each in figures["differences"] if each["cause"] == "price"]
    assert why == "another price: 0.1940, ours 0.2001; it was ours up to 31 July 2026"


def test_another_power_is_the_reason_of_the_subscription_and_of_the_cta(tmp_path, capsys):
    """The paper is of 6 kVA, the configuration of 9."""
    ours = checked(tmp_path, capsys, WITHOUT_TVA, "2026-04-10", "2026-06-09")
    (cta,) = [line["eur"] for line in ours["lines"] if line["label"] == "CTA"]
    (subscription,) = [line for line in ours["lines"] if line["kind"] == "subscription"]
    text = WITHOUT_TVA.replace("11.86", subscription["price"]).replace("23.72", subscription["eur"]) + (
        f'[[line]]\nkind = "tax"\nlabel = "CTA"\nfrom = 2026-04-10\nto = 2026-06-09\neur = {cta}\n'
    )
    ini = BASE_6.replace("power = 6", "power = 9")
    figures = checked(tmp_path, capsys, text, "2026-04-10", "2026-06-09", ini=ini)
    whys = {each["kind"]: each["why"] for each in figures["differences"] if each["cause"] == "power"}
    assert whys == dict.fromkeys(("subscription", "tax"), "another power: 6 kVA, ours 9 kVA")
