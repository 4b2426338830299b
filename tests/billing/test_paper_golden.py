"""Paper bills that were worked by hand, typed and compared with the bill of the meter: nothing differs."""

from __future__ import annotations

import json

from tests.billing.house import BASE_6, EJP, FIRST_DAYS, billed, new_meter, rows, run_bill, whole_year


def typed(lines, **top):
    """Return the file of a typed bill: its totals, and a table of keys for each of *lines*."""
    return "[[line]]\n".join(
        "".join(f"{key} = {value}\n" for key, value in keys.items()) for keys in (top, *lines)
    )


def line(kind, first, last, eur, **more):
    """Return the keys of a line."""
    return {"kind": f'"{kind}"', "from": first, "to": last, "eur": eur, **more}


def energy(register, first, last, eur, index_from, index_to, price):
    """Return the keys of a line of energy between two indexes in kWh."""
    return line(
        "energy",
        first,
        last,
        eur,
        register=f'"{register}"',
        index_from=index_from,
        index_to=index_to,
        kwh=index_to - index_from,
        price=price,
    )


def compared(tmp_path, capsys, log, ini, paper, first, last):
    """Return the differences and the faults of the paper that ``bill --check`` prints."""
    file = tmp_path / "paper.toml"
    file.write_text(paper)
    status, out, err = run_bill(tmp_path, capsys, log, ini, first, last, "--json", "--check", str(file))
    assert status == 0, err
    figures = json.loads(out)
    return figures["differences"], figures["paper"]


def test_a_new_meter(tmp_path, capsys):
    paper = typed(
        [
            line("subscription", "2026-05-20", "2026-07-19", 31.30, price=15.65),
            energy("TH", "2026-05-20", "2026-06-03", 47.72, 58231, 58477, "0.1940"),
            energy("TH", "2026-06-03", "2026-07-19", 98.16, 3, 509, "0.1940"),
        ],
        total=177.18,
        tva='{ "20" = 29.53 }',
    )
    assert compared(tmp_path, capsys, new_meter(), BASE_6, paper, "2026-05-20", "2026-07-19") == ([], [])


def test_ejp_without_taxes(tmp_path, capsys):
    log = rows(EJP, "EJP", subscribed_power=12_000)
    before, after = ("2026-01-08", "2026-01-31"), ("2026-02-01", "2026-03-07")
    paper = typed(
        [
            line("subscription", *before, 12.60, price=16.27),
            line("subscription", *after, 20.74, price=16.92),
            energy("HN", *before, 117.66, 68832, 70166, 0.0882),
            energy("HN", *after, 198.16, 70166, 71851, 0.1176),
            energy("PM", *before, 77.05, 8007, 8095, 0.8756),
            energy("PM", *after, 55.25, 8095, 8311, 0.2558),
            line("tax", *before, 2.27, label='"CTA"', price=21.93),
            line("tax", *after, 2.45, label='"CTA"', price="15.00"),
            line("tax", *before, 42.63, label='"Accise"', kwh=1422, price=0.02998),
            line("tax", *after, 58.65, label='"Accise"', kwh=1901, price=0.03085),
        ],
        ht=587.46,
        total=704.95,
        tva='{ "20" = 117.49 }',
    )
    ini = "[contract]\noffer = ejp\npath = ht\n"
    assert compared(tmp_path, capsys, log, ini, paper, before[0], after[1]) == ([], [])


def test_twelve_months_and_the_year_differ_by_two_cents(tmp_path, capsys):
    log = whole_year()
    lasts = [
        "2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31", "2025-06-30", "2025-07-31", "2025-08-31", "2025-09-30",
        "2025-10-31", "2025-11-30", "2025-12-31", "2026-01-31",
    ]  # fmt: skip
    totals = [
        billed(tmp_path, capsys, log if not number else [], BASE_6, first, last)["total"]["eur"]
        for number, (first, last) in enumerate(zip(FIRST_DAYS, lasts, strict=False))
    ]
    assert totals == [
        "137.10", "124.20", "94.56", "78.64", "71.58", "66.94", "66.03", "70.32", "83.01", "112.68", "128.10", "143.33",
    ]  # fmt: skip
