"""``bill --enter``: asks for a paper bill line by line and writes the file that ``--check`` and ``--solve`` read."""

# Strategy
#
# - What a person types is forgiven: a comma, a currency sign, spaces in numbers, 08/01/2026 for a date. What cannot be
#   understood is asked for again, with what was expected.
# - The file is written after each line: a terminal that is closed loses the line that was being typed, no more. The
#   next call goes on behind the last line that is there.
# - A question that is asked again shows its answer, which Enter keeps.

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.system.storage import Storage

#: What a person types to return to the question before, and to delete the answer to this question.
_BACK, _NOTHING = "<", "-"
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
    thousand = 1000 if re.search(r"(?i)/\s*mwh", text) else 1
    plain = re.sub(r"(?i)[\s€'/]|mwh|mois|month|kwh|ttc|ht$|eur(os?)?", "", text).replace(",", ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise ValueError(text) from None
    if not number.is_finite():
        raise ValueError(text)
    return f"{number / thousand:f}"


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
    answer = text.strip().lower()[:1]
    if answer not in ("o", "y", "n"):
        raise ValueError(text)
    return "false" if answer == "n" else "true"


def read_rate(text: str) -> str:
    """Return a rate in percent as typed, ``5,5 %``, as TOML has it; raise ValueError when it is none."""
    rate = read_amount(text.replace("%", ""))
    if not (Decimal(rate) == 0 or 1 <= Decimal(rate) <= 100):
        raise ValueError(text)
    return rate


def read_register(text: str) -> str:
    """Return a register, ``HC`` or ``heures creuses``, as TOML has it; raise ValueError when it is none."""
    word = " ".join(text.split()).upper()
    code = next((code for code, printed in _PRINTED if printed in word), word)
    if not re.fullmatch(r"[A-Z0-9_]{1,12}", code):
        raise ValueError(text)
    return f'"{code}"'


#: The registers with the words that bills print for them, the longer words first.
_PRINTED = (
    *(
        (f"{hours}J{colour}", f"{word} {printed}")
        for hours, word in (("HC", "HEURES CREUSES"), ("HP", "HEURES PLEINES"))
        for colour, name in (("B", "BLEU"), ("W", "BLANC"), ("R", "ROUGE"))
        for printed in (name, f"JOURS {name}S", f"JOUR {name}")
    ),
    ("HC", "HEURES CREUSES"),
    ("HP", "HEURES PLEINES"),
    ("HN", "HEURES NORMALES"),
    ("PM", "POINTE"),
    ("TH", "TOUTES HEURES"),
    ("TH", "BASE"),
)


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
    _Question("label", Text("libellé imprimé", "label, as printed"), _read_text, _AMOUNT),
    _Question(
        "register",
        Text("registre : TH, HP, HC, HN, PM…", "register: TH, HP, HC, HN, PM…"),
        read_register,
        Text("on attend TH, HP, HC, HN, PM, HCJB…", "expected TH, HP, HC, HN, PM, HCJB…"),
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
    _Question(
        "tva",
        Text("TVA, %", "TVA, %"),
        read_rate,
        Text("on attend un taux, 20 ou 5,5", "expected a rate, 20 or 5.5"),
    ),
)
_TOTAL = _Question(
    "total", Text("total TTC du papier, €", "total of the paper with taxes, €"), read_amount, _AMOUNT
)


def enter_bill(path: Path, ask: Callable[[str], str] = input) -> int:
    """Ask for a bill and write it into *path*; return the exit status.

    Args:
        path: the file. Of a bill that was left half typed the lines that are there stay, and the next one is asked for.
        ask: shows a question and returns the answer.

    Raises:
        StorageError: the file is there and is no half of a bill, or cannot be written.
    """
    lines = _typed_already(path)
    storage = Storage()
    print(
        Text(
            "Entrée seule : rien d'imprimé, ou fin des lignes. « < » : la question d'avant. « - » : efface.",
            "Enter alone: nothing is printed, or no more lines. “<”: the question before. “-”: no answer after all.",
        )
    )
    if lines:
        print(
            Text(
                f"{path} : lignes déjà tapées : {len(lines)}",
                f"{path}: lines that are there already: {len(lines)}",
            )
        )
    total: str | None = None
    last: dict[str, str] | None = None
    try:
        while True:
            try:
                line = _asked_line(ask, len(lines) + 1, last)
            except _Back:
                last = lines.pop() if lines else None
                continue
            if not line:
                break
            last = None
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


def _typed_already(path: Path) -> list[dict[str, str]]:
    """Return the lines of the half of a bill in *path*; none when there is no such file.

    Raises:
        StorageError: the file has more than lines, or something else: what was typed for an hour cannot be had again.
    """
    if not path.exists():
        return []
    try:
        content = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
        if content.keys() != {"line"}:
            raise ValueError(path)
        return [{key: _as_toml(value) for key, value in line.items()} for line in content["line"]]
    except (ValueError, AttributeError, OSError):
        raise StorageError(
            Text(
                f"{path} : existe déjà ; donnez un autre nom à --enter, ou supprimez-le",
                f"{path}: exists already; give --enter another name, or remove it",
            )
        ) from None


def _as_toml(value: object) -> str:
    """Return *value* as it stands in the file."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _asked_line(
    ask: Callable[[str], str], number: int, before: dict[str, str] | None = None
) -> dict[str, str]:
    """Return the answers for a line; none when there is no line any more.

    Args:
        ask: shows a question and returns the answer.
        number: of the line, from 1.
        before: the answers for it that were given before; its last question is asked first.

    Raises:
        _Back: the question before the first one is wanted.
    """
    answers = dict(before or {})
    print(Text(f"— ligne {number}", f"— line {number}"))
    at = len(_LINE) - 1 if before else 0
    while at < len(_LINE):
        question = _LINE[at]
        if question.kinds and answers.get("kind") not in question.kinds:
            at += 1
            continue
        try:
            answer = _asked(question, ask, answers.get(question.key))
        except _Back:
            if at == 0:
                raise
            at -= 1
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


def _asked(question: _Question, ask: Callable[[str], str], before: str | None = None) -> str | None:
    shown = "" if before is None else f" [{before.strip(chr(34))}]"
    while True:
        text = ask(f"  {question.text}{shown} : ").strip()
        if text == _BACK:
            raise _Back
        if not text and before is not None:
            return before
        if text in ("", _NOTHING) and question.optional:
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
