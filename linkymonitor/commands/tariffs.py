"""``tariffs``: the price tables, their content and their faults, and a proposal for the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.commands.shared import Common
from linkymonitor.errors import ConfigError, UsageError
from linkymonitor.language import Text, escape_controls, written_date

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from linkymonitor.money.shelf import Shelf
    from linkymonitor.settings import Settings


def tariffs(common: Common, *, action: str, names: Sequence[str], log_dir: Path | None) -> int:
    """List, show or check the price tables, or propose sections of the configuration.

    Args:
        common: the options of every command.
        action: ``list``, ``show``, ``check`` or ``new``.
        names: ids of tables; files for ``check``.
        log_dir: the folder of the daily log; None: that of the configuration.

    Returns:
        The exit status.

    Raises:
        ConfigError: with one sentence for each fault of a table.
        UsageError: an id is missing, or is one too many.
    """
    from linkymonitor.money.shelf import Shelf

    settings = common.settings()
    shelf = Shelf(settings.table_folders)
    if action == "list":
        _refuse(action, names, 0)
        lines = _listed(shelf)
    elif action == "show":
        _refuse(action, names, 1)
        lines = _shown(shelf, names[0])
    elif action == "check":
        lines = _checked(shelf, [Path(name) for name in names])
    else:
        lines = _proposed(settings, names, log_dir or settings.log.dir)
    print("\n".join(escape_controls(str(line)) for line in lines))
    return 0


def _refuse(action: str, names: Sequence[str], count: int) -> None:
    """Refuse a number of *names* that *action* does not take."""
    if len(names) == count:
        return
    if count:
        raise UsageError(
            Text(
                f"tariffs {action} : on attend l'identifiant d'une grille ; « linkymonitor tariffs list » les nomme",
                f"tariffs {action}: expected the id of one table; 'linkymonitor tariffs list' names them",
            )
        )
    raise UsageError(
        Text(
            f"tariffs {action} : ne prend rien de plus ; enlevez {' '.join(names)}",
            f"tariffs {action}: takes nothing more; remove {' '.join(names)}",
        )
    )


def _listed(shelf: Shelf) -> list[Text | str]:
    """Return a line for each table: its id, its name, its time."""
    lines: list[Text | str] = []
    for name, path in shelf.paths().items():
        try:
            table = shelf.table(name)
        except ConfigError:
            lines.append(
                f"{name}"
                + Text(" : a des fautes ; voir « tariffs check »", ": has faults; see 'tariffs check'")
            )
            continue
        kind = Text("réglementé", "regulated") if table.regulated else Text("de marché", "market")
        last = table.rows[-1]
        since = written_date(table.rows[0].start)
        until = Text("au ", "to ") + written_date(last.end) if last.end else Text("à aujourd'hui", "to today")
        lines.append(
            f"{name} : {table.supplier}, {table.name}, "
            + kind
            + Text(f", du {since.fr} ", f", {since.en} ")
            + until
            + ("" if path.parent == shelf.folders[-1] else f" ({path})")
        )
    return lines


def _shown(shelf: Shelf, name: str) -> list[Text | str]:
    """Return the content of one table: periods, and each row of prices with its taxes and its sources' doubt."""
    from linkymonitor.money.statements import decimal
    from linkymonitor.money.tax_list import tax_list
    from linkymonitor.money.taxes import read_taxes

    table, taxes = shelf.table(name), read_taxes(shelf.folders)
    lines: list[Text | str] = [
        f"{table.id} : {table.supplier}, {table.name}",
        Text("vérifiée le ", "checked on ") + written_date(table.checked),
        Text("puissances : ", "powers: ") + ", ".join(map(str, table.powers)) + " kVA",
    ]
    lines += [f"{period.code} : " + period.label for period in table.periods]
    for row in table.rows:
        lines += ["", Text("à partir du ", "from ") + written_date(row.start) + _until(row.end)]
        for kva, price in row.subscription.items():
            unit = Text("€/an", "€/year") if row.by_year else Text("€/mois", "€/month")
            bare = _without_taxes(row.subscription_ht.get(kva))
            lines.append(f"  {kva} kVA : " + decimal(price) + " " + unit + bare)
        for period in table.periods:
            for band in row.energy[period.code]:
                power = "" if (band.low, band.high) == (1, 36) else f" ({band.low}-{band.high} kVA)"
                bare = _without_taxes(row.price_ht(period.code, band.low))
                lines.append(f"  {period.code}{power} : " + decimal(band.price) + " €/kWh" + bare)
        lines += tax_list(taxes, row.start, row.end)
        if row.next_revision:
            lines.append(
                Text("  prochaine révision : ", "  next revision: ") + written_date(row.next_revision)
            )
        if row.doubt:
            lines.append(Text("  doute : ", "  doubt: ") + row.doubt)
    for gap in table.gaps:
        begin = Text("prix inconnus à partir du ", "prices not known from ") + written_date(gap.start)
        lines += ["", begin + _until(gap.end)]
        lines.append(Text("  raison : ", "  reason: ") + gap.reason)
    return lines


def _without_taxes(price: Decimal | None) -> Text:
    """Return a price without taxes behind the one with taxes, nothing when it is not known."""
    from linkymonitor.money.statements import decimal

    return Text("", "") if price is None else Text(" (hors taxes ", " (without taxes ") + decimal(price) + ")"


def _until(end: date | None) -> Text:
    """Return the end of a row, the first day that it does not have, in words; nothing for an open row."""
    if end is None:
        return Text("", "")
    on = written_date(end)
    return Text(f", avant le {on.fr}", f", before {on.en}")


def _checked(shelf: Shelf, paths: Sequence[Path]) -> list[Text | str]:
    """Return what was checked; of no *paths*, all tables and calendars of *shelf*.

    Raises:
        ConfigError: with one sentence for each fault, of all files at once.
    """
    from linkymonitor.money.inspection import inspect

    faults, compared = inspect(shelf, paths)
    if faults:
        raise ConfigError(*faults)
    count = len(paths or shelf.paths())
    return [
        Text(
            f"grilles : {count}, sans faute ; prix recalculés depuis le HT : {compared}",
            f"tables: {count}, without fault; prices worked again from those without taxes: {compared}",
        )
    ]


def _proposed(settings: Settings, names: Sequence[str], log_dir: Path) -> list[Text | str]:
    """Return a table to be filled in, or sections of the configuration that follow the contracts in the log."""
    from linkymonitor.commands.contract_proposal import proposal, skeleton

    if len(names) > 1:
        _refuse("new", names, 1)
    return skeleton(names[0], settings.table_folders[0]) if names else proposal(log_dir, settings.zone)
