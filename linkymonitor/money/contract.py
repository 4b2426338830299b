"""The sections [contract] and [contract:DATE]: the offer, the subscribed power, and how bills are made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text
from linkymonitor.money.tariffs import DOUBTED

if TYPE_CHECKING:
    from linkymonitor.money.rules import Hours

#: Names that stand for no offer: the prices of [tariff] count again.
NO_OFFER = ("none", "aucune")
_MOST_KVA = 36


class Proration(Enum):
    """How a bill shares the price of a month among its days."""

    CALENDAR_MONTH = "calendar-month"
    MONTH_30 = "month-30"
    YEAR_365 = "year-365"
    YEAR_366 = "year-366"
    ANNIVERSARY = "anniversary"


class Paid(Enum):
    """When the subscription is paid."""

    ARREARS = "arrears"
    ADVANCE = "advance"


class Split(Enum):
    """How energy is shared where a price changes."""

    INDEX = "index"
    DAYS = "days"


class TaxPath(Enum):
    """What a bill is worked from: prices with taxes, or without."""

    TTC = "ttc"
    HT = "ht"


class Formula(Enum):
    """The formula of the network's part of the subscription (acheminement)."""

    CU4 = "CU4"
    MU4 = "MU4"
    CUST = "CUST"
    MUDT = "MUDT"
    LU = "LU"


class Lines(Enum):
    """What makes a new line on a bill."""

    PRICE = "price"
    PRICE_POWER = "price-power"


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Contract:
    """``[contract]``: the offer; ``[contract:DATE]`` has what changes from that day on."""

    #: The id of a price table. Empty: the prices of [tariff] count.
    offer: str | None = None
    #: Subscribed power, kVA. Empty: that of the meter.
    power: int | None = None
    #: The first day of the contract. Empty: it has no beginning.
    since: date | None = None
    #: The house's own off-peak hours. Empty: those of the meter.
    off_peak: tuple[str, ...] = ()
    #: The same from 1 April to 31 October, and from 1 November to 31 March, where they differ.
    off_peak_summer: tuple[str, ...] = ()
    off_peak_winter: tuple[str, ...] = ()
    #: The hours that were chosen at the signature of an offer that lets choose.
    chosen_hours: tuple[str, ...] = ()
    #: What a kWh injected is paid, in €. Empty: [tariff] injection.
    injection_price: Decimal | None = None
    #: A folder of price tables of one's own.
    tables: Path | None = None
    proration: Proration | None = None
    subscription_paid: Paid | None = None
    split: Split | None = None
    path: TaxPath | None = None
    #: Decimals of the lines of a bill: subscription, energy, taxes.
    decimals: str | None = None
    acheminement: Formula | None = None
    lines: Lines | None = None
    surcharges: tuple[str, ...] = ()
    #: The day of the month on which a bill begins, 1 to 28. Empty: the periods of bills are not known.
    reading_day: int | None = None
    #: How many months a bill has: 1, 2, 6 or 12; the first bill begins in the month of *since*, else in January.
    reading_months: int | None = None
    #: What is paid each month, in €, whatever was used; a yearly bill settles the rest.
    instalment: Decimal | None = None
    #: How many such payments a bill has. Empty: 10 of a year, else one a month.
    instalments: int | None = None

    def __post_init__(self) -> None:
        faults = [*_wrong_amounts(self), *_wrong_hours(self), *_wrong_words(self)]
        if faults:
            raise BadSetting(*faults)

    def hours(self, key: str) -> "tuple[Hours, ...]":
        """Return the ranges of *key*, such as ``off_peak``."""
        # Only here: few houses give hours of their own, and every command reads the settings.
        from linkymonitor.money.rules import read_hours

        return tuple(read_hours(text) for text in getattr(self, key))

    def then(self, later: "Contract") -> "Contract":
        """Return this contract with what *later* changes; a key that *later* leaves empty stays."""
        changed = {
            field.name: value
            for field in fields(Contract)
            if field.name not in ("since", "tables")
            and (value := getattr(later, field.name)) not in (None, ())
        }
        if later.off_peak and not (later.off_peak_summer or later.off_peak_winter):
            changed |= {"off_peak_summer": (), "off_peak_winter": ()}
        return replace(self, **changed)

    @property
    def table(self) -> str | None:
        """The id of the price table, None when the prices of [tariff] count."""
        return None if self.offer is None or self.offer.lower() in NO_OFFER else self.offer


def _wrong_amounts(contract: Contract) -> list[Text]:
    faults = []
    if contract.power is not None and not 1 <= contract.power <= _MOST_KVA:
        faults.append(
            Text(
                f"power = {contract.power} : on attend une puissance en kVA, de 1 à 36",
                f"power = {contract.power}: expected a power in kVA, from 1 to 36",
            )
        )
    price = contract.injection_price
    if price is not None and not 0 <= price <= DOUBTED:
        faults.append(
            Text(
                f"injection_price = {price} : on attend un prix en €/kWh, de 0 à 3",
                f"injection_price = {price}: expected a price in €/kWh, from 0 to 3",
            )
        )
    for key, value, expected in (
        ("reading_day", contract.reading_day, range(1, 29)),
        ("reading_months", contract.reading_months, (1, 2, 6, 12)),
        ("instalments", contract.instalments, range(1, 13)),
    ):
        if value is not None and value not in expected:
            listed = "1 à 28" if key == "reading_day" else ", ".join(map(str, expected))
            english = "1 to 28" if key == "reading_day" else listed
            faults.append(
                Text(f"{key} = {value} : on attend {listed}", f"{key} = {value}: expected {english}")
            )
    if contract.reading_months is not None and contract.reading_day is None:
        faults.append(
            Text(
                "reading_months : sans reading_day ; donnez le jour où une facture commence",
                "reading_months: without reading_day; give the day on which a bill begins",
            )
        )
    return faults


def _wrong_hours(contract: Contract) -> list[Text]:
    keys = [
        key
        for key in ("off_peak", "off_peak_summer", "off_peak_winter", "chosen_hours")
        if getattr(contract, key)
    ]
    if not keys:
        return []
    from linkymonitor.money.rules import read_hours

    faults = []
    for key in keys:
        minutes: set[int] = set()
        for text in getattr(contract, key):
            try:
                span = read_hours(text)
            except ValueError:
                faults.append(
                    Text(
                        f"{key} = {text} : on attend des plages telles que 22:00-06:00, 12:30-14:30",
                        f"{key} = {text}: expected ranges such as 22:00-06:00, 12:30-14:30",
                    )
                )
                continue
            inside = {(span.start + minute) % (24 * 60) for minute in range(span.minutes)}
            if minutes & inside:
                faults.append(
                    Text(
                        f"{key} = {text} : chevauche une autre plage ; corrigez l'une des deux",
                        f"{key} = {text}: overlaps another range; mend one of them",
                    )
                )
            minutes |= inside
    if bool(contract.off_peak_summer) != bool(contract.off_peak_winter) and not contract.off_peak:
        faults.append(
            Text(
                "off_peak_summer, off_peak_winter : l'une sans l'autre ; donnez les deux, ou off_peak pour le reste",
                "off_peak_summer, off_peak_winter: one without the other; give both, or off_peak for the rest",
            )
        )
    return faults


def _wrong_words(contract: Contract) -> list[Text]:
    faults = []
    if contract.decimals is not None:
        parts = contract.decimals.split()
        if len(parts) != 3 or not all(part in ("2", "3") for part in parts):
            faults.append(
                Text(
                    f"decimals = {contract.decimals} : on attend trois nombres, 2 ou 3, tels que 2 2 2",
                    f"decimals = {contract.decimals}: expected three numbers, 2 or 3, such as 2 2 2",
                )
            )
    for name in contract.surcharges:
        if name not in _SURCHARGES:
            known = ", ".join(_SURCHARGES)
            faults.append(
                Text(
                    f"surcharges = {name} : inconnu ; on attend {known}",
                    f"surcharges = {name}: unknown; expected {known}",
                )
            )
    return faults


_SURCHARGES: tuple[str, ...] = ("injection", "no-linky", "no-index")


def dated_faults(
    contract: Contract, contracts: Mapping[date, Contract], tariffs: Mapping[date, object]
) -> list[Text]:
    """Return a fault for each dated section that comes before the contract, and each key that it cannot have.

    Args:
        contract: the section [contract].
        contracts: date → the section [contract:DATE].
        tariffs: date → the section [tariff:DATE].
    """
    faults = []
    since = contract.since
    for section, days in (("contract", contracts), ("tariff", tariffs)):
        faults += [
            Text(
                f"[{section}:{day}] : avant le début du contrat, [contract] since = {since} ; corrigez l'une des "
                "deux dates",
                f"[{section}:{day}]: before the contract began, [contract] since = {since}; mend one of the two dates",
            )
            for day in sorted(days)
            if since is not None and day < since
        ]
    for day, changes in sorted(contracts.items()):
        faults += [
            Text(
                f"[contract:{day}] {key} : n'a de sens que dans [contract] ; mettez-l'y, ou supprimez cette ligne",
                f"[contract:{day}] {key}: only makes sense in [contract]; put it there, or remove this line",
            )
            for key in ("since", "tables")
            if getattr(changes, key) is not None
        ]
    return faults
