"""The questions of ``bill --enter``: what is asked of a paper bill and of each of its lines, and what is offered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from linkymonitor.billing import answers as read
from linkymonitor.billing.paper import is_cta_label, is_tva_label
from linkymonitor.billing.values import CREDIT, ENERGY, REVENUE, SUBSCRIPTION, TAX
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
    #: Whether "-" is an answer: the paper does not print it.
    optional: bool = True
    #: Whether Enter alone is that answer, too.
    skipped: bool = True
    #: Whether a line with these answers has it.
    asked: Callable[[Answers], bool] = lambda _: True
    #: Answer → what a person calls it.
    words: Mapping[str, Text] = MappingProxyType({})


def is_revenue(line: Answers) -> bool:
    """Return whether *line* is one of the paper of who buys injected energy."""
    return line.get("kind") == f'"{REVENUE}"'


def is_counted(line: Answers) -> bool:
    """Return whether *line* goes by indexes."""
    return line.get("kind") == f'"{ENERGY}"' or is_revenue(line)


def is_tva(line: Answers) -> bool:
    """Return whether *line* is that of the TVA."""
    return line.get("kind") == f'"{TAX}"' and is_tva_label(line.get("label", "").strip('"'))


def _is_cta(line: Answers) -> bool:
    return line.get("kind") == f'"{TAX}"' and is_cta_label(line.get("label", ""))


def _by_rate(line: Answers) -> bool:
    return line.get("kind") == f'"{TAX}"' and "kwh" not in line


_DATE = Text(
    "on attend une date, 08/01/2026 ou 8 janvier 2026", "expected a date, 2026-01-08 or 8 January 2026"
)
_AMOUNT = Text("on attend un montant, 117,39 ou 12,69 c€", "expected an amount, 117.39 or 12.69 c€")
_SUM = Text(
    "on attend un montant, 117,39, ou « - » si le papier n'en a pas",
    "expected an amount, 117.39, or “-” if the paper has none",
)
_WHOLE = Text("on attend des kWh entiers, 68832", "expected whole kWh, 68832")
_RATE = Text("on attend un taux, 20 ou 5,5", "expected a rate, 20 or 5.5")
_KINDS = {
    f'"{SUBSCRIPTION}"': Text("abonnement", "subscription"),
    f'"{ENERGY}"': Text("consommation", "energy"),
    f'"{TAX}"': Text("taxe", "tax"),
    f'"{REVENUE}"': Text("revenu", "revenue"),
    f'"{CREDIT}"': Text("avoir", "credit"),
}
_PATHS = {'"ht"': Text("hors taxes", "without taxes"), '"ttc"': Text("ttc", "with taxes")}
#: Of the paper, before its lines.
PATH = Question(
    "path",
    Text(
        "montants des lignes : h(ors taxes) ou t(tc)",
        "amounts of the lines: without taxes (h) or with taxes (t)",
    ),
    read.read_path,
    Text("on attend h ou t", "expected h or t"),
    words=_PATHS,
)
_KIND = Question(
    "kind",
    Text(
        "ligne : a(bonnement), c(onso), t(axe), r(evenu), x (avoir)",
        "line: s(ubscription), e(nergy), t(ax), r(evenue), x (credit)",
    ),
    read.read_kind,
    Text(
        "on attend a, c, t, r, x, ou le mot entier, abonnement, consommation, taxe, revenu, avoir",
        "expected s, e, t, r, x, or the whole word, subscription, energy, tax, revenue, credit",
    ),
    words=_KINDS,
)
LINE = (
    _KIND,
    Question("label", Text("libellé imprimé", "label, as printed"), read.read_text),
    Question(
        "register",
        Text("registre : TH, HP, HC, HN, PM…", "register: TH, HP, HC, HN, PM…"),
        read.read_register,
        Text("on attend TH, HP, HC, HN, PM, HCJB…", "expected TH, HP, HC, HN, PM, HCJB…"),
        asked=lambda line: line.get("kind") == f'"{ENERGY}"',
    ),
    Question("from", Text("du", "from"), read.read_date, _DATE, asked=lambda line: not is_tva(line)),
    Question(
        "to", Text("au, compris", "to, included"), read.read_date, _DATE, asked=lambda line: not is_tva(line)
    ),
    Question(
        "index_from", Text("ancien index, kWh", "old index, kWh"), read.read_whole, _WHOLE, asked=is_counted
    ),
    Question(
        "index_to", Text("nouvel index, kWh", "new index, kWh"), read.read_whole, _WHOLE, asked=is_counted
    ),
    Question(
        "kwh",
        Text("kWh", "kWh"),
        read.read_whole,
        _WHOLE,
        asked=lambda line: (
            is_counted(line) or (line.get("kind") == f'"{TAX}"' and not (_is_cta(line) or is_tva(line)))
        ),
    ),
    Question(
        "estimated",
        Text("index estimé ? o(ui)", "estimated index? y(es)"),
        read.read_yes,
        Text("on attend o, ou Entrée", "expected y, or Enter"),
        asked=lambda line: is_counted(line) and ("index_from" in line or "index_to" in line),
        words={"true": Text("oui", "yes"), "false": Text("non", "no")},
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
        asked=lambda line: not is_revenue(line) and not is_tva(line),
    ),
)
_HT = Question(
    "ht", Text("total hors TVA du papier, €", "total of the paper without TVA, €"), read.read_amount, _AMOUNT
)
_TOTAL = Question(
    "total",
    Text("total TTC du papier, €", "total of the paper with taxes, €"),
    read.read_amount,
    _SUM,
    skipped=False,
)
_REVENUE = _TOTAL._replace(text=Text("total du papier, €", "total of the paper, €"))


def paper_question(lines: Sequence[Answers]) -> Question:
    """Return the first question; before there are *lines*, "r" is an answer to it, too."""
    if lines:
        return PATH
    return PATH._replace(
        text=Text(
            "montants des lignes : h(ors taxes), t(tc), ou r(evenu d'injection)",
            "amounts: without taxes (h), with taxes (t), or revenue of injection (r)",
        ),
        read=_read_path_or_revenue,
        expected=Text("on attend h, t ou r", "expected h, t or r"),
    )


def _read_path_or_revenue(text: str) -> str:
    try:
        return read.read_path(text)
    except ValueError:
        return _kind_reader(is_revenue)(text)


def kind_question(others: Sequence[Answers]) -> Question:
    """Return the question for the kind of a line of a paper that has the lines *others*."""
    if not others:
        return _KIND
    if all(map(is_revenue, others)):
        return _KIND._replace(
            text=Text("ligne : r(evenu)", "line: r(evenue)"),
            read=_kind_reader(is_revenue),
            expected=Text(
                "on attend r, ou Entrée : un revenu est un document à part ; un autre fichier pour la facture",
                "expected r, or Enter: revenue is a document of its own; another file for the bill",
            ),
        )
    return _KIND._replace(
        text=Text(
            "ligne : a(bonnement), c(onso), t(axe), x (avoir)",
            "line: s(ubscription), e(nergy), t(ax), x (credit)",
        ),
        read=_kind_reader(lambda line: not is_revenue(line)),
        expected=Text(
            "on attend a, c, t ou x, ou Entrée ; un revenu est un document à part : un autre fichier pour lui",
            "expected s, e, t or x, or Enter; revenue is a document of its own: another file for it",
        ),
    )


def _kind_reader(fits: Callable[[Answers], bool]) -> Callable[[str], str]:
    """Return what reads the kind of a line and refuses a line that does not fit."""

    def read_kind(text: str) -> str:
        kind = read.read_kind(text)
        if not fits({"kind": kind}):
            raise ValueError(text)
        return kind

    return read_kind


def sum_questions(lines: Sequence[Answers], path: str | None) -> list[Question]:
    """Return the questions about the sums below the *lines*; *path* says whether amounts are without taxes."""
    if lines and all(map(is_revenue, lines)):
        return [_REVENUE]
    rates: list[Decimal] = []
    if not any(map(is_tva, lines)):
        rates = sorted({Decimal(line["tva"]) for line in lines if "tva" in line})
    if path == '"ht"':
        return [_HT, *(_rate_question(rate, Text("TVA", "TVA")) for rate in rates), _TOTAL]
    return [_TOTAL, *(_rate_question(rate, Text("dont TVA", "of which TVA")) for rate in rates if rate)]


def rate_key(rate: Decimal) -> str:
    """Return the key of the TVA of *rate*, a percentage."""
    return f"tva {rate.normalize():f}"


def _rate_question(rate: Decimal, name: Text) -> Question:
    percent = decimal(rate)
    text = name + Text(f" à {percent.fr} %, €", f" of {percent.en} %, €")
    return Question(rate_key(rate), text, read.read_amount, _AMOUNT)


def suggested(key: str, line: Answers, before: Answers) -> str | None:
    """Return the answer to offer for *key* of *line*: the days of the line *before* it, the kWh between two indexes."""
    if key in ("from", "to"):
        return before.get(key)
    if key == "kwh" and "index_from" in line and "index_to" in line:
        between = int(line["index_to"]) - int(line["index_from"])
        return None if between < 0 else str(between)
    return None
