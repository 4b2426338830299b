"""What a person types of a paper bill, as the file of a typed bill has it: amounts, dates, registers."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from linkymonitor.billing.values import CREDIT, ENERGY, REVENUE, SUBSCRIPTION, TAX
from linkymonitor.language import MONTHS, WEEKDAYS, Text, spoken, written_date

#: The letters of the kinds of lines in each language: c is "consommation" in French, and would be "credit" in English.
_LETTERS = {
    "fr": {"a": SUBSCRIPTION, "c": ENERGY, "t": TAX, "r": REVENUE, "x": CREDIT},
    "en": {"s": SUBSCRIPTION, "e": ENERGY, "t": TAX, "r": REVENUE, "x": CREDIT},
}
#: Words of bills for a kind of line.
_KINDS = (
    (SUBSCRIPTION, ("abonnement", "subscription", "standing")),
    (ENERGY, ("consommation", "consumption", "energie", "energy")),
    (TAX, ("taxe", "tax", "accise", "excise", "cta", "tva", "vat", "contribution")),
    (REVENUE, ("revenu", "injection", "surplus")),
    (CREDIT, ("avoir", "credit", "remise", "remboursement", "refund")),
)
#: Words of bills for a register of hours, the longer first.
_HOURS = (
    ("PM", ("POINTE", "MOBILE PEAK")),
    ("HC", ("CREUSE", "OFF-PEAK", "OFF PEAK")),
    ("HP", ("PLEINE", "PEAK")),
    ("HN", ("NORMAL",)),
    ("TH", ("TOUTES HEURES", "ALL HOURS", "BASE")),
)
_COLOURS = (("B", ("BLEU", "BLUE")), ("W", ("BLANC", "WHITE")), ("R", ("ROUGE", "RED")))


class Impossible(ValueError):
    """What a person typed has the right form and cannot be.

    Args:
        why: the reason.
    """

    def __init__(self, why: Text) -> None:
        super().__init__(why)
        self.why = why


def read_amount(text: str) -> str:
    """Return an amount as typed, ``1 234,56 €`` or ``12,69 c€``, in € as TOML has it.

    Raises:
        ValueError: it is no amount.
    """
    # A price in c€ or per MWh keeps its digits, and moves its point.
    moved = 0
    if re.search(r"(?i)/\s*mwh", text):
        moved = 3
    elif re.search(r"(?i)\d\s*(c€|€?cts?\b|cents?\b|centimes?\b|c\b)", text):
        moved = 2
    plain = re.sub(
        r"(?i)[\s€'/]|mwh|mois|month|kwh|ttc|ht|eur(os?)?|centimes?|cents?|cts?|c(?=$|[\s/€])", "", text
    )
    plain = plain.replace(",", ".").replace("\N{MINUS SIGN}", "-")
    if not re.fullmatch(r"[+-]?([0-9]{1,6}(\.[0-9]{0,5})?|\.[0-9]{1,5})", plain):
        raise ValueError(text)
    return f"{Decimal(plain).scaleb(-moved):f}"


def read_whole(text: str) -> str:
    """Return a whole number as typed, ``68 832 kWh``, as TOML has it; raise ValueError when it is none."""
    plain = re.sub(r"(?i)\s|kwh", "", text)
    # A point or an apostrophe stands before three digits; 68832.5 is no whole number.
    digits = re.sub(r"(?<=\d)['.](?=\d{3}(?!\d))", "", plain)
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", digits):
        raise ValueError(text)
    return str(int(digits))


def read_date(text: str) -> str:
    """Return a date as typed, day first or year first, ``9 juin 2026`` or ``jeudi 9 juin 2026``.

    Raises:
        Impossible: there is no such day, or it is another day of the week.
        ValueError: it is no date.
    """
    *weekdays, month_word = re.findall(r"[^\W\d_]{3,}", text) or [""]
    parts = re.findall(r"\d+", text)
    if month_word:
        parts.insert(1, str(_month(month_word)))
    if len(parts) != 3 or len(weekdays) > 1:
        raise ValueError(text)
    numbers = list(map(int, parts))
    year, month, day = numbers if len(parts[0]) == 4 else reversed(numbers)
    if year < 100:
        year += 2000
    if not (2000 <= year < 2100 and 1 <= month <= 12 and 1 <= day <= 31):
        raise ValueError(text)
    days, name = monthrange(year, month)[1], MONTHS[month - 1]
    if day > days:
        raise Impossible(Text(f"{name.fr} {year} a {days} jours", f"{name.en} {year} has {days} days"))
    read = date(year, month, day)
    for word in weekdays:
        _check_weekday(word, read)
    return read.isoformat()


def _check_weekday(word: str, day: date) -> None:
    """Check that *word* is the day of the week of *day*, or begins it."""
    number = day.isoweekday()
    if _number_of(word, WEEKDAYS, number) == number:
        return
    on, name = written_date(day), WEEKDAYS[day.weekday()]
    raise Impossible(Text(f"le {on.fr} est un {name.fr}", f"{on.en} is a {name.en}"))


def _month(word: str) -> int:
    """Return the month that *word* names or begins, in French or English; raise ValueError when none."""
    return _number_of(word, MONTHS)


def _number_of(word: str, names: Sequence[Text], preferred: int | None = None) -> int:
    """Return the number, from 1, of the one of *names* that *word* is or begins; *preferred* when it begins several.

    Raises:
        ValueError: it begins none of them, or several.
    """
    begun = _plain(word)
    found = {
        number
        for number, name in enumerate(names, 1)
        for each in (name.fr, name.en)
        if _plain(each).startswith(begun)
    }
    if preferred in found:
        return preferred
    if len(found) != 1:
        raise ValueError(word)
    return found.pop()


def _plain(word: str) -> str:
    """Return *word* in small letters without accents."""
    return word.lower().translate(str.maketrans("éèêû", "eeeu"))


def read_kind(text: str) -> str:
    """Return a kind of line by its letter or by a word of bills, ``avoir``, ``Accise``, as TOML has it.

    Raises:
        ValueError: it is no kind, or the beginning of words of several kinds.
    """
    word = (_plain(re.sub(r"[()]", "", text)).split() or [""])[0]
    if len(word) < 2:
        found = {_LETTERS[spoken()].get(word)}
    else:
        found = {
            kind for kind, names in _KINDS for name in names if name.startswith(word) or word.startswith(name)
        }
    kind = found.pop() if len(found) == 1 else None
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
