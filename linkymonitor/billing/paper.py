"""A supplier's bill as its reader has typed it: a TOML file with what the paper has printed."""

# Strategy
#
# - Only what is printed is typed: each key but ``eur`` may be missing. Numbers are decimals and keep the digits that
#   were printed, because 2.50 and 2.500 come of different rules.
# - All faults of a file are told at once, each with its place and its remedy.

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from linkymonitor.billing.amounts import TVA_ROUNDING, half_away
from linkymonitor.billing.values import COUNTED, CREDIT, ENERGY, REVENUE, SUBSCRIPTION, TAX
from linkymonitor.errors import ConfigError
from linkymonitor.language import Text, written_days
from linkymonitor.money.contract import TaxPath
from linkymonitor.money.table import read_document

KINDS = (SUBSCRIPTION, ENERGY, TAX, CREDIT, REVENUE)
_LINE_KEYS = frozenset(
    (
        "kind",
        "label",
        "register",
        "from",
        "to",
        "index_from",
        "index_to",
        "kwh",
        "price",
        "eur",
        "tva",
        "estimated",
    )
)
#: The years of bills are 20xx.
_CENTURY = 20
_DAY = timedelta(days=1)
#: The table of a line that is being typed.
UNFINISHED = "unfinished"
_KEYS = frozenset(("line", "total", "ht", "tva", "from", "to", "path", UNFINISHED))
_MORE_THAN_ANY_BILL = 1_000_000
#: No index of a meter has so many kWh.
_MORE_THAN_ANY_INDEX = 1_000_000_000
#: No price has more decimals.
_MOST_PLACES = 8


class PaperLine(NamedTuple):
    """A line of the paper; what is not printed is None."""

    kind: str
    eur: Decimal
    label: str = ""
    register: str | None = None
    first: date | None = None
    #: Included.
    last: date | None = None
    #: kWh, as printed.
    index_from: int | None = None
    index_to: int | None = None
    kwh: int | None = None
    price: Decimal | None = None
    tva: Decimal | None = None
    #: Whether the paper calls an index of it estimated.
    estimated: bool = False

    @property
    def span(self) -> tuple[date, date] | None:
        """The first and the last day, None when one of them is not printed."""
        return None if self.first is None or self.last is None else (self.first, self.last)


class Paper(NamedTuple):
    """The bill on paper."""

    path: Path
    lines: Sequence[PaperLine]
    total: Decimal | None
    #: The total without TVA, where it is printed.
    ht: Decimal | None
    #: Rate in percent → the TVA that is printed.
    tva: Mapping[Decimal, Decimal]
    first: date | None
    last: date | None
    #: Whether its lines are with taxes or without, where that was typed.
    taxes: TaxPath | None = None

    @property
    def is_revenue(self) -> bool:
        """Whether it is of who buys injected energy: a document of its own, without TVA."""
        return bool(self.lines) and all(line.kind == REVENUE for line in self.lines)

    @property
    def without_taxes(self) -> bool:
        """Whether its lines are without TVA, which is added at the end."""
        if self.is_revenue:
            return False
        if self.taxes is not None:
            return self.taxes is TaxPath.HT
        if self.ht is not None or any(line.kind == TAX for line in self.lines):
            return True
        if self.total is None:
            return False
        lines = summed_lines(self.lines)
        return (
            abs(lines - self.total) > TVA_ROUNDING and abs(lines + self.tva_due - self.total) <= TVA_ROUNDING
        )

    @property
    def tva_due(self) -> Decimal:
        """The TVA on lines that are without it: as printed, else by the rates of the lines."""
        if self.tva:
            return sum(self.tva.values(), Decimal(0))
        rates = {line.tva for line in self.lines if line.tva is not None}
        return sum(
            (
                half_away(
                    Fraction(summed_lines(line for line in self.lines if line.tva == rate) * rate / 100), 2
                )
                for rate in rates
            ),
            Decimal(0),
        )


def summed_lines(lines: Iterable[PaperLine]) -> Decimal:
    """Return the sum of the amounts of *lines*."""
    return sum((line.eur for line in lines), Decimal(0))


def read_paper(path: Path) -> Paper:
    """Return the bill that was typed into the file *path*.

    Raises:
        ConfigError: with one sentence for each fault: place, fault, remedy.
    """
    content = read_document(path).content
    faults: list[Text] = []

    def fault(place: str, what: Text) -> None:
        faults.append(f"{path}: {place}" + Text(" : ", ": ") + what)

    for key in sorted(content.keys() - _KEYS):
        fault(key, _unknown(sorted(_KEYS)))
    typed = content.get("line", [])
    if not isinstance(typed, list) or not typed:
        fault(
            "[[line]]",
            Text(
                "manque ; une [[line]] par ligne du papier", "missing; a [[line]] for each line of the paper"
            ),
        )
        typed = []
    lines = [line for number, each in enumerate(typed, 1) if (line := _line(each, number, fault)) is not None]
    reader = _Reader(content, "", fault)
    rates = _rates(content.get("tva", {}), fault)
    for line in filter(_is_tva, lines):
        rate = line.tva or line.price or _rate_in(line.label)
        rates[rate] = rates.get(rate, Decimal(0)) + line.eur
    lines = _without_shared_days([line for line in lines if not _is_tva(line)])
    total = content.get("total")
    if isinstance(total, dict):
        reader = _Reader({**content, "total": total.get("eur")}, "", fault)
    first, last = (
        reader.day("from")
        or min((line.first for line in lines if line.first and line.kind in COUNTED), default=None),
        reader.day("to")
        or max((line.last for line in lines if line.last and line.kind in COUNTED), default=None),
    )
    taxes = _path(content, fault)
    paper = Paper(path, lines, reader.number("total"), reader.number("ht"), rates, first, last, taxes)
    _check_days(paper, fault)
    if any(line.kind == REVENUE for line in lines) and not paper.is_revenue:
        fault(
            "[[line]] kind",
            Text(
                "un revenu est un document à part ; un fichier pour lui, un autre pour la facture",
                "revenue is a document of its own; a file for it, another one for the bill",
            ),
        )
    if UNFINISHED in content:
        fault(
            UNFINISHED,
            Text(
                f"une ligne n'est pas finie ; continuez avec « linkymonitor bill --enter {path} »",
                f"a line is not finished; go on with 'linkymonitor bill --enter {path}'",
            ),
        )
    if faults:
        raise ConfigError(*faults)
    return paper


def _path(content: Mapping[str, Any], fault: Callable[[str, Text], None]) -> TaxPath | None:
    """Return whether the lines are with taxes or without, None when that is not typed."""
    typed = content.get("path")
    words = [each.value for each in TaxPath]
    if typed in words:
        return TaxPath(typed)
    if typed is not None:
        fault(f"path = {typed}", _expected(" / ".join(f'"{word}"' for word in words)))
    return None


def _is_tva(line: PaperLine) -> bool:
    """Return whether *line* is the line of the TVA at the end of a bill."""
    return line.kind == TAX and is_tva_label(line.label)


def is_tva_label(label: str) -> bool:
    """Return whether *label* is that of the TVA."""
    return label.upper().startswith(("TVA", "VAT", "T.V.A"))


def is_cta(line: PaperLine) -> bool:
    """Return whether *line* is the contribution to the network, which does not go by kWh."""
    return line.kind == TAX and line.kwh is None and is_cta_label(line.label)


def is_cta_label(label: str) -> bool:
    """Return whether *label* is that of the contribution to the network (CTA)."""
    return "CTA" in label.upper() or "ACHEMINEMENT" in label.upper()


def _rate_in(label: str) -> Decimal:
    """Return the rate in a label such as ``TVA 5,5 %``, 0 when there is none."""
    found = re.search(r"(\d+(?:[.,]\d+)?)\s*%", label)
    return Decimal(found[1].replace(",", ".")) if found else Decimal(0)


def _rates(content: object, fault: Callable[[str, Text], None]) -> dict[Decimal, Decimal]:
    """Return rate in percent → the TVA that is printed."""
    if not isinstance(content, dict):
        fault(f"tva = {content}", _expected('{ "20" = 117.63 }'))
        return {}
    reader, rates = _Reader(content, "tva ", fault), {}
    for key in content:
        rate, amount = _plain(key), reader.number(key)
        if rate is None:
            fault(f"tva {key}", _expected('{ "20" = 117.63 }'))
        elif amount is not None:
            rates[rate] = amount
    return rates


def _line(content: object, number: int, fault: Callable[[str, Text], None]) -> PaperLine | None:
    place = f"[[line]] {number} "
    if not isinstance(content, dict):
        fault(place.strip(), Text("on attend [[line]]", "expected [[line]]"))
        return None
    for key in sorted(content.keys() - _LINE_KEYS):
        fault(place + key, _unknown(sorted(_LINE_KEYS)))
    reader = _Reader(content, place, fault)
    kind = content.get("kind", ENERGY if "kwh" in content or "index_from" in content else SUBSCRIPTION)
    if kind not in KINDS:
        fault(place + "kind", _expected(", ".join(KINDS)))
        return None
    eur = reader.number("eur")
    if eur is None:
        if "eur" not in content:
            fault(place + "eur", Text("manque ; le montant imprimé", "missing; the amount that is printed"))
        return None
    for key, kinds, example in (
        ("register", str, '"HN"'),
        ("label", str, '"CTA"'),
        ("estimated", bool, "true"),
    ):
        if key in content and not isinstance(content[key], kinds):
            fault(f"{place}{key} = {content[key]}", _expected(example))
    line = PaperLine(
        kind=kind,
        eur=eur,
        label=str(content.get("label", "")),
        register=None if content.get("register") is None else str(content["register"]),
        first=reader.day("from"),
        last=reader.day("to"),
        index_from=reader.whole("index_from"),
        index_to=reader.whole("index_to"),
        kwh=reader.whole("kwh"),
        price=reader.number("price"),
        tva=reader.number("tva"),
        estimated=content.get("estimated") is True,
    )
    if line.span and line.span[1] < line.span[0]:
        fault(
            place + "to",
            Text(
                f"{line.last} est avant from = {line.first} ; échangez-les, ou corrigez l'une des deux",
                f"{line.last} is before from = {line.first}; swap them, or mend one of the two",
            ),
        )
    if line.kwh is None and line.index_from is not None and line.index_to is not None:
        line = line._replace(kwh=line.index_to - line.index_from)
    return line


def _without_shared_days(lines: Sequence[PaperLine]) -> list[PaperLine]:
    """Return *lines* whose last days are included.

    Some suppliers print the day of a change as the last day of a line and as the first day of the next one: the last
    day of each of their lines is the first one that it does not count.
    """
    if not any(_shares_a_day(line, other) for line in lines for other in lines):
        return list(lines)
    return [
        line._replace(last=line.last - _DAY)
        if line.span and line.span[0] < line.span[1] and line.last
        else line
        for line in lines
    ]


def _shares_a_day(line: PaperLine, other: PaperLine) -> bool:
    """Return whether *other* begins on the last day of *line*, and not because the meter was changed on that day."""
    if line is other or line.last is None or line.last != other.first or line.kind != other.kind:
        return False
    if line.kind in COUNTED:
        return line.register == other.register and line.index_to == other.index_from
    return line.kind == SUBSCRIPTION


def _check_days(paper: Paper, fault: Callable[[str, Text], None]) -> None:
    """Find lines of one register whose days overlap."""
    for place, line in enumerate(paper.lines):
        for other in paper.lines[:place]:
            if line.kind not in COUNTED or other.kind != line.kind or line.register != other.register:
                continue
            if line.span is None or other.span is None:
                continue
            if (line.span, line.kwh) == (other.span, other.kwh) and line.price != other.price:
                continue  # the supply and the network are lines of their own
            # The day on which a meter was changed is in two lines.
            if line.span[0] < other.span[1] and other.span[0] < line.span[1]:
                days = written_days(*other.span)
                fault(
                    f"[[line]] {line.register or ''} {line.first}",
                    Text(
                        f"chevauche la ligne {days.fr} ; corrigez from ou to",
                        f"overlaps the line {days.en}; mend from or to",
                    ),
                )


class _Reader:
    """Reads the values of one table of the file."""

    def __init__(self, content: Mapping[str, Any], place: str, fault: Callable[[str, Text], None]) -> None:
        self.content = content
        self._place = place
        self._fault = fault

    def number(self, key: str) -> Decimal | None:
        """Return a number, typed with or without quotes; None when the key is missing or wrong."""
        value = self.content.get(key)
        if value is None:
            return None
        number = _plain(value)
        if number is None or abs(number) > _MORE_THAN_ANY_BILL or _places(number) > _MOST_PLACES:
            self._fault(f"{self._place}{key} = {value}", _expected_number(value))
            return None
        return number

    def whole(self, key: str) -> int | None:
        """Return a whole number; None when the key is missing or wrong."""
        value = self.content.get(key)
        number = None if value is None else _plain(value)
        if value is None:
            return None
        if number is not None and abs(number) < _MORE_THAN_ANY_INDEX and _places(number) <= _MOST_PLACES:
            whole = int(number)
            if whole == number:
                return whole
        self._fault(
            f"{self._place}{key} = {value}",
            Text("on attend des kWh entiers, tels que 68832", "expected whole kWh, such as 68832"),
        )
        return None

    def day(self, key: str) -> date | None:
        """Return a date, typed with or without quotes; None when the key is missing or wrong."""
        value = self.content.get(key)
        if value is None:
            return None
        try:
            day = value if type(value) is date else date.fromisoformat(str(value))
        except ValueError:
            day = date.min
        if day.year // 100 == _CENTURY:
            return day
        self._fault(f"{self._place}{key} = {value}", _expected("2026-01-08"))
        return None


def _plain(value: object) -> Decimal | None:
    """Return *value* as a decimal, None when it is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _expected_number(value: object) -> Text:
    point = str(value).replace(",", ".")
    if "," in str(value) and _plain(point) is not None:
        return Text(f"une virgule ; écrivez {point}", f"a comma; write {point}")
    return _expected("117.39")


def _expected(what: str) -> Text:
    return Text(f"on attend {what}", f"expected {what}")


def _unknown(keys: Sequence[str]) -> Text:
    listed = ", ".join(keys)
    return Text(f"clé inconnue ; il y a {listed}", f"unknown key; there are {listed}")
