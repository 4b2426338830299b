"""Bills of suppliers that were typed, and what the command finds in them."""

from __future__ import annotations

import json

from linkymonitor.cli import main
from tests.billing.house import BASE_6, rows, run_bill

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
