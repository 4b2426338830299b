"""Taxes, and what the contribution to the network (CTA) is a share of: dated rates of taxes.toml."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from linkymonitor.errors import ConfigError
from linkymonitor.language import Text
from linkymonitor.money.table import read_document

_FILE = "taxes.toml"


class Tva(NamedTuple):
    """The rates of the TVA, in percent."""

    energy: Decimal
    subscription: Decimal


class Network(NamedTuple):
    """The fixed part of the network's price (TURPE), in € a year without taxes."""

    management: Decimal
    metering: Decimal
    #: Formula → € a kVA.
    by_kva: Mapping[str, Decimal]

    def year(self, formula: str, kva: int) -> Decimal:
        """Return the fixed part for a subscribed power of *kva*."""
        return self.management + self.metering + self.by_kva[formula] * kva


class Surcharge(NamedTuple):
    """What some houses pay on top of a regulated subscription."""

    label: Text
    #: The day from which on each amount counts, in € a year without taxes.
    amounts: tuple[tuple[date, Decimal], ...]

    def year(self, day: date) -> Decimal | None:
        """Return the amount in force on *day*, None before the first."""
        return next((amount for start, amount in reversed(self.amounts) if start <= day), None)


class Taxes:
    """The rates of every day.

    Args:
        content: of the file of taxes.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        self.surcharges = {
            each["code"]: Surcharge(
                Text(each["label"], each.get("label_en", each["label"])),
                tuple((row["from"], Decimal(row["amount"])) for row in each["rows"]),
            )
            for each in content.get("surcharge", [])
        }

    def tva(self, day: date) -> Tva | None:
        """Return the rates of the TVA on *day*, None when they are not known."""
        row = self.in_force("tva", day)
        return None if row is None else Tva(Decimal(row["energy"]), Decimal(row["subscription"]))

    def accise(self, day: date) -> Decimal | None:
        """Return the accise on *day* in €/kWh without TVA, None when it is not known."""
        row = self.in_force("accise", day)
        return None if row is None else Decimal(row["rate"])

    def cta(self, day: date) -> Decimal | None:
        """Return the CTA on *day*, in percent of the fixed part of the network's price; None when it is not known."""
        row = self.in_force("cta", day)
        return None if row is None else Decimal(row["rate"])

    def network(self, day: date) -> Network | None:
        """Return the fixed part of the network's price on *day*, None when it is not known."""
        row = self.in_force("turpe_fixed", day)
        if row is None:
            return None
        by_kva = {formula: Decimal(amount) for formula, amount in row["by_kva"].items()}
        return Network(Decimal(row["management"]), Decimal(row["metering"]), by_kva)

    def changes(self) -> list[date]:
        """Return the days from which on another rate counts, or none is known."""
        names = ("tva", "accise", "cta", "turpe_fixed")
        tables = [*names, *(f"{name}_unknown" for name in names)]
        return sorted({row["from"] for name in tables for row in self._content.get(name, [])})

    def in_force(self, name: str, day: date) -> Mapping[str, Any] | None:
        """Return the row of the tax *name* in force on *day*, None when it is not known."""
        unknown = [row["from"] for row in self._content.get(f"{name}_unknown", []) if row["from"] <= day]
        rows: Sequence[Mapping[str, Any]] = [row for row in self._content.get(name, []) if row["from"] <= day]
        newest = max(rows, key=lambda row: row["from"], default=None)
        if newest is None or any(begin >= newest["from"] for begin in unknown):
            return None
        return newest


def read_taxes(folders: Sequence[Path]) -> Taxes:
    """Return the taxes of the first of *folders* that has a file of them.

    Raises:
        ConfigError: no folder has one, or the file cannot be read.
    """
    for folder in folders:
        path = folder / _FILE
        if path.is_file():
            return Taxes(read_document(path).content)
    raise ConfigError(
        Text(
            f"{folders[-1] / _FILE} : manque ; réinstallez linkymonitor",
            f"{folders[-1] / _FILE}: missing; install linkymonitor again",
        )
    )
