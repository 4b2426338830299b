"""What it takes from the start to the first decoded frame."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import streams
from bench.measure import OURS, counted, cpu_ratios
from bench.table import Row
from linkymonitor.model.terms import Mode


def measure() -> Iterator[Row]:
    """Yield the CPU time of a short decode and a short acquire, against bare Python."""
    with tempfile.TemporaryDirectory() as folder:
        hundred, two = Path(folder, "hundred"), Path(folder, "two")
        streams.write(hundred, streams.frames(Mode.HISTORIQUE), 100)
        streams.write(two, streams.frames(Mode.HISTORIQUE), 2)
        decode = (*OURS, "decode", "--count", str(hundred))
        acquire = (*OURS, "acquire", "-i", str(two), "--log-dir", str(Path(folder, "log")))
        decoding, acquiring = cpu_ratios([decode, acquire])
        yield Row(
            figure="start: decode 100 frames, CPU against bare Python",
            measured=decoding,
            must=4.5,
            aim=3.5,
            note=counted(decode),
        )
        yield Row(
            figure="start: acquire 2 frames of a file, CPU against bare Python",
            measured=acquiring,
            must=9.5,
            aim=8,
            note=counted(acquire),
        )
