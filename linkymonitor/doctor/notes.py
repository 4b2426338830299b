"""The warnings that `acquire` has written into the log of the last day."""

from __future__ import annotations

from datetime import datetime, timedelta

from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.files import batches
from linkymonitor.doctor.base import Row, Subject, well
from linkymonitor.language import Text

_NOTES = Text("avertissements du journal", "warnings of the log")
_SPAN = timedelta(hours=24)
#: So many different warnings are shown, the newest first.
_SHOWN = 5


def check(subject: Subject) -> list[Row]:
    """Show each warning of the last 24 hours once; what it warns of has a check of its own, if it can be looked at."""
    now = subject.world.clock.now()
    found: dict[str, list[datetime]] = {}
    for part in batches(subject.settings.log.dir, now - _SPAN, now + timedelta(minutes=5)):
        if not isinstance(part, Columns) and part.status in ("WARN", "ERROR"):
            found.setdefault(part.text, []).append(part.at)
    if not found:
        return [well("notes", _NOTES, Text("aucun depuis 24 h", "none in the last 24 h"))]
    newest = sorted(found.items(), key=lambda one: one[1][-1], reverse=True)
    rows = []
    for text, times in newest[:_SHOWN]:
        last = f"{times[-1].astimezone(subject.settings.zone):%H:%M}"
        count = len(times)
        when = Text(f"à {last}", f"at {last}")
        if count > 1:
            when = Text(f"{count} fois, la dernière à {last}", f"{count} times, the last one at {last}")
        rows.append(well("notes", _NOTES, when + Text(" : ", ": ") + text, None, count=count, text=text))
    if len(newest) > _SHOWN:
        left = len(newest) - _SHOWN
        rows.append(well("notes", _NOTES, Text(f"et {left} de plus", f"and {left} more")))
    return rows
