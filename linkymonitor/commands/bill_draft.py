"""A paper bill that is being typed, and its file."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from linkymonitor.billing.answers import read_text
from linkymonitor.billing.paper import UNFINISHED
from linkymonitor.commands.bill_questions import LINE, PATH, Answers, rate_key
from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.system.storage import Storage

#: The key of the question that was not answered yet, in the table of the unfinished line.
NEXT = "next"
_NUMBER = (int, Decimal)
#: The values that the questions write, by their keys.
_LINE_VALUES: dict[str, type | tuple[type, ...]] = {
    "kind": str,
    "label": str,
    "register": str,
    "from": date,
    "to": date,
    "index_from": int,
    "index_to": int,
    "kwh": int,
    "estimated": bool,
    "price": _NUMBER,
    "eur": _NUMBER,
    "tva": _NUMBER,
    NEXT: str,
}
_TOP_VALUES: dict[str, type | tuple[type, ...]] = {PATH.key: str, "ht": _NUMBER, "total": _NUMBER}


class Draft:
    """A bill that is being typed, and its file.

    Args:
        path: the file.

    Raises:
        StorageError: the file has more than the questions write: what somebody typed for an hour cannot be had again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[dict[str, str]] = []
        #: The sums of the paper, and whether its amounts are without taxes.
        self.top: dict[str, str] = {}
        #: The answers of the line that is not finished; none: a new line begins.
        self.unfinished: dict[str, str] = {}
        if path.exists():
            self._read()

    @property
    def empty(self) -> bool:
        """Whether nothing was typed yet."""
        return not (self.lines or self.unfinished or self.top)

    def _read(self) -> None:
        try:
            text = self.path.read_text("utf-8")
            if "#" in re.sub(r'"[^"\n]*"', "", text):
                raise ValueError(self.path)  # a comment would be lost
            content = tomllib.loads(text, parse_float=Decimal)
            lines, unfinished = content.pop("line", []), content.pop(UNFINISHED, {})
            rates = content.pop("tva", {})
            if any(not {"kind", "eur"} <= line.keys() for line in lines):
                raise ValueError(self.path)
            self.lines = [_as_answers(line, _LINE_VALUES) for line in lines]
            self.unfinished = _as_answers(unfinished, _LINE_VALUES)
            self.top = _as_answers(content, _TOP_VALUES)
            self.top |= {rate_key(Decimal(rate)): _as_toml(rates[rate], _NUMBER) for rate in rates}
        except (ValueError, ArithmeticError, AttributeError, KeyError, TypeError, OSError):
            raise StorageError(
                Text(
                    f"{self.path} : existe déjà, et n'est pas tel que --enter l'écrit ; corrigez-le dans un éditeur, "
                    "ou donnez un autre nom à --enter",
                    f"{self.path}: exists already, and is not as --enter writes it; mend it in an editor, or give "
                    "--enter another name",
                )
            ) from None

    def line(self, number: int) -> dict[str, str]:
        """Return the answers of the line of this *number*, from 0; the one after the last is the unfinished line."""
        return self.lines[number] if number < len(self.lines) else self.unfinished

    def finish(self) -> None:
        """Add the unfinished line to the lines."""
        self.unfinished.pop(NEXT, None)
        self.lines.append(self.unfinished)
        self.unfinished = {}

    def save(self) -> None:
        """Write what was typed."""
        rates = {key.removeprefix("tva "): value for key, value in self.top.items() if key.startswith("tva ")}
        parts = [f"{key} = {value}" for key, value in self.top.items() if not key.startswith("tva ")]
        if rates:
            listed = ", ".join(f'"{rate}" = {value}' for rate, value in rates.items())
            parts.append(f"tva = {{ {listed} }}")
        tables: list[tuple[str, Answers]] = [("[[line]]", line) for line in self.lines]
        if self.unfinished:
            tables.append((f"[{UNFINISHED}]", self.unfinished))
        for head, values in tables:
            parts += ["", head, *(f"{key} = {value}" for key, value in values.items())]
        Storage().replace(self.path, ("\n".join(parts).strip() + "\n").encode())


def drop_unasked(line: dict[str, str]) -> None:
    """Remove from *line* the answers to questions that are not asked of it any more, as when its kind was changed."""
    for key in {question.key for question in LINE} & line.keys():
        if not any(question.asked(line) for question in LINE if question.key == key):
            del line[key]


def _as_answers(table: dict[str, object], values: dict[str, type | tuple[type, ...]]) -> dict[str, str]:
    """Return the values of *table* as they stand in the file.

    Raises:
        KeyError: the questions write no such key.
        ValueError: the questions write no such value.
    """
    return {key: _as_toml(value, values[key]) for key, value in table.items()}


def _as_toml(value: object, kind: type | tuple[type, ...]) -> str:
    if not isinstance(value, kind) or (isinstance(value, (bool, datetime)) and kind is not bool):
        raise ValueError(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        if (written := read_text(value)) != f'"{value}"':
            raise ValueError(value)
        return written
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(value)
    return str(value)
