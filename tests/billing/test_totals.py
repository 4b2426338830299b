"""The total of a supplier's bill beside ours: what differs above it, in the TVA or in the addition."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.billing.house import BASE_6, run_bill
from tests.billing.papers import FIRST, WITHOUT_TVA, checked, meter

#: The lines that our own bill has without taxes.
LINES = WITHOUT_TVA.partition("\n[[line]]")[2]


def of_the_total(tmp_path, capsys, text):
    """Return the difference of the total, and those of the lines."""
    figures = checked(tmp_path, capsys, text, "2026-04-10", "2026-06-09")
    return figures["total_difference"], figures["differences"]


def own_lines(tmp_path, capsys, **top):
    """Return our own bill without taxes as a typed one, with the totals *top*."""
    ours = checked(tmp_path, capsys, WITHOUT_TVA, "2026-04-10", "2026-06-09")
    lines = [
        "".join(
            f"{key} = {value}\n"
            for key, value in {
                "kind": f'"{line["kind"]}"',
                "from": line["from"],
                "to": line["to"],
                "eur": line["eur"],
                "tva": line["tva"],
                **({"kwh": line["kwh"]} if line["kwh"] else {}),
                **({"register": f'"{line["register"]}"'} if line["register"] else {}),
            }.items()
        )
        for line in ours["lines"]
    ]
    totals = {"ht": ours["ht"]["eur"], "total": ours["total"]["eur"], **top}
    return "[[line]]\n".join(["".join(f"{key} = {value}\n" for key, value in totals.items()), *lines]), ours


def test_a_total_that_is_ours_has_no_difference(tmp_path, capsys):
    text, _ = own_lines(tmp_path, capsys)
    assert of_the_total(tmp_path, capsys, text) == (None, [])


@pytest.mark.parametrize(("more", "cause"), [("-5.00", "tva"), ("0.01", "rounding")])
def test_a_total_that_differs_by_the_tva_alone_has_it_as_its_reason(tmp_path, capsys, more, cause):
    _, ours = own_lines(tmp_path, capsys)
    due = Decimal(ours["tva"]["20"])
    printed, total = due + Decimal(more), Decimal(ours["total"]["eur"]) + Decimal(more)
    text, _ = own_lines(tmp_path, capsys, total=total, tva=f'{{ "20" = {printed} }}')
    difference, lines = of_the_total(tmp_path, capsys, text)
    assert lines == []
    assert (difference["cause"], difference["eur"]) == (cause, more)
    assert difference["why"].startswith(
        f"the TVA of 20 %: {printed} € on the paper, {due} € here, though the lines are equal"
    )


def test_a_total_that_is_not_the_sum_of_its_lines_is_named(tmp_path, capsys):
    text = FIRST.replace("total = 162.44", "total = 160.44")
    difference, _ = of_the_total(tmp_path, capsys, text)
    assert (difference["cause"], difference["why"]) == (
        "sum",
        "the lines of the paper are 162.44 €, its total is 160.44 €",
    )


@pytest.mark.parametrize(
    ("total", "tva"),
    [("186.65", "25.06"), ("125.33", "28.88")],
    ids=["two digits of the total in the wrong order", "a wrong TVA"],
)
def test_a_total_that_is_not_its_lines_and_their_tva_is_named_and_the_tva_is_not_blamed(
    tmp_path, capsys, total, tva
):
    text, ours = own_lines(tmp_path, capsys)
    lines, without = text.partition("[[line]]")[2], Decimal(ours["ht"]["eur"])
    due = without + Decimal(tva)
    typed = f'ht = {without}\ntotal = {total}\ntva = {{ "20" = {tva} }}\n[[line]]{lines}'
    difference, differences = of_the_total(tmp_path, capsys, typed)
    assert differences == []
    assert (difference["cause"], difference["why"]) == (
        "sum",
        f"the lines of the paper and their TVA are {due} €, its total is {total} €",
    )


def test_a_total_without_tva_that_is_not_the_sum_of_the_lines_is_named(tmp_path, capsys):
    text, ours = own_lines(tmp_path, capsys, ht="999.00")
    figures = checked(tmp_path, capsys, text, "2026-04-10", "2026-06-09")
    assert figures["differences"] == []
    assert figures["paper"] == [
        f"the lines of the paper are {ours['ht']['eur']} € without TVA, its total without TVA is 999.00 €"
    ]


def test_a_total_without_tva_of_a_paper_with_taxes_is_its_total_less_its_tva(tmp_path, capsys):
    """162.44 − 27.07 = 135.37."""
    totals = 'path = "ttc"\nht = {}\ntva = {{ "20" = 27.07 }}\n'
    figures = checked(tmp_path, capsys, totals.format("135.37") + FIRST, "2026-04-10", "2026-06-09")
    assert figures["paper"] == []
    figures = checked(tmp_path, capsys, totals.format("153.37") + FIRST, "2026-04-10", "2026-06-09")
    assert figures["paper"] == [
        "the total of the paper less its TVA is 135.37 €, its total without TVA is 153.37 €"
    ]


def test_lines_without_tva_that_were_typed_as_with_it_are_named(tmp_path, capsys):
    """104.44 and 20.88 of TVA are 125.32."""
    totals = 'path = "ttc"\nht = 104.44\ntva = { "20" = 20.88 }\n'
    figures = checked(tmp_path, capsys, totals + WITHOUT_TVA, "2026-04-10", "2026-06-09")
    assert (
        "the lines of the paper are 104.44 €, its total is 125.32 €; "
        'those lines are without taxes: path = "ht"' in figures["paper"]
    )


def test_the_reason_stands_beside_the_total_in_the_text(tmp_path, capsys):
    """The paper bills 182 kWh more than the meter counted: 35.30 €."""
    paper = tmp_path / "paper.toml"
    paper.write_text(FIRST)
    _, out, _ = run_bill(tmp_path, capsys, meter(), BASE_6, "2026-04-10", "2026-06-09", "--check", str(paper))
    lines = out.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("Total"))
    assert lines[place + 1] == "  ≠ the lines above: +35.30 €"
