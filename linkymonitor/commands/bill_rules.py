"""``bill --solve``: prints the rules that a supplier's bill shows, and puts them into the configuration on request."""

from __future__ import annotations

import json as json_text
import os
from pathlib import Path
from stat import S_IMODE
from typing import TYPE_CHECKING

from linkymonitor.billing.solve import solve
from linkymonitor.board.ini_text import with_values
from linkymonitor.errors import LinkyMonitorError
from linkymonitor.language import Text, escape_controls
from linkymonitor.system.storage import Storage

if TYPE_CHECKING:
    from linkymonitor.billing.paper import Paper

_SECTION = "[contract]"


def print_rules(paper: Paper, config: Path | None, *, json: bool, write: bool) -> int:
    """Print every combination of rules that fits *paper*; return the exit status.

    Args:
        paper: a supplier's bill.
        config: the file of the configuration; None: that of the machine.
        json: print JSON.
        write: put the rules into the configuration when there is one combination alone.

    Raises:
        Unsolved: no rule gives some line of the paper.
        LinkyMonitorError: the rules cannot be written.
    """
    found = solve(paper)
    if json:
        print(json_text.dumps({"schema": 1, "rules": found}, indent=1))
    else:
        _print_text(found)
    if write:
        if len(found) != 1:
            raise LinkyMonitorError(
                Text(
                    f"rien n'est écrit : {len(found)} combinaisons conviennent ; choisissez-en une",
                    f"nothing is written: {len(found)} combinations fit; choose one of them",
                )
            )
        path = _written(config, found[0])
        print(escape_controls(str(Text(f"écrit dans {path}", f"written into {path}"))))
    return 0


def _print_text(found: list[dict[str, str]]) -> None:
    if len(found) > 1:
        print(
            Text(
                f"{len(found)} combinaisons donnent les centimes du papier ; une facture d'une autre durée décide",
                f"{len(found)} combinations give the cents of the paper; a bill of another length decides",
            )
        )
    for rules in found:
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
