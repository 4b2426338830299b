"""The summary of a day as one line of JSON, which shows by itself whether it is whole."""

# Strategy
#
# - A line ends in the checksum of what stands before it: a line that was torn, edited or half overwritten is not read.
# - A line has the version of this format. Whoever changes what a field means, or how a figure is computed, raises
#   VERSION: lines of another version are not read, and the days are summarised anew.

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
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

VERSION = 1
_Part = TypeVar("_Part")

#: What the single values of a line may be; the lists are checked where they are read.
_TEXT, _WHOLE, _NUMBER, _SWITCH = (str, type(None)), (int, type(None)), (int, float), (bool, type(None))
_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("option", "mode", "colour"), _TEXT),
    **dict.fromkeys(("start", "end", "until", "records", "frames", "rejected"), (int,)),
    **dict.fromkeys(("subscribed_kva", "phases", "peak_va", "peak_at"), _WHOLE),
    **dict.fromkeys(("base_load_va", "base_watts_low", "base_watts_high"), _WHOLE),
    "coverage": _NUMBER,
    "producer": _SWITCH,
    **dict.fromkeys(("ejp", "partial", "silent", "barely"), (bool,)),
}
_MEASURED = (int, float, type(None))
_TERM = (str, int, bool, type(None))
#: The same for the parts of which a line has lists.
_PARTS: Mapping[type, tuple[tuple[type, ...], ...]] = {
    InjectedEnergy: ((int,), (int,), (int,), (bool,), (bool,)),
    Silence: ((int,), (int,), _WHOLE),
    PhaseExtremes: (_MEASURED,) * 5,
    Break: ((int,), (bool,)),
    TermChange: ((int,), (str,), _TERM, _TERM),
}

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
        row = json.loads(body + b"}")
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
    for name, types in _TYPES.items():
        if type(row[name]) not in types:
            raise TypeError(name)
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
    return Line(DaySummary(**row), files)


def _part(kind: type[_Part], values: Sequence[object]) -> _Part:
    """Return the part *kind* with *values*; raise TypeError or ValueError when they are of other types."""
    if any(type(value) not in types for value, types in zip(values, _PARTS[kind], strict=True)):
        raise TypeError(kind.__name__)
    return kind(*values)


def _check_energies(values: Iterable[Any]) -> None:
    """Raise TypeError when one of *values* is no whole number, ValueError when one of them is negative."""
    numbers = tuple(values)
    if not set(map(type, numbers)) <= {int}:
        raise TypeError("no whole numbers")
    if min(numbers, default=0) < 0:
        raise ValueError("negative energy")
