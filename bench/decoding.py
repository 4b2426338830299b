"""What a line of the stream costs to decode with every check, and which damaged lines pass the checks."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple

from bench import streams
from bench.measure import OURS, difference
from bench.streams import FEW, MANY
from bench.table import CannotRun, Row
from linkymonitor.model.terms import Mode
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.frame import InfoGroup
from linkymonitor.tic.labels import BY_MODE

_INSTRUCTIONS = {Mode.HISTORIQUE: (4200, 3600), Mode.STANDARD: (4900, 3050)}
_WRONG = {Mode.HISTORIQUE: (1.5, 1.0), Mode.STANDARD: (5.5, 2.0)}

#: The kinds of damage that are counted, as tests/support/noise.py names them.
_KINDS = (
    "1 bit",
    "2 bits",
    "1 byte",
    "2 bytes",
    "bytes lost",
    "bytes extra",
    "lines merged",
    "random text",
    "burst",
)
#: The share of lines that are damaged.
_SHARE = 0.03
_FRAMES = 1000
#: Lines that are damaged in all. A figure of 1 in 10,000 is six lines then.
_DAMAGED = 60_000
_LINE_END = b"\x8d"
_WITHOUT_PARITY = bytes(byte & 0x7F for byte in range(256))


def measure() -> Iterator[Row]:
    """Yield the instructions of a line in both modes, of a quiet house and of one where every measure moves."""
    for mode, (must, aim) in _INSTRUCTIONS.items():
        for name, stream in (("", streams.frames), (", all measures moving", streams.moving)):
            yield Row(
                figure=f"decode, {mode.value} mono: instructions a line{name}",
                measured=_a_line(mode, stream),
                must=must,
                aim=aim,
                unit="",
            )


def _a_line(mode: Mode, stream: Callable[[Mode], Iterator[bytes]]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        many, few = Path(folder, "many"), Path(folder, "few")
        lines = streams.write(many, stream(mode), MANY) - streams.write(few, stream(mode), FEW)
        decode = (*OURS, "decode", "--count")
        return difference((*decode, str(many)), (*decode, str(few))) / lines


def measure_wrong() -> Iterator[Row]:
    """Yield how many damaged lines come out of the decoder as values of known labels that the meter never sent."""
    for mode, (must, aim) in _WRONG.items():
        damaged, by_label = _judge(mode)
        wrong = by_label.total()
        yield Row(
            figure=f"decode, {mode.value} mono, no parity: wrong a 10,000 damaged lines",
            measured=wrong / damaged * 10_000,
            must=must,
            aim=aim,
            unit="",
            note=f"{wrong} of {damaged:,}, {len(_KINDS)} kinds of damage; most: {_most(by_label)}",
        )


class _Sent(NamedTuple):
    """One frame as the meter sent it."""

    wire: bytes
    groups: frozenset[InfoGroup]
    #: Where each line begins and ends in *wire*.
    lines: list[tuple[int, int]]


def _most(by_label: Counter[str]) -> str:
    return ", ".join(f"{label} {count}" for label, count in by_label.most_common(3))


def _judge(mode: Mode) -> tuple[int, Counter[str]]:
    """Return how many lines were damaged, and by label how many values came out that were not sent."""
    try:
        from tests.support.noise import MODELS
    except ImportError as error:
        raise CannotRun("the models of noise are in tests/, which is not beside bench/") from error
    sent = list(_sent(mode))
    known, dice, decoder = BY_MODE[mode], Random(1), FrameDecoder(mode)
    damaged, wrong = 0, Counter[str]()
    # Two frames that run into one are complete when the later one ends: its groups may be those of both.
    before: frozenset[InfoGroup] = frozenset()
    while damaged < _DAMAGED:
        for frame_sent in sent:
            wire = frame_sent.wire
            # From the last line to the first: damage moves what follows it.
            for start, end in reversed(frame_sent.lines):
                if dice.random() < _SHARE:
                    damaged += 1
                    wire = MODELS[dice.choice(_KINDS)](dice, wire, start, end)
            for frame in decoder.feed(wire.translate(_WITHOUT_PARITY)):
                wrong.update(
                    group.label
                    for group in frame.groups
                    if group.label in known and group not in frame_sent.groups and group not in before
                )
            before = frame_sent.groups
    return damaged, wrong


def _sent(mode: Mode) -> Iterator[_Sent]:
    decoder = FrameDecoder(mode)
    for wire in islice(streams.moving(mode), _FRAMES):
        (frame,) = decoder.feed(wire)
        lines, start = [], 1
        while (end := wire.find(_LINE_END, start) + 1) > 0:
            lines.append((start, end))
            start = end
        yield _Sent(wire, frozenset(frame.groups), lines)
