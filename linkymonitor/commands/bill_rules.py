"""``bill --solve``: prints the rules that a supplier's bill shows, and puts them into the configuration on request."""

from __future__ import annotations

import json as json_text
import os
import re
from pathlib import Path
from stat import S_IMODE
from typing import TYPE_CHECKING

from linkymonitor.billing.solve import Solved, solve
from linkymonitor.board.ini_text import with_values
from linkymonitor.errors import LinkyMonitorError
from linkymonitor.language import Text, escape_controls
from linkymonitor.money.taxes import read_taxes
from linkymonitor.system.storage import Storage

if TYPE_CHECKING:
    from linkymonitor.billing.paper import Paper
    from linkymonitor.settings import Settings

_SECTION = "[contract]"


def print_rules(paper: Paper, settings: Settings, config: Path | None, *, json: bool, write: bool) -> int:
    """Print every combination of rules that fits *paper*; return the exit status.

    Args:
        paper: a supplier's bill.
        settings: for the power, and the folders of the taxes.
        config: the file of the configuration; None: that of the machine.
        json: print JSON.
        write: put the rules into the configuration when there is one combination alone, and it gives every line.

    Raises:
        Unsolved: no rule gives some subscription of the paper.
        ConfigError: the file of the taxes is missing or wrong.
        LinkyMonitorError: the rules cannot be written.
    """
    found = solve(paper, _power(paper, settings), read_taxes(settings.table_folders))
    if json:
        texts = {
            name: [text.render(settings.lang) for text in lines]
            for name, lines in (("not_given", found.faults), ("notes", found.notes))
        }
        print(
            escape_controls(
                json_text.dumps({"schema": 1, "rules": found.rules, **texts}, indent=1), keep="\n"
            )
        )
    else:
        _print_text(found)
    if write:
        _refuse_doubtful(found)
        path = _written(config, found.rules[0])
        print(escape_controls(str(Text(f"écrit dans {path}", f"written into {path}"))))
    return 0


def _power(paper: Paper, settings: Settings) -> int | None:
    """Return the subscribed power in kVA that *paper* prints, else that of [contract]; None when there is none."""
    for line in paper.lines:
        if printed := re.search(r"\b(\d{1,2})\s*kVA\b", line.label, re.IGNORECASE):
            return int(printed[1])
    last = paper.last or max((line.last for line in paper.lines if line.last), default=None)
    return None if last is None else settings.price_book().contract_on(last).power


def _refuse_doubtful(found: Solved) -> None:
    """Refuse to write rules that are not one combination that gives every line.

    Raises:
        LinkyMonitorError: with the reason and the remedy.
    """
    if found.faults:
        raise LinkyMonitorError(
            Text(
                "rien n'est écrit : une ligne n'a pas les centimes des règles ; relisez-la sur le papier",
                "nothing is written: a line has not the cents of the rules; read it again on the paper",
            )
        )
    if len(found.rules) != 1:
        raise LinkyMonitorError(
            Text(
                f"rien n'est écrit : {len(found.rules)} combinaisons conviennent ; choisissez-en une",
                f"nothing is written: {len(found.rules)} combinations fit; choose one of them",
            )
        )


def _print_text(found: Solved) -> None:
    if found.faults:
        print(Text("Aucune règle ne donne ces lignes du papier :", "No rule gives these lines of the paper:"))
    for line in found.faults:
        print(escape_controls(f"  {line}"))
    for line in found.notes:
        print(escape_controls(str(line)))
    if (count := len(found.rules)) > 1:
        of = (
            Text("des autres lignes", "of the other lines")
            if found.faults
            else Text("du papier", "of the paper")
        )
        print(
            Text(
                f"{count} combinaisons donnent les centimes {of.fr} ; une facture d'une autre durée décide",
                f"{count} combinations give the cents {of.en}; a bill of another length decides",
            )
        )
    for rules in found.rules:
        print(_SECTION)
        for key, value in rules.items():
            print(escape_controls(f"{key} = {value}"))


def _written(config: Path | None, rules: dict[str, str]) -> Path:
    """Put *rules* into the section [contract] of the configuration; return its file."""
    from linkymonitor.settings import SYSTEM_PATH

    path, storage = config or SYSTEM_PATH, Storage()
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise LinkyMonitorError(
            Text(
                f"{path} : lecture impossible ; nommez votre configuration avec -c",
                f"{path}: cannot be read; name your configuration with -c",
            )
        ) from error
    # A service may read the file by its group alone: the new file has its owner, its group and its mode.
    path = path.resolve()
    before = path.stat()
    storage.replace(path, with_rules(text, rules).encode(), mode=S_IMODE(before.st_mode))
    after = path.stat()
    if (after.st_uid, after.st_gid) != (before.st_uid, before.st_gid):
        os.chown(path, before.st_uid, before.st_gid)
    return path


def with_rules(text: str, rules: dict[str, str]) -> str:
    """Return the INI *text* with *rules* in its section [contract]; all other lines stay as they are."""
    return with_values(text, "contract", rules)
