"""What `tariffs new` prints: sections of the configuration as the log has contracts, or a table to be filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from linkymonitor.daily_log.files import files
from linkymonitor.daily_log.statements import parse_contract
from linkymonitor.errors import StorageError, UsageError
from linkymonitor.language import Text
from linkymonitor.model.record import Contract
from linkymonitor.system.storage import Storage

#: Option of the meter → the regulated offer of that option.
_REGULATED = {"BASE": "tarif-bleu-base", "HC": "tarif-bleu-hc", "EJP": "ejp", "TEMPO": "tempo"}
_CONTRACT = re.compile(rb"^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)\tINFO\t(Contrat: [^\n]*)$", re.MULTILINE)
_ID = re.compile(r"[a-z0-9][a-z0-9-]*")

_SKELETON = """\
# {path}: une offre. Remplacez chaque « ? », puis « linkymonitor tariffs check {path} ».
schema = 1
id = "{name}"
name = "?"
supplier = "?"
kind = "market"
currency = "EUR"
checked = ?
timezone = "Europe/Paris"
powers = [?]

[[period]]
code = "HC"
label = "Heures creuses"
[[period]]
code = "HP"
label = "Heures pleines"

# La première règle dont toutes les conditions tiennent gagne : season, weekdays, colour, hours.
[[rule]]
period = "HC"
hours = "contract"
[[rule]]
period = "HP"

[[price]]
from = ?
next_revision = ?
sources = ["?"]
checked = ?
doubt = ""
[price.subscription]
# kVA = € TTC par mois
? = ?
[price.energy]
# € TTC par kWh
HC = ?
HP = ?
"""


def proposal(log_dir: Path, zone: ZoneInfo) -> list[Text | str]:
    """Return the sections [contract] and [contract:DATE] that follow the contracts in the log.

    Raises:
        StorageError: the folder cannot be read, or its log names no contract.
    """
    terms: list[tuple[date, tuple[str, int | None]]] = []
    for at, contract in _contracts(log_dir):
        found = (contract.option, contract.subscribed_power)
        if not terms or terms[-1][1] != found:
            terms.append((at.astimezone(zone).date(), found))
    if not terms:
        raise StorageError(
            Text(
                f"{log_dir} : aucune ligne « Contrat: » dans ce journal ; laissez tourner « linkymonitor acquire », ou "
                "corrigez --log-dir",
                f"{log_dir}: no line 'Contrat:' in this log; let 'linkymonitor acquire' run, or mend --log-dir",
            )
        )
    lines: list[Text | str] = [
        Text(
            "# Proposé d'après le compteur. Rien ne compte avant d'être dans votre configuration.",
            "# Proposed from the meter. Nothing counts before it is in your configuration.",
        ),
        Text(
            "# Le compteur nomme l'option, non le fournisseur : gardez offer si votre contrat est au tarif réglementé.",
            "# The meter names the option, not the supplier: keep offer if your contract has the regulated tariff.",
        ),
    ]
    before: tuple[str, int | None] = ("", None)
    for number, (day, (option, power)) in enumerate(terms):
        lines += ["", f"[contract:{day}]" if number else "[contract]"]
        if option != before[0]:
            offer = _REGULATED.get(option)
            lines.append(f"offer = {offer}" if offer else "offer =")
            if offer is None:
                lines.append(
                    Text(
                        f"# option du compteur : {option} ; « linkymonitor tariffs list » nomme les grilles",
                        f"# option of the meter: {option}; 'linkymonitor tariffs list' names the tables",
                    )
                )
        if power is not None and power != before[1]:
            lines.append(f"power = {power // 1000}")
        before = (option, power)
    return lines


def _contracts(log_dir: Path) -> Iterator[tuple[datetime, Contract]]:
    """Yield the contracts of the log in the order of its files, each with its time in UTC."""
    storage = Storage()
    for file in files(log_dir, storage):
        with suppress(FileNotFoundError):
            content = b"".join(storage.blocks(file.path))
            for stamp, text in _CONTRACT.findall(content):
                contract = parse_contract(text.decode(errors="replace"))
                if contract is not None:
                    yield datetime.strptime(stamp.decode(), "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC), contract


def skeleton(name: str, folder: Path) -> list[Text | str]:
    """Return a table with the id *name*, to be filled in and put into *folder*.

    Raises:
        UsageError: *name* cannot be an id.
    """
    if not _ID.fullmatch(name):
        raise UsageError(
            Text(
                f"{name} : on attend un identifiant de minuscules, chiffres et tirets, tel que mon-offre-2026",
                f"{name}: expected an id of small letters, digits and hyphens, such as my-offer-2026",
            )
        )
    return [*_SKELETON.format(name=name, path=folder / f"{name}.toml").splitlines()]
