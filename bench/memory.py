"""What acquire holds in memory, without and with display and lamp."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bench import streams
from bench.live import Line, acquire_on, speak
from bench.measure import ENVIRONMENT, IN_MEMORY, bare_memory
from bench.table import Row
from linkymonitor.model.terms import Mode

#: No pins and no display are needed: gpiozero makes mock pins, and a module of ours stands for smbus2.
MOCK_HARDWARE = ENVIRONMENT | {
    "GPIOZERO_PIN_FACTORY": "mock",
    "PYTHONPATH": os.pathsep.join(
        filter(None, (str(Path(__file__).with_name("fakes")), ENVIRONMENT.get("PYTHONPATH")))
    ),
}
_FRAMES = 8


def measure() -> Iterator[Row]:
    """Yield the most memory that acquire has had after some frames in standard mode."""
    bare = bare_memory()
    for name, options, must, aim in (("logs only", (), 20, 18), ("with OLED and lamp", ("-l",), 32, 30)):
        with (
            Line() as line,
            tempfile.TemporaryDirectory() as folder,
            tempfile.TemporaryDirectory(dir=IN_MEMORY) as runtime,
            acquire_on(line, folder, *options, env=MOCK_HARDWARE | {"XDG_RUNTIME_DIR": runtime}) as acquire,
        ):
            speak((line,), list(islice(streams.frames(Mode.STANDARD), _FRAMES)))
            acquire.alive()
            highest, now = acquire.memory(), acquire.memory("VmRSS")
        yield Row(
            figure=f"memory of acquire, {name}, at most",
            measured=highest / 1024,
            must=must,
            aim=aim,
            unit="MiB",
            note=f"{now / 1024:.1f} at the end; bare Python {bare / 1024:.1f}",
        )
