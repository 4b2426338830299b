"""What a line of the stream costs, in instructions, with every check."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import streams
from bench.measure import OURS, instructions
from bench.table import Row
from linkymonitor.model import Mode

# What a start costs is the same for both, and goes away in the difference.
_MANY, _FEW = 2200, 200
_BUDGETS = {Mode.HISTORIQUE: 4200, Mode.STANDARD: 4900}
_AIM = 2500


def measure() -> Iterator[Row]:
    """Yield a line's cost in both modes: a quiet house, with parity, a restless one."""
    for mode, must in _BUDGETS.items():
        name = f"decode, {mode.value} mono: a line"
        quiet = _a_line(mode)
        yield Row(figure=name, measured=quiet, must=must, aim=_AIM, unit="instr.")
        yield Row(
            figure=f"{name}, with parity",
            measured=_a_line(mode, parity=True),
            must=must,
            aim=_AIM,
            unit="instr.",
        )
        restless = _a_line(mode, restless=True)
        yield Row(
            figure=f"{name}, all measures moving, to quiet",
            measured=restless / quiet,
            must=2.0,
            aim=1.5,
            note=f"{restless:,.0f} instr.",
        )


def _a_line(mode: Mode, *, parity: bool = False, restless: bool = False) -> float:
    with tempfile.TemporaryDirectory() as folder:
        counted = []
        for count in (_MANY, _FEW):
            path = Path(folder, str(count))
            stream = streams.restless(mode) if restless else streams.frames(mode, parity=parity)
            groups = streams.write(path, stream, count)
            counted.append((instructions((*OURS, "decode", "--count", str(path))), groups))
    (many, lines), (few, fewer) = counted
    return (many - few) / (lines - fewer)
