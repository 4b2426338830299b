"""The summary of a day as one line of JSON, which shows by itself whether it is whole."""

# Strategy
#
# - A line ends in the checksum of what stands before it: a line that was torn, edited or half overwritten is not read.
# - A line has the version of this format. Whoever changes what a field means, or how a figure is computed, raises
#   VERSION: lines of another version are not read, and the days are summarised anew.

import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cache
from operator import itemgetter
from types import NoneType
from typing import Any, NamedTuple, TypeVar

from linkymonitor.summaries.day import (
    HALF_HOUR,
    Break,
    DaySummary,
    InjectedEnergy,
    LogSpan,
    PhaseExtremes,
    Silence,
    TermChange,
)
from linkymonitor.system.json_text import read_json

VERSION = 1
_Part = TypeVar("_Part")

#: What the single values of a line may be; the lists are checked where they are read.
_INT, _BOOL, _NUMBER = frozenset({int}), frozenset({bool}), frozenset({int, float})
_TEXT, _WHOLE, _SWITCH = (frozenset({kind, NoneType}) for kind in (str, int, bool))
_TYPES: Mapping[str, frozenset[type]] = {
    **dict.fromkeys(("option", "mode", "colour"), _TEXT),
    **dict.fromkeys(("start", "end", "until", "records", "frames", "rejected"), _INT),
    **dict.fromkeys(("subscribed_kva", "phases", "peak_va", "peak_at"), _WHOLE),
    **dict.fromkeys(("base_load_va", "base_watts_low", "base_watts_high"), _WHOLE),
    "coverage": _NUMBER,
    "producer": _SWITCH,
    **dict.fromkeys(("ejp", "partial", "silent", "barely"), _BOOL),
}
_MEASURED: frozenset[type] = frozenset({int, float, NoneType})
_TERM: frozenset[type] = frozenset({str, int, bool, NoneType})
#: The same for the parts of which a line has lists.
_PARTS: Mapping[type, tuple[frozenset[type], ...]] = {
    InjectedEnergy: (_INT, _INT, _INT, _BOOL, _BOOL),
    Silence: (_INT, _INT, _WHOLE),
    PhaseExtremes: (_MEASURED,) * 5,
    Break: (_INT, _BOOL),
    TermChange: (_INT, frozenset({str}), _TERM, _TERM),
}

_in_order = itemgetter(*DaySummary._fields)
_singles = itemgetter(*_TYPES)

_CHECKSUM = b',"crc":"%08x"}'
_CHECKSUM_LENGTH = len(_CHECKSUM % 0)


class Line(NamedTuple):
    """A line of a file of summaries."""

    summary: DaySummary
    #: Name of each log file that the summary was made of → its fingerprint.
    files: Mapping[str, str]


def format_line(line: Line) -> bytes:
    """Return *line* as text, without a line end."""
    summary, span = line.summary, line.summary.log
    row: dict[str, object] = {"v": VERSION, **summary._asdict()}
    row |= {
        "date": summary.date.isoformat(),
        "log": [day and day.isoformat() for day in span],
        "files": dict(line.files),
        "half_hours": dict(summary.half_hours),
        "midnight": dict(summary.midnight),
    }
    body = json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()[:-1]
    return body + _CHECKSUM % zlib.crc32(body)


def day_of(text: bytes) -> date | None:
    """Return the day of a whole line, of whatever version; None when *text* is no such line."""
    row = _row(text)
    try:
        return None if row is None else date.fromisoformat(row["date"])
    except (KeyError, TypeError, ValueError):
        return None


def parse_line(text: bytes, timezone: str) -> Line | None:
    """Return the line of *text*; None when it is damaged, of another version, or of another *timezone*."""
    row = _row(text)
    if row is None or row.get("v") != VERSION or row.get("timezone") != timezone:
        return None
    try:
        return _line(row)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None  # whole, but of another program


def _row(text: bytes) -> dict[str, Any] | None:
    """Return the content of *text*, None when its checksum is wrong."""
    body, checksum = text[:-_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
    if checksum != _CHECKSUM % zlib.crc32(body):
        return None
    try:
        row = read_json(body + b"}")
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _line(row: dict[str, Any]) -> Line:
    """Return the line of *row*.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is no line of ours.
    """
    files = dict(row.pop("files"))
    del row["v"]
    if not _believed(tuple(map(type, _singles(row)))):
        raise TypeError("a single value")
    count = -(-(row["end"] - row["start"]) // HALF_HOUR)
    half_hours = {register: tuple(wh) for register, wh in row["half_hours"].items()}
    if any(len(wh) != count for wh in half_hours.values()):
        raise ValueError("half hours are missing")
    injected, injected_half_hours = row["injected"], row["injected_half_hours"]
    for wh in (*half_hours.values(), row["midnight"].values(), injected_half_hours or ()):
        _check_energies(wh)
    first, last = (day and date.fromisoformat(day) for day in row["log"])
    row |= {
        "date": date.fromisoformat(row["date"]),
        "half_hours": half_hours,
        "unread": tuple(row["unread"]),
        "injected": injected and _part(InjectedEnergy, injected),
        "injected_half_hours": None if injected_half_hours is None else tuple(injected_half_hours),
        "gaps": tuple(_part(Silence, gap) for gap in row["gaps"]),
        "by_phase": tuple(_part(PhaseExtremes, phase) for phase in row["by_phase"]),
        "breaks": tuple(_part(Break, epoch) for epoch in row["breaks"]),
        "changes": tuple(_part(TermChange, change) for change in row["changes"]),
        "log": LogSpan(first, last),
        # A line of an older version lacks it.
        "between": tuple(row.get("between", ())),
    }
    if row.keys() - DaySummary._fields:
        raise TypeError("a figure of another program")
    # By place: to find thirty-five fields by their names takes Python as long as to read their text.
    return Line(DaySummary._make(_in_order(row)), files)


@cache
def _believed(types: tuple[type, ...]) -> bool:
    """Return whether the single values of a line may have these *types*; most lines have the same."""
    return all(found in allowed for found, allowed in zip(types, _TYPES.values(), strict=True))


def _part(kind: type[_Part], values: Sequence[object]) -> _Part:
    """Return the part *kind* with *values*; raise TypeError or ValueError when they are of other types."""
    if any(type(value) not in types for value, types in zip(values, _PARTS[kind], strict=True)):
        raise TypeError(kind.__name__)
    return kind(*values)


def _check_energies(values: Collection[Any]) -> None:
    """Raise TypeError when one of *values* is no whole number, ValueError when one of them is negative."""
    # Only whole numbers have a sum that is one: there are a hundred of them for each of thousands of days.
    if type(sum(values)) is not int:
        raise TypeError("no whole numbers")
    if min(values, default=0) < 0:
        raise ValueError("negative energy")
