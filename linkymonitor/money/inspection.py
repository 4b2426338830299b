"""Inspects price tables further than reading does: rules, prices against their parts without taxes, colours of days."""

# Strategy
#
# - Reading (reader.py, rows.py) finds what makes a table unusable. This file finds what makes it wrong: an instant
#   without a period, a rule that never wins, a printed price that does not follow from the one without taxes.
# - Rules are tried on one day of each kind (seasons and weekday of the day and of the day before), at the limits of all
#   hours and one minute before: between two limits nothing changes.

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from linkymonitor.errors import ConfigError
from linkymonitor.language import Text, written_date
from linkymonitor.money.calendars import Calendar, ColourTerms
from linkymonitor.money.reader import read_table
from linkymonitor.money.rules import COLOURS, DAY, OffPeak, Slices, read_hours
from linkymonitor.money.shelf import Shelf
from linkymonitor.money.table import Document, Row, Table, read_document
from linkymonitor.money.taxes import Taxes, read_taxes

_ONE_DAY = timedelta(days=1)
#: The part of the subscription that most houses pay for the network.
_FORMULA = "CU4"
#: Any off-peak hours: the rules must hold for some house.
_SOME_HOURS = (OffPeak(date.min, (read_hours("22:00-06:00"),)),)


def rule_faults(table: Table, path: Path) -> list[Text]:
    """Return a fault for the first instant without a period, and for each rule or period that never comes."""
    slices = Slices(
        rules=table.rules,
        seasons=table.seasons,
        zone=ZoneInfo(table.zone),
        colours=lambda _: frozenset(COLOURS.get(table.calendar or "", ("",))),
        off_peak=table.off_peak or _SOME_HOURS,
    )
    faults, won = [], set()
    for when in _instants(table):
        winners = slices.winners(when)
        won |= {place for place, _ in winners}
        if -1 in won:
            on = written_date(when.date())
            faults.append(
                f"{path}: [[rule]]"
                + Text(
                    f" : aucune règle le {on.fr} à {when:%H:%M} ; finissez la liste par une règle sans condition",
                    f": no rule on {on.en} at {when:%H:%M}; end the list with a rule without condition",
                )
            )
            break
    else:
        for place, rule in enumerate(table.rules):
            if place not in won:
                faults.append(
                    f"{path}: [[rule]] {place + 1} {rule.period}"
                    + Text(
                        " : ne sert jamais, une règle d'avant prend toutes ses heures ; montez-la ou supprimez-la",
                        ": never wins, an earlier rule takes all its hours; move it up or remove it",
                    )
                )
        reached = {table.rules[place].period for place in won}
        for period in table.periods:
            if period.code not in reached and period.code in {rule.period for rule in table.rules}:
                continue  # its rule is told of already
            if period.code not in reached:
                faults.append(
                    f"{path}: [[period]] {period.code}"
                    + Text(
                        " : aucune règle ne la donne ; ajoutez une [[rule]], ou supprimez-la",
                        ": no rule gives it; add a [[rule]], or remove it",
                    )
                )
    return faults


def _instants(table: Table) -> Iterator[datetime]:
    """Yield the limits of all hours, and a minute before, on a day of each kind."""
    limits = {0}
    for rule in table.rules:
        limits.add(rule.day_starts)
        hours = [
            *(rule.hours or ()),
            *(span for row in (*table.off_peak, *_SOME_HOURS) for span in row.hours),
        ]
        for span in hours:
            limits |= {span.start, span.end}
    minutes = sorted(limits | {(minute - 1) % DAY for minute in limits})
    kinds: set[tuple[object, ...]] = set()
    day = date(2026, 1, 1)
    while day.year == 2026:
        near = (day - _ONE_DAY, day)
        kind = tuple(season.has(each) for season in table.seasons.values() for each in near)
        if (key := (*kind, day.isoweekday())) not in kinds:
            kinds.add(key)
            for minute in minutes:
                yield datetime(day.year, day.month, day.day, minute // 60, minute % 60)  # noqa: DTZ001 -- on the wall
        day += _ONE_DAY


def tax_faults(table: Table, document: Document, taxes: Taxes) -> tuple[list[Text], int]:
    """Return a fault for each printed price that does not follow from that without taxes, and how many were compared.

    Args:
        table: as it was read from *document*.
        document: the file, which has the prices without taxes.
        taxes: the rates of every day.
    """
    faults: list[Text] = []
    compared = 0
    contents = {content["from"]: content.get("ht", {}) for content in document.content["price"]}
    for row in table.rows:
        place = f"{document.path}: [[price]] {row.start}"
        for what, worked, printed in _worked(row, contents[row.start], taxes):
            compared += 1
            if worked != printed:
                faults.append(
                    f"{place} {what} = {printed}"
                    + Text(
                        f" : le prix HT donne {worked} ; corrigez l'un des deux",
                        f": the price without taxes gives {worked}; mend one of the two",
                    )
                )
    return faults, compared


def _worked(
    row: Row, without: Mapping[str, Any], taxes: Taxes
) -> Iterator[tuple[str, Decimal, Decimal | None]]:
    """Yield the place of each price known *without* taxes, the price with them, and the printed one of *row*."""
    tva, accise = taxes.tva(row.start), taxes.accise(row.start)
    if tva is not None and accise is not None:
        for code, value in without.get("energy", {}).items():
            for key, price in value.items() if isinstance(value, dict) else [("", value)]:
                low, _, high = key.partition("-")
                worked = (price + accise) * (100 + tva.energy) / 100
                for kva in row.subscription:
                    if not key or int(low) <= kva <= int(high or low):
                        yield f"{code} {kva} kVA", _rounded(worked, 4), row.price(code, kva)
    network, cta = taxes.network(row.start), taxes.cta(row.start)
    if tva is not None and network is not None and cta is not None:
        for key, price in without.get("subscription", {}).items():
            fixed = network.year(_FORMULA, int(key))
            worked = (price + fixed * cta / 1200) * (100 + tva.subscription) / 100
            yield f"[price.subscription] {key}", _rounded(worked, 2), row.subscription.get(int(key))


def _rounded(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def day_faults(calendar: Calendar, path: Path, exceptions: Sequence[tuple[date, date]] = ()) -> list[Text]:
    """Return a fault for each day of *calendar* that cannot be, and each season with too many or too few.

    Args:
        calendar: its days.
        path: the file of the days.
        exceptions: first and last day of what broke the rule, as published: their seasons are not counted.
    """
    faults = []
    for day, colour in sorted(calendar.days.items()):
        terms = calendar.terms.get(colour)
        if terms is not None and not terms.allows(day):
            faults.append(
                f"{path}: {day}"
                + Text(
                    f" : ne peut pas être {colour} ({_why(terms)}) ; corrigez la couleur ou la date",
                    f": cannot be {colour} ({_why(terms)}); mend the colour or the date",
                )
            )
    spared = {calendar.season(first) for first, _ in exceptions}
    for season in sorted({calendar.season(day) for day in calendar.days} - spared):
        colours = [colour for day, colour in calendar.days.items() if calendar.season(day) == season]
        for colour, terms in calendar.terms.items():
            count = colours.count(colour)
            if colour != calendar.default and count > terms.quota:
                faults.append(
                    f"{path}: {season}-{season + 1}"
                    + Text(
                        f" : {count} jours {colour}, il y en a {terms.quota} par saison ; corrigez la liste",
                        f": {count} days {colour}, a season has {terms.quota}; mend the list",
                    )
                )
    if calendar.complete and calendar.days:
        day, last = min(calendar.days), max(calendar.days)
        while day < last:
            if day not in calendar.days:
                faults.append(
                    f"{path}: {day}"
                    + Text(
                        " : manque ; ajoutez sa couleur, ou BLEU_OU_BLANC",
                        ": is missing; add its colour, or BLEU_OU_BLANC",
                    )
                )
            day += _ONE_DAY
    return faults


def _why(terms: ColourTerms) -> str:
    """Return when days of *terms* may be, as the file of calendars has it."""
    days = "".join(map(str, sorted(terms.weekdays)))
    window = ""
    if terms.window is not None:
        (begin, first), (end, last) = terms.window
        window = f", {begin:02}-{first:02}…{end:02}-{last:02}"
    return f"{days}{window}"


def inspect(shelf: Shelf, paths: Sequence[Path] = ()) -> tuple[list[Text], int]:
    """Return every fault of the tables *paths*, and how many prices were worked again from those without taxes.

    Args:
        shelf: the tables; the last of its folders has the taxes and the rules of calendars.
        paths: files of tables; none: all tables of *shelf* and its lists of days.
    """
    faults: list[Text] = []
    compared = 0
    shipped = shelf.folders[-1]
    taxes = read_taxes((shipped,))
    for path in paths or shelf.paths().values():
        try:
            table = read_table(path)
        except ConfigError as error:
            faults += error.faults
            continue
        wrong, count = tax_faults(table, read_document(path), taxes)
        faults += [*rule_faults(table, path), *wrong]
        compared += count
    if paths:
        return faults, compared
    calendars = read_document(shipped / "calendars.toml").content["calendar"]
    for name, content in calendars.items():
        exceptions = [(each["from"], each["until"]) for each in content.get("exception", [])]
        owner = shelf.folders[0] / content["days"]
        path = owner if owner.exists() else shipped / content["days"]
        try:
            faults += day_faults(shelf.calendar(name), path, exceptions)
        except ConfigError as error:
            faults += error.faults
    return faults, compared
