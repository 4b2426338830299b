"""``record``: the bytes of a source with their times, as they come."""

from __future__ import annotations

import math
import sys
from argparse import Namespace
from contextlib import closing

from linkymonitor.commands.bare import fresh_file, keep_apart, spare
from linkymonitor.commands.shared import open_input, settings_of, signals
from linkymonitor.language import Text, escape_controls


def record(arguments: Namespace) -> int:
    """Keep the bytes of a source with their times: meter numbers included."""
    from linkymonitor.meter.meter import Meter
    from linkymonitor.source.recording import Tap, block, header

    keep_apart(arguments.input, arguments.output)
    spare(arguments.output)
    settings = settings_of(arguments).meter
    wanted = (arguments.mode or settings.mode).mode
    source, clock = open_input(arguments.input, None, wanted, settings)
    output = escape_controls(str(arguments.output))
    print(
        Text(
            f"{output} contiendra votre numéro de compteur en clair : ne le publiez pas",
            f"{output} will hold your meter number unmasked: do not publish it",
        ),
        file=sys.stderr,
    )
    stopped: list[bool] = []
    began = clock.monotonic()
    until = began + arguments.time if arguments.time else math.inf
    with closing(source), fresh_file(arguments.output) as append, signals(lambda: stopped.append(True)):
        append(header(clock.now(), settings.speed.baud or (wanted.speed if wanted else None)))
        # The meter is hunted for as usual; what is kept is every byte that came, heard or not.
        tap = Tap(source, lambda chunk: append(block(clock.monotonic() - began, chunk)))
        meter = Meter(tap, clock, wanted, settings.speed.baud)
        while not stopped and clock.monotonic() < until and meter.frames(0.5) is not None:
            pass
    return 0
