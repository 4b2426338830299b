"""Simulated houses by their options, and the data that their meters send."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta

from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def house(spec: str) -> House:
    return House(parse_spec(spec))


def sent(spec: str, count: int) -> list[tuple[datetime, bytes]]:
    return list(itertools.islice(house(spec).frames(), count))


def wire(spec: str, count: int) -> bytes:
    return b"".join(frame for _, frame in sent(spec, count))


def data(spec: str, label: str, horodate: bool = False) -> str | None:
    """Return the data of *label* in the first frame of *spec*."""
    for group in house(spec).frame_at(parse_spec(spec).start).groups:
        if group.label == label:
            return group.horodate if horodate else group.data
    return None


def bad_lines(raw: bytes, mode: Mode) -> list[bytes]:
    """Return the lines with a wrong checksum, by a second implementation of the rule (NOI-CPT_54E §5.3.6)."""
    separator = mode.separator
    bad = []
    for line in filter(None, re.split(rb"[\x02-\x04\r\n]", bytes(byte & 0x7F for byte in raw))):
        summed = line[:-1] if mode is Mode.STANDARD else line[:-2]
        if line[-2:-1] != separator or (sum(summed) & 0x3F) + 0x20 != line[-1]:
            bad.append(line)
    return bad
