"""One offer as one house has it: its table, its hours, and why a price of it is missing or to be doubted."""

from datetime import date, timedelta
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from linkymonitor.errors import ConfigError
from linkymonitor.language import Text, written_date
from linkymonitor.money.contract import Contract
from linkymonitor.money.rules import COLOURS, OffPeak, Rule, Season, Slices
from linkymonitor.money.shelf import Shelf
from linkymonitor.money.table import Gap, Period, Row, Table

#: The halves of the year that the reform of 2025-27 gives different off-peak hours.
_SUMMER, _WINTER = Season((4, 1), (10, 31)), Season((11, 1), (3, 31))
_NO_TABLES = Text(
    "[contract] offer : aucune grille de prix n'est installée ; réinstallez linkymonitor",
    "[contract] offer: no price tables are installed; install linkymonitor again",
)


class Offer(NamedTuple):
    """The offer of one contract."""

    id: str
    #: None when the table cannot be used.
    table: Table | None
    #: The day of signature, None when it is not known.
    signed: date | None = None
    slices: Slices | None = None
    #: Notes that go with every figure of this offer.
    notes: tuple[Text, ...] = ()
    #: One sentence for each fault of the table, and of what the contract asks of it.
    faults: tuple[Text, ...] = ()

    @classmethod
    def of(cls, contract: Contract, signed: date | None, shelf: Shelf | None) -> "Offer":
        """Return the offer of *contract*, *signed* on a day.

        Args:
            contract: which names an offer.
            signed: the day of signature, None when it is not known.
            shelf: the price tables; None: none can be used.
        """
        name = contract.table or ""
        if shelf is None:
            return cls(name, None, faults=(_NO_TABLES,))
        if not shelf.has(name):
            return cls(name, None, faults=("[contract] offer = " + shelf.unknown(name),))
        try:
            table = shelf.table(name)
            # Where the periods are registers, the meter has the colour of the day: the list is read if it is needed.
            if table.calendar is not None and not table.registers:
                shelf.calendar(table.calendar)
        except ConfigError as error:
            return cls(name, None, faults=error.faults)
        faults, notes = [], []
        if contract.power is not None and contract.power not in table.powers:
            known = ", ".join(map(str, table.powers))
            faults.append(
                Text(
                    f"[contract] power = {contract.power} : {table.name} n'existe pas en {contract.power} kVA ; "
                    f"on attend l'un de {known}",
                    f"[contract] power = {contract.power}: {table.name} does not exist for {contract.power} kVA; "
                    f"expected one of {known}",
                )
            )
        rules = table.rules
        for period, ranges in table.choice.items():
            chosen = contract.hours("chosen_hours")
            listed = ", ".join(map(str, ranges))
            if not chosen:
                notes.append(
                    Text(
                        f"{table.name} : heures choisies non réglées, {ranges[0]} supposées ([contract] chosen_hours)",
                        f"{table.name}: the hours that were chosen are not set, {ranges[0]} is taken "
                        "([contract] chosen_hours)",
                    )
                )
            elif len(chosen) != 1 or chosen[0] not in ranges:
                faults.append(
                    Text(
                        f"[contract] chosen_hours = {', '.join(contract.chosen_hours)} : {table.name} laisse choisir "
                        f"l'une de {listed}",
                        f"[contract] chosen_hours = {', '.join(contract.chosen_hours)}: {table.name} lets choose one "
                        f"of {listed}",
                    )
                )
            else:
                rules = tuple(
                    rule._replace(hours=chosen) if rule.period == period else rule for rule in rules
                )
        if table.for_new_contracts and signed is None:
            notes.append(
                Text(
                    f"{table.name} : le prix est celui du jour de la signature, qui n'est pas réglé ([contract] since)",
                    f"{table.name}: the price is that of the day of signature, which is not set ([contract] since)",
                )
            )
        slices = _slices(table, rules, shelf, contract)
        return cls(name, table, signed, slices, tuple(notes), tuple(faults))

    @property
    def periods(self) -> tuple[Period, ...]:
        """The periods of the table."""
        return self.table.periods if self.table else ()

    @property
    def turns(self) -> set[date]:
        """The days on which prices may change."""
        if self.table is None:
            return set()
        parts: tuple[Row | Gap, ...] = (*self.table.rows, *self.table.gaps)
        return {part.start for part in parts} | {part.end for part in parts if part.end is not None}

    def row(self, day: date) -> tuple[Row | None, Text | None]:
        """Return the row of prices that counts on *day*; else None and the reason."""
        table = self.table
        if table is None:
            return None, Text(
                f"la grille « {self.id} » ne peut pas servir : « linkymonitor check » dit pourquoi",
                f"the price table '{self.id}' cannot be used: 'linkymonitor check' says why",
            )
        asked = self.signed if table.for_new_contracts and self.signed is not None else day
        row = table.row(asked)
        if row is None:
            gap = table.gap(asked)
            if gap is not None:
                on = written_date(asked)
                return None, Text(
                    f"{table.name} : prix du {on.fr} inconnus ({gap.reason.fr})",
                    f"{table.name}: the prices of {on.en} are not known ({gap.reason.en})",
                )
            first = written_date(table.rows[0].start)
            return None, Text(
                f"{table.name} : la grille commence le {first.fr}",
                f"{table.name}: the table begins on {first.en}",
            )
        if row.signed is not None and self.signed is not None:
            begin, end = row.signed
            if self.signed < begin or (end is not None and self.signed >= end):
                since, until = written_date(begin), written_date(end) if end is not None else None
                return None, Text(
                    f"{table.name} : ces prix valent pour les contrats signés à partir du {since.fr}"
                    + (f" et avant le {until.fr}" if until else ""),
                    f"{table.name}: these prices are for contracts signed from {since.en} on"
                    + (f" and before {until.en}" if until else ""),
                )
        return row, None

    def stale_since(self, row: Row, day: date) -> date | None:
        """Return since when the prices of *row* may be out of date on *day*, None when they are not."""
        revision = row.next_revision
        if self.table is not None and self.table.for_new_contracts:
            # What was signed is seldom promised for more than a year.
            revision = None if self.signed is None else _a_year_later(self.signed)
        return revision if revision is not None and day >= revision else None

    def warnings(self, row: Row, stale: date | None) -> tuple[Text, ...]:
        """Return what to say wherever a price of *row* is used."""
        assert self.table is not None
        name, found = self.table.name, [*self.notes]
        if stale is not None:
            since = written_date(stale)
            found.append(
                Text(
                    f"{name} : prix peut-être dépassés depuis le {since.fr}",
                    f"{name}: prices may be out of date since {since.en}",
                )
            )
        if row.doubt is not None:
            start = written_date(row.start)
            found.append(
                Text(
                    f"{name}, prix du {start.fr}, à vérifier sur votre facture : {row.doubt.fr}",
                    f"{name}, prices of {start.en}, to be checked on your bill: {row.doubt.en}",
                )
            )
        return tuple(found)

    def no_power(self, row: Row, kva: int | None) -> Text:
        """Return why *row* has no subscription for *kva*."""
        assert self.table is not None
        if kva is None:
            return Text(
                "puissance souscrite inconnue : réglez [contract] power",
                "subscribed power not known: set [contract] power",
            )
        since, offered = written_date(row.start), ", ".join(map(str, row.subscription))
        return Text(
            f"{self.table.name} n'existe pas en {kva} kVA depuis le {since.fr}, mais en {offered} ([contract] power)",
            f"{self.table.name} does not exist for {kva} kVA since {since.en}, but for {offered} ([contract] power)",
        )

    def unknown(self, day: date) -> Text | None:
        """Return why the period of some energy of *day* is not known, None when it is known or the meter decides."""
        if self.table is None or self.slices is None or self.table.registers:
            return None
        if any(rule.own for rule in self.slices.rules) and not self.slices.off_peak:
            return Text(
                "heures creuses inconnues : réglez [contract] off_peak",
                "off-peak hours not known: set [contract] off_peak",
            )
        if self.table.calendar is not None and any(
            len(self.slices.colours(near)) > 1 for near in (day - timedelta(days=1), day)
        ):
            on = written_date(day)
            return Text(f"couleur du {on.fr} inconnue", f"the colour of {on.en} is not known")
        return None


def _slices(table: Table, rules: tuple[Rule, ...], shelf: Shelf, contract: Contract) -> Slices:
    """Return the rules of *table* with the hours of *contract*."""
    own = [
        OffPeak(date.min, hours, season)
        for key, season in (("off_peak_summer", _SUMMER), ("off_peak_winter", _WINTER), ("off_peak", None))
        if (hours := contract.hours(key))
    ]
    return Slices(
        rules=rules,
        seasons=table.seasons,
        zone=ZoneInfo(table.zone),
        colours=partial(_colours, shelf, table.calendar or ""),
        off_peak=tuple(own) or table.off_peak,
        registers=table.registers,
    )


def _colours(shelf: Shelf, calendar: str, day: date) -> frozenset[str]:
    """Return the colours that *day* may have; any colour where the calendar cannot be read, which `check` reports."""
    try:
        return shelf.calendar(calendar).colours(day)
    except ConfigError:
        return frozenset(COLOURS[calendar])


def _a_year_later(day: date) -> date:
    """Return the same day of the next year; of a 29 February, 1 March."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)
