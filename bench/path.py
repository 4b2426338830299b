"""What a frame costs on its whole way through acquire, latest.json included, in instructions."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import streams
from bench.measure import ENVIRONMENT, IN_MEMORY, OURS, difference
from bench.streams import FEW, MANY
from bench.table import Row
from linkymonitor.model.terms import Mode

_BUDGETS = {Mode.HISTORIQUE: (950, 750), Mode.STANDARD: (2200, 1600)}


def measure() -> Iterator[Row]:
    """Yield the instructions of a frame in both modes."""
    for mode, (must, aim) in _BUDGETS.items():
        yield Row(
            figure=f"acquire -i FILE, latest.json, {mode.value} mono: instructions a frame",
            measured=_a_frame(mode) / 1000,
            must=must,
            aim=aim,
            unit="k",
            note=f"{MANY:,} frames less {FEW}",
        )


def _a_frame(mode: Mode) -> float:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(dir=IN_MEMORY) as runtime:
        many, few = (_command(mode, count, Path(folder)) for count in (MANY, FEW))
        # acquire writes latest.json wherever the session has a folder in memory.
        return difference(many, few, ENVIRONMENT | {"XDG_RUNTIME_DIR": runtime}) / (MANY - FEW)


def _command(mode: Mode, count: int, folder: Path) -> tuple[str, ...]:
    """Write a stream of *count* frames to *folder*; return how acquire is called to read it."""
    path = folder / str(count)
    streams.write(path, streams.frames(mode), count)
    return (*OURS, "acquire", "-i", str(path), "--log-dir", str(folder / f"log{count}"))
