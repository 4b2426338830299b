"""What a person types of a paper bill, as the file of a typed bill has it: amounts, dates, registers."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from linkymonitor.billing.values import CREDIT, ENERGY, REVENUE, SUBSCRIPTION, TAX
from linkymonitor.language import MONTHS

_KINDS = {
    "a": SUBSCRIPTION,
    "s": SUBSCRIPTION,
    "c": ENERGY,
    "e": ENERGY,
    "t": TAX,
    "r": REVENUE,
    "x": CREDIT,
}
#: Words of bills for a register of hours, the longer first.
_HOURS = (
    ("PM", ("POINTE", "MOBILE PEAK")),
    ("HC", ("CREUSE", "OFF-PEAK", "OFF PEAK")),
    ("HP", ("PLEINE", "PEAK")),
    ("HN", ("NORMAL",)),
    ("TH", ("TOUTES HEURES", "ALL HOURS", "BASE")),
)
_COLOURS = (("B", ("BLEU", "BLUE")), ("W", ("BLANC", "WHITE")), ("R", ("ROUGE", "RED")))


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
    """Return a date as typed, day first or year first, ``9 juin 2026``; raise ValueError when it is none."""
    for word in re.findall(r"[^\W\d_]{3,}", text):
        month = _month(word)
        text = re.sub(rf"\s*{word}\.?\s*", f"/{month}/", text, count=1)
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


def _month(word: str) -> int:
    """Return the month that *word* names or begins, in French or English; raise ValueError when none."""
    begun = _plain(word)
    found = {
        number
        for number, month in enumerate(MONTHS, 1)
        for name in (month.fr, month.en)
        if _plain(name).startswith(begun)
    }
    if len(found) != 1:
        raise ValueError(word)
    return found.pop()


def _plain(word: str) -> str:
    """Return *word* in small letters without accents."""
    return word.lower().translate(str.maketrans("éèêû", "eeeu"))


def read_kind(text: str) -> str:
    """Return a kind of line by its first letter, as TOML has it; raise ValueError when it is none."""
    kind = _KINDS.get(text.strip().lower()[:1])
    if kind is None:
        raise ValueError(text)
    return f'"{kind}"'


def read_path(text: str) -> str:
    """Return whether amounts are without taxes or with them, as TOML has it; raise ValueError when it is neither."""
    word = text.strip().lower()
    if word.startswith(("h", "without", "sans")):
        return '"ht"'
    if word.startswith(("t", "with", "avec")):
        return '"ttc"'
    raise ValueError(text)


def read_yes(text: str) -> str:
    """Return a yes or no in French or English as TOML has it; raise ValueError when it is neither."""
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
    hours = next((code for code, printed in _HOURS if any(each in word for each in printed)), None)
    colour = next((code for code, printed in _COLOURS if any(each in word for each in printed)), None)
    code = word if hours is None else hours if colour is None else f"{hours}J{colour}"
    if not re.fullmatch(r"[A-Z0-9_]{1,12}", code):
        raise ValueError(text)
    return f'"{code}"'


def read_text(text: str) -> str:
    """Return a text as TOML has it."""
    return '"' + re.sub(r'[\x00-\x1f"\\]', " ", text).strip() + '"'
