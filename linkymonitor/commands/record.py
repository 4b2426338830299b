"""``record``: writes the bytes of a source, with the times at which they come, into a file."""

from __future__ import annotations

import math
import sys
from contextlib import closing
from pathlib import Path

from linkymonitor.commands.bare import fresh_file, keep_apart, spare
from linkymonitor.commands.shared import Common, open_input, signals, without_groups
from linkymonitor.language import Text, escape_controls
from linkymonitor.model.terms import WantedMode


def record(
    common: Common, *, mode: WantedMode | None, source: str, output: Path, seconds: float | None
) -> int:
    """Write the bytes of *source* with their times into *output*, the number of the meter in clear.

    Raises:
        LineError: the source cannot be read, or it has ended without one valid group.
    """
    from linkymonitor.meter.meter import Meter
    from linkymonitor.source.recording import Tap, block, header

    common.log_to_stderr()
    keep_apart(source, output)
    spare(output)
    settings = common.settings().meter
    wanted = (mode or settings.mode).mode
    opened, clock = open_input(source, None, wanted, settings)
    name = escape_controls(str(output))
    print(
        Text(
            f"{name} contiendra votre numéro de compteur en clair : ne le publiez pas",
            f"{name} will hold your meter number unmasked: do not publish it",
        ),
        file=sys.stderr,
    )
    stopped: list[bool] = []
    began = clock.monotonic()
    until = began + seconds if seconds else math.inf
    with closing(opened), fresh_file(output) as append, signals(lambda: stopped.append(True)):
        append(header(clock.now(), settings.speed.baud or (wanted.speed if wanted else None)))
        # The speed is hunted as usual. Every byte is written, whether the decoder accepts it or not.
        tap = Tap(opened, lambda chunk: append(block(clock.monotonic() - began, chunk)))
        meter = Meter(tap, clock, wanted, settings.speed.baud)
        while not stopped and clock.monotonic() < until and meter.frames(0.5) is not None:
            pass
    if meter.ended and not meter.sound_groups:
        raise without_groups(source)
    return 0
