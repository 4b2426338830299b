"""The kinds of events that a sink may announce; every command reads them, so this module imports nothing slow."""

from __future__ import annotations

from collections.abc import Sequence

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text

#: Every kind of event.
KINDS = ("period", "contract", "note", "notice", "peak", "overload", "silence", "day")
#: What a person wants to know at once.
URGENT = ("notice", "peak", "overload", "silence")


def check_events(names: Sequence[str]) -> None:
    """Refuse what is no kind of event.

    Raises:
        BadSetting: one of *names* is none.
    """
    known = ", ".join(KINDS)
    faults = [
        Text(
            f"events : {name} est inconnu ; on attend {known}", f"events: {name} is unknown; expected {known}"
        )
        for name in names
        if name not in KINDS
    ]
    if faults:
        raise BadSetting(*faults)
