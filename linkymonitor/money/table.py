"""A price table: one offer with its periods, its rules and its rows of prices, read from a TOML file."""

# Strategy
#
# - Numbers are decimals from the first byte on: no price is ever a float.
# - Every fault of a file is collected, each with its place and its remedy, and a table with a fault is not used:
#   prices of half a table would look right and be wrong.
# - tomllib is imported late, because a report without an offer does without it.

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from linkymonitor.errors import ConfigError
from linkymonitor.language import Text, cause
from linkymonitor.money.rules import Hours, OffPeak, Rule, Season

#: Label of the meter's register in historique mode → the code of the register.
HISTORIQUE: Mapping[str, str] = MappingProxyType(
    {
        "BASE": "TH",
        "HCHC": "HC",
        "HCHP": "HP",
        "EJPHN": "HN",
        "EJPHPM": "PM",
        "BBRHCJB": "HCJB",
        "BBRHPJB": "HPJB",
        "BBRHCJW": "HCJW",
        "BBRHPJW": "HPJW",
        "BBRHCJR": "HCJR",
        "BBRHPJR": "HPJR",
    }
)
#: Label of the meter's register in standard mode → its code where the contract gives none.
STANDARD: Mapping[str, str] = MappingProxyType(
    {f"EASF{number:02}": f"F{number:02}" for number in range(1, 11)}
)
#: The byte-order mark of UTF-8.
_BOM = b"\xef\xbb\xbf"


class Period(NamedTuple):
    """A period of the offer: one price."""

    code: str
    label: Text
    #: The codes of the meter's registers that count it; empty where the hour decides.
    registers: frozenset[str] = frozenset()


class Band(NamedTuple):
    """A price of the kWh for subscribed powers from *low* to *high*, in kVA, both included."""

    low: int
    high: int
    price: Decimal


class Row(NamedTuple):
    """A row of prices, in force from *start* to before *end*."""

    start: date
    end: date | None
    #: kVA → € TTC a month; exact: a price of the year is divided only where it is used.
    subscription: Mapping[int, Decimal]
    #: Period → its prices of the kWh, in € TTC.
    energy: Mapping[str, tuple[Band, ...]]
    #: From that day on the prices may be out of date; on the open row only.
    next_revision: date | None = None
    doubt: Text | None = None
    #: True when *subscription* is for a year.
    by_year: bool = False
    #: The row is for contracts signed from the first to before the second; None: for all.
    signed: tuple[date, date | None] | None = None
    #: The same prices without taxes, as far as they are known: kVA → € a month, and period → € a kWh.
    subscription_ht: Mapping[int, Decimal] = MappingProxyType({})
    energy_ht: Mapping[str, tuple[Band, ...]] = MappingProxyType({})

    def month(self, subscription: Decimal) -> Decimal:
        """Return *subscription*, a price of this row, as a price of the month."""
        # With 28 digits the twelfth of a price is exact to far less than a cent in any number of years.
        return subscription / 12 if self.by_year else subscription

    def price(self, period: str, kva: int | None) -> Decimal | None:
        """Return the price of the kWh, None when it depends on a power that is not known."""
        return _of_power(self.energy.get(period, ()), kva)

    def price_ht(self, period: str, kva: int | None) -> Decimal | None:
        """Return the price of the kWh without taxes, None when it is not known or depends on a power that is not."""
        return _of_power(self.energy_ht.get(period, ()), kva)


def _of_power(bands: Sequence[Band], kva: int | None) -> Decimal | None:
    if kva is None:
        return bands[0].price if len({band.price for band in bands}) == 1 else None
    return next((band.price for band in bands if band.low <= kva <= band.high), None)


class Gap(NamedTuple):
    """A time for which nobody found the prices."""

    start: date
    end: date | None
    reason: Text


class Table(NamedTuple):
    """One offer."""

    id: str
    name: str
    supplier: str
    regulated: bool
    checked: date
    zone: str
    powers: tuple[int, ...]
    periods: tuple[Period, ...]
    rules: tuple[Rule, ...]
    rows: tuple[Row, ...]
    gaps: tuple[Gap, ...] = ()
    seasons: Mapping[str, Season] = MappingProxyType({})
    #: ``tempo`` or ``ejp``, None for an offer without colours.
    calendar: str | None = None
    #: Period → the ranges of which the client chose one.
    choice: Mapping[str, tuple[Hours, ...]] = MappingProxyType({})
    off_peak: tuple[OffPeak, ...] = ()
    #: True when a new row does not touch the contracts that are signed.
    for_new_contracts: bool = False

    @property
    def registers(self) -> frozenset[str]:
        """The registers of the meter that are periods of the offer."""
        return frozenset().union(*(period.registers for period in self.periods))

    @property
    def own_hours(self) -> bool:
        """Whether a rule asks for the off-peak hours of the house."""
        return any(rule.own for rule in self.rules)

    def row(self, day: date) -> Row | None:
        """Return the row in force on *day*, None in a gap and outside of the table."""
        return next(
            (row for row in reversed(self.rows) if row.start <= day and (row.end is None or day < row.end)),
            None,
        )

    def gap(self, day: date) -> Gap | None:
        """Return the gap that holds *day*, None when there is none."""
        return next(
            (gap for gap in self.gaps if gap.start <= day and (gap.end is None or day < gap.end)), None
        )


class Document(NamedTuple):
    """A TOML file as it was read."""

    path: Path
    content: Mapping[str, Any]


def read_document(path: Path) -> Document:
    """Return the content of the TOML file *path*, whose numbers are decimals.

    Raises:
        ConfigError: with a sentence that names the file, the line, the fault and the remedy.
    """
    import tomllib

    try:
        raw = path.read_bytes()
    except OSError as error:
        why = cause(error)
        raise ConfigError(
            Text(
                f"{path} : lecture impossible ({why.fr}) ; rendez ce fichier lisible",
                f"{path}: cannot be read ({why.en}); make this file readable",
            )
        ) from error
    if raw.startswith(_BOM):
        raise ConfigError(
            Text(
                f"{path} : ligne 1 : commence par une marque d'ordre (BOM) ; enregistrez en UTF-8 sans BOM",
                f"{path}: line 1: begins with a byte-order mark (BOM); save as UTF-8 without BOM",
            )
        )
    try:
        return Document(path, tomllib.loads(raw.decode(), parse_float=Decimal))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            Text(
                f"{path} : ligne {line} : pas en UTF-8 ; enregistrez le fichier en UTF-8",
                f"{path}: line {line}: not UTF-8; save the file as UTF-8",
            )
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}" + _syntax(raw.decode(), str(error))) from error


def _syntax(text: str, error: str) -> Text:
    """Return the fault of the line at which reading ended, with its remedy."""
    import re

    at = re.search(r"at line (\d+)", error)
    number = int(at[1]) if at else text.count("\n") + 1
    lines = text.splitlines()
    line = lines[number - 1] if number <= len(lines) else ""
    comma = re.search(r"=\s*(\d+),(\d+)", line)
    if comma:
        return Text(
            f" : ligne {number} : {comma[1]},{comma[2]} : une virgule ; écrivez {comma[1]}.{comma[2]}",
            f": line {number}: {comma[1]},{comma[2]}: a comma; write {comma[1]}.{comma[2]}",
        )
    return Text(
        f" : ligne {number} : illisible comme TOML ; on attend clé = valeur, [section] ou # commentaire",
        f": line {number}: cannot be read as TOML; expected key = value, [section] or # comment",
    )
