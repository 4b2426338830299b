"""The questions of ``bill --enter``: what is asked of a line of a paper bill, of which lines, and what is doubted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from linkymonitor.billing import answers as read
from linkymonitor.billing.amounts import product_of
from linkymonitor.billing.paper import is_cta_label, is_tva_label
from linkymonitor.language import Text
from linkymonitor.money.statements import decimal

#: Key → the answer as TOML has it.
Answers = Mapping[str, str]


class Question(NamedTuple):
    """A question about a line or about the paper."""

    key: str
    text: Text
    #: Returns the value as TOML has it.
    read: Callable[[str], str]
    #: Empty: any text is an answer.
    expected: Text = Text("", "")
    optional: bool = True
    #: Whether a line with these answers has it.
    asked: Callable[[Answers], bool] = lambda _: True


def _counted(line: Answers) -> bool:
    return line.get("kind") in ('"energy"', '"revenue"')


def _is_tva(line: Answers) -> bool:
    return line.get("kind") == '"tax"' and is_tva_label(line.get("label", "").strip('"'))


def _is_cta(line: Answers) -> bool:
    return line.get("kind") == '"tax"' and is_cta_label(line.get("label", ""))


def _by_rate(line: Answers) -> bool:
    return line.get("kind") == '"tax"' and "kwh" not in line


_DATE = Text(
    "on attend une date, 08/01/2026 ou 8 janvier 2026", "expected a date, 2026-01-08 or 8 January 2026"
)
_AMOUNT = Text("on attend un montant, 117,39", "expected an amount, 117.39")
_WHOLE = Text("on attend des kWh entiers, 68832", "expected whole kWh, 68832")
_RATE = Text("on attend un taux, 20 ou 5,5", "expected a rate, 20 or 5.5")
#: Of the paper, before its lines.
PATH = Question(
    "path",
    Text(
        "montants des lignes : h(ors taxes) ou t(tc)",
        "amounts of the lines: without taxes (h) or with taxes (t)",
    ),
    read.read_path,
    Text("on attend h ou t", "expected h or t"),
)
LINE = (
    Question(
        "kind",
        Text(
            "ligne : a(bonnement), c(onsommation), t(axe), r(evenu d'injection), x (avoir)",
            "line: s(ubscription), e(nergy), t(ax), r(evenue of injection), x (credit)",
        ),
        read.read_kind,
        Text("on attend a, c, t, r ou x", "expected s, e, t, r or x"),
    ),
    Question("label", Text("libellé imprimé", "label, as printed"), read.read_text),
    Question(
        "register",
        Text("registre : TH, HP, HC, HN, PM…", "register: TH, HP, HC, HN, PM…"),
        read.read_register,
        Text("on attend TH, HP, HC, HN, PM, HCJB…", "expected TH, HP, HC, HN, PM, HCJB…"),
        asked=lambda line: line.get("kind") == '"energy"',
    ),
    Question("from", Text("du", "from"), read.read_date, _DATE, asked=lambda line: not _is_tva(line)),
    Question(
        "to", Text("au, compris", "to, included"), read.read_date, _DATE, asked=lambda line: not _is_tva(line)
    ),
    Question(
        "index_from", Text("ancien index, kWh", "old index, kWh"), read.read_whole, _WHOLE, asked=_counted
    ),
    Question(
        "index_to", Text("nouvel index, kWh", "new index, kWh"), read.read_whole, _WHOLE, asked=_counted
    ),
    Question(
        "kwh",
        Text("kWh", "kWh"),
        read.read_whole,
        _WHOLE,
        asked=lambda line: (
            _counted(line) or (line.get("kind") == '"tax"' and not (_is_cta(line) or _is_tva(line)))
        ),
    ),
    Question(
        "estimated",
        Text("index estimé ? o(ui)", "estimated index? y(es)"),
        read.read_yes,
        Text("on attend o, ou Entrée", "expected y, or Enter"),
        asked=_counted,
    ),
    Question("price", Text("taux, %", "rate, %"), read.read_rate, _RATE, asked=_by_rate),
    Question(
        "price",
        Text("prix unitaire, €", "unit price, €"),
        read.read_amount,
        _AMOUNT,
        asked=lambda line: not _by_rate(line),
    ),
    Question(
        "eur",
        Text("montant de la ligne, €", "amount of the line, €"),
        read.read_amount,
        _AMOUNT,
        optional=False,
    ),
    Question(
        "tva",
        Text("TVA, %", "TVA, %"),
        read.read_rate,
        _RATE,
        asked=lambda line: line.get("kind") != '"revenue"' and not _is_tva(line),
    ),
)
_HT = Question(
    "ht", Text("total hors TVA du papier, €", "total of the paper without TVA, €"), read.read_amount, _AMOUNT
)
_TOTAL = Question(
    "total", Text("total TTC du papier, €", "total of the paper with taxes, €"), read.read_amount, _AMOUNT
)
_REVENUE = Question("total", Text("total du papier, €", "total of the paper, €"), read.read_amount, _AMOUNT)


def sum_questions(lines: list[dict[str, str]], path: str | None) -> list[Question]:
    """Return the questions about the sums below the *lines*; *path* says whether amounts are without taxes."""
    if lines and all(line.get("kind") == '"revenue"' for line in lines):
        return [_REVENUE]
    if path != '"ht"':
        return [_TOTAL]
    rates: list[str] = []
    if not any(map(_is_tva, lines)):
        rates = sorted({line["tva"] for line in lines if "tva" in line}, key=Decimal)
    return [_HT, *map(_rate_question, rates), _TOTAL]


def _rate_question(rate: str) -> Question:
    percent = decimal(Decimal(rate))
    name = Text(f"TVA à {percent.fr} %, €", f"TVA of {percent.en} %, €")
    return Question(f"tva {rate}", name, read.read_amount, _AMOUNT)


def suggested(key: str, line: Answers, before: Answers) -> str | None:
    """Return the answer to offer for *key* of *line*: the days of the line *before* it, the kWh between two indexes."""
    if key in ("from", "to"):
        return before.get(key)
    if key == "kwh" and "index_from" in line and "index_to" in line:
        return str(int(line["index_to"]) - int(line["index_from"]))
    return None


def doubt(key: str, line: Answers) -> Text | None:
    """Return what does not fit the answer to *key* in *line*, None when all fits."""
    if key == "to" and "from" in line and date.fromisoformat(line["to"]) < date.fromisoformat(line["from"]):
        return Text("ce dernier jour est avant le premier", "that last day is before the first one")
    if key == "kwh" and "kwh" in line:
        between = suggested("kwh", line, {})
        if between is not None and between != line["kwh"]:
            return Text(
                f"{line['index_from']} → {line['index_to']} font {between} kWh, non {line['kwh']}",
                f"{line['index_from']} → {line['index_to']} are {between} kWh, not {line['kwh']}",
            )
    if key == "eur" and "kwh" in line and "price" in line:
        price, eur = Decimal(line["price"]), Decimal(line["eur"])
        product = product_of(int(line["kwh"]), price, eur)
        if not product.fits:
            each, own, typed = map(decimal, (price, product.eur, eur))
            return Text(
                f"{line['kwh']} × {each.fr} font {own.fr} €, non {typed.fr} €",
                f"{line['kwh']} × {each.en} are {own.en} €, not {typed.en} €",
            )
    return None
