"""Reads the line protocol of InfluxDB by its own rules, not by those of the code that writes it."""

from __future__ import annotations

import re
from typing import NamedTuple


class Point(NamedTuple):
    """One point."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    time: int
    fields: tuple[tuple[str, int], ...]

    @property
    def key(self) -> tuple[object, ...]:
        """What is replaced by a later point of the same key."""
        return self.measurement, self.tags, self.time


def _split(text: str, separator: str) -> list[str]:
    """Split *text* where *separator* is not escaped."""
    return re.split(rf"(?<!\\){separator}", text)


def _plain(text: str) -> str:
    assert not re.search(r"(?<!\\)[ ,=]", text), text
    return re.sub(r"\\([ ,=])", r"\1", text)


def points(text: str) -> list[Point]:
    """Return the points of *text*; fails when a line breaks the rules."""
    return [_point(line) for line in text.split("\n") if line]


def _point(line: str) -> Point:
    series, fields, time = _split(line, " ")
    measurement, *tags = _split(series, ",")
    pairs = [tuple(map(_plain, _split(tag, "="))) for tag in tags]
    assert all(len(pair) == 2 and all(pair) for pair in pairs), line
    numbers = [re.fullmatch(r"([a-zA-Z_0-9]+)=(-?\d+)i", field) for field in fields.split(",")]
    assert all(numbers), line
    values = tuple((match[1], int(match[2])) for match in numbers if match)
    return Point(_plain(measurement), tuple(sorted(pairs)), int(time), values)  # type: ignore[arg-type]
