"""``bill --enter``: asks for a paper bill line by line and writes the file that ``--check`` and ``--solve`` read."""

# Strategy
#
# - What a person types is forgiven: a comma, a currency sign, spaces in numbers, 08/01/2026 for a date. What cannot be
#   understood is asked for again, with what was expected.
# - The file is written after each line: a terminal that is closed loses the line that was being typed, no more.

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.system.storage import Storage

#: The answer that goes back one question.
_BACK = "<"
_KINDS = {"a": "subscription", "s": "subscription", "c": "energy", "e": "energy", "t": "tax", "x": "credit"}


class _Back(Exception):
    """The person wants to answer the question before once more."""


class _Question(NamedTuple):
    key: str
    text: Text
    #: Returns the value as TOML has it.
    read: Callable[[str], str]
    expected: Text
    optional: bool = True
    #: The kinds of lines that have it; empty: all.
    kinds: tuple[str, ...] = ()


def read_amount(text: str) -> str:
    """Return an amount as typed, ``1 234,56 €``, as TOML has it; raise ValueError when it is none."""
    plain = re.sub(r"[\s€']", "", text).replace(",", ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise ValueError(text) from None
    if not number.is_finite():
        raise ValueError(text)
    return f"{number:f}"


def read_whole(text: str) -> str:
    """Return a whole number as typed, ``68 832 kWh``, as TOML has it; raise ValueError when it is none."""
    plain = re.sub(r"(?i)\s|kwh", "", text)
    # A point or an apostrophe stands before three digits; 68832.5 is no whole number.
    return str(int(re.sub(r"(?<=\d)['.](?=\d{3}(?!\d))", "", plain)))


def read_date(text: str) -> str:
    """Return a date as typed, day first or year first; raise ValueError when it is none."""
    parts = re.findall(r"\d+", text)
    if len(parts) != 3:
        raise ValueError(text)
    numbers = list(map(int, parts))
    year, month, day = numbers if len(parts[0]) == 4 else reversed(numbers)
    if year < 100:
        year += 2000
    if not 2000 <= year < 2100 or max(month, day) > 31:
        raise ValueError(text)
    return date(year, month, day).isoformat()


def _read_kind(text: str) -> str:
    kind = _KINDS.get(text.strip().lower()[:1])
    if kind is None:
        raise ValueError(text)
    return f'"{kind}"'


def _read_yes(text: str) -> str:
    if text.strip().lower()[:1] not in ("o", "y"):
        raise ValueError(text)
    return "true"


def _read_text(text: str) -> str:
    return '"' + re.sub(r'[\x00-\x1f"\\]', " ", text).strip() + '"'


_DATE = Text("on attend une date, 08/01/2026", "expected a date, 2026-01-08")
_AMOUNT = Text("on attend un montant, 117,39", "expected an amount, 117.39")
_WHOLE = Text("on attend des kWh entiers, 68832", "expected whole kWh, 68832")
_LINE = (
    _Question(
        "kind",
        Text("ligne : a(bonnement), c(onsommation), t(axe)", "line: s(ubscription), e(nergy), t(ax)"),
        _read_kind,
        Text("on attend a, c ou t", "expected s, e or t"),
    ),
    _Question("label", Text("ce qui est imprimé", "what is printed"), _read_text, _AMOUNT),
    _Question(
        "register",
        Text("registre : TH, HP, HC, HN, PM…", "register: TH, HP, HC, HN, PM…"),
        lambda text: _read_text(text.upper()),
        _AMOUNT,
        kinds=('"energy"',),
    ),
    _Question("from", Text("du", "from"), read_date, _DATE),
    _Question("to", Text("au, compris", "to, included"), read_date, _DATE),
    _Question(
        "index_from", Text("ancien index, kWh", "old index, kWh"), read_whole, _WHOLE, kinds=('"energy"',)
    ),
    _Question(
        "index_to", Text("nouvel index, kWh", "new index, kWh"), read_whole, _WHOLE, kinds=('"energy"',)
    ),
    _Question("kwh", Text("kWh", "kWh"), read_whole, _WHOLE, kinds=('"energy"', '"tax"')),
    _Question(
        "estimated",
        Text("index estimé ? o(ui)", "estimated index? y(es)"),
        _read_yes,
        Text("on attend o, ou Entrée", "expected y, or Enter"),
        kinds=('"energy"',),
    ),
    _Question("price", Text("prix unitaire, €", "unit price, €"), read_amount, _AMOUNT),
    _Question(
        "eur", Text("montant de la ligne, €", "amount of the line, €"), read_amount, _AMOUNT, optional=False
    ),
    _Question("tva", Text("TVA, %", "TVA, %"), lambda text: read_amount(text.replace("%", "")), _AMOUNT),
)
_TOTAL = _Question(
    "total", Text("total TTC du papier, €", "total of the paper with taxes, €"), read_amount, _AMOUNT
)


def enter_bill(path: Path, ask: Callable[[str], str] = input) -> int:
    """Ask for a bill and write it into *path*; return the exit status.

    Args:
        path: the file, which must not be there yet: what was typed for an hour cannot be had again.
        ask: shows a question and returns the answer.

    Raises:
        StorageError: the file is there already, or cannot be written.
    """
    if path.exists():
        raise StorageError(
            Text(
                f"{path} : existe déjà ; donnez un autre nom à --enter, ou supprimez-le",
                f"{path}: exists already; give --enter another name, or remove it",
            )
        )
    storage = Storage()
    print(
        Text(
            "Entrée seule : rien d'imprimé, ou fin des lignes. « < » : la question d'avant.",
            "Enter alone: nothing is printed, or no more lines. “<”: the question before.",
        )
    )
    lines: list[dict[str, str]] = []
    total: str | None = None
    try:
        while line := _asked_line(ask, len(lines) + 1):
            lines.append(line)
            storage.replace(path, _toml(lines, None).encode())
        total = _asked_total(ask)
    except EOFError:
        print()
    storage.replace(path, _toml(lines, total).encode())
    print(
        Text(
            f"{path} : {len(lines)} lignes ; « linkymonitor bill --check {path} » les compare",
            f"{path}: {len(lines)} lines; 'linkymonitor bill --check {path}' compares them",
        )
    )
    return 0


def _asked_total(ask: Callable[[str], str]) -> str | None:
    while True:
        try:
            return _asked(_TOTAL, ask)
        except _Back:  # the lines are written
            continue


def _asked_line(ask: Callable[[str], str], number: int) -> dict[str, str]:
    """Return the answers for a line; none when there is no line any more."""
    answers: dict[str, str] = {}
    print(Text(f"— ligne {number}", f"— line {number}"))
    at = 0
    while at < len(_LINE):
        question = _LINE[at]
        if question.kinds and answers.get("kind") not in question.kinds:
            at += 1
            continue
        try:
            answer = _asked(question, ask)
        except _Back:
            at = max(at - 1, 0)
            while _LINE[at].kinds and answers.get("kind") not in _LINE[at].kinds:
                at -= 1
            continue
        if answer is None and question.key == "kind":
            return {}
        answers.pop(question.key, None)
        if answer is not None:
            answers[question.key] = answer
        at += 1
    return answers


def _asked(question: _Question, ask: Callable[[str], str]) -> str | None:
    while True:
        text = ask(f"  {question.text} : ").strip()
        if text == _BACK:
            raise _Back
        if not text and question.optional:
            return None
        try:
            return question.read(text)
        except ValueError:
            print(f"  {text}: {question.expected}")


def _toml(lines: list[dict[str, str]], total: str | None) -> str:
    parts = [] if total is None else [f"total = {total}"]
    for line in lines:
        parts += ["", "[[line]]", *(f"{key} = {value}" for key, value in line.items())]
    return "\n".join(parts).strip() + "\n"
