"""How a supplier makes a bill: the terms of [contract], with what counts where one is not set."""

from typing import NamedTuple

from linkymonitor.money.contract import Contract, Formula, Lines, Paid, Proration, Split, TaxPath


class Decimals(NamedTuple):
    """To how many decimals of a euro the lines of a bill are rounded."""

    subscription: int = 2
    energy: int = 2
    taxes: int = 2


class Rules(NamedTuple):
    """The rules of one supplier."""

    proration: Proration = Proration.CALENDAR_MONTH
    paid: Paid = Paid.ARREARS
    split: Split = Split.INDEX
    path: TaxPath = TaxPath.TTC
    decimals: Decimals = Decimals()
    formula: Formula = Formula.CU4
    lines: Lines = Lines.PRICE
    surcharges: tuple[str, ...] = ()

    @classmethod
    def of(cls, contract: Contract) -> "Rules":
        """Return the rules that *contract* sets, and the usual ones for the rest."""
        usual = cls()
        return cls(
            proration=contract.proration or usual.proration,
            paid=contract.subscription_paid or usual.paid,
            split=contract.split or usual.split,
            path=contract.path or usual.path,
            decimals=Decimals(*map(int, contract.decimals.split())) if contract.decimals else usual.decimals,
            formula=contract.acheminement or usual.formula,
            lines=contract.lines or usual.lines,
            surcharges=contract.surcharges,
        )
