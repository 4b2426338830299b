"""Shows the owner what ``setup`` changes in a file, and what of it is still there; secrets are hidden."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from pathlib import Path

from linkymonitor.board.changes import Change, Content
from linkymonitor.board.redaction import without_values
from linkymonitor.commands.shared import say
from linkymonitor.language import Text, escape_controls

#: Files that are changed and never shown.
_PASSWORDS = ("gshadow",)


def show(change: Change, before: Content | None) -> None:
    """Print what *change* does to what was there *before*: a diff of a file, without secrets."""
    print()
    say(f"/{change.path}" + Text(" : ", ": ") + change.why)
    after = change.after
    if after is not None and after.link:
        say(f"  -> {os.fsdecode(after.data)}")
        return
    if change.path.name in _PASSWORDS:
        say(
            Text(
                "  (les mêmes membres ; ce fichier a des mots de passe)",
                "  (the same members; this file has passwords)",
            )
        )
        return
    old, new = (
        []
        if there is None or there.link
        else without_values(there.data.decode("utf-8", "replace")).splitlines()
        for there in (before, after)
    )
    for line in list(difflib.unified_diff(old, new, lineterm="", n=1))[2:]:
        print("  " + escape_controls(line))


def tell_edited(path: Path, lines: Sequence[str]) -> None:
    """Print that the file is left as it is, and which of its *lines* setup has put there."""
    if not lines or path.name in _PASSWORDS:
        say(
            Text(
                f"/{path} : modifié après setup, laissé tel quel",
                f"/{path}: edited after setup, left as it is",
            )
        )
        return
    say(
        Text(
            f"/{path} : modifié après setup, laissé tel quel ; les lignes de setup qui y sont :",
            f"/{path}: edited after setup, left as it is; the lines of setup in it:",
        )
    )
    for line in without_values("\n".join(lines)).splitlines():
        print("  " + escape_controls(line))
