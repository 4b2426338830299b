"""``simulate``: a meter that never existed, on a pseudo-terminal or into a file."""

from __future__ import annotations

from argparse import Namespace
from datetime import timedelta

from linkymonitor.commands.bare import fresh_file, on_pty
from linkymonitor.commands.shared import sim_options


def simulate(arguments: Namespace) -> int:
    """Write the bytes of a simulated meter to a file or a pseudo-terminal."""
    from dataclasses import replace

    from linkymonitor.simulator.wire import feed_pty, write_file

    words = [arguments.contract, "tri" if arguments.phases == "3" else "mono", f"seed={arguments.seed}"]
    if arguments.mode and arguments.mode.mode:
        words.append(arguments.mode.mode.value)
    if arguments.producer:
        words.append("producer")
    if arguments.day:
        words.append(f"day={arguments.day.isoformat()}")
    if arguments.noise:
        words.append(f"noise={arguments.noise}")
    if arguments.extra:
        words.append(arguments.extra)
    options = sim_options(",".join(words))
    if arguments.duration:
        options = replace(options, duration=timedelta(seconds=arguments.duration))
    if arguments.pty:
        on_pty(lambda master, stop: feed_pty(options, master, arguments.speed, stop=stop))
        return 0
    with fresh_file(arguments.output) as append:
        write_file(options, append, options.duration or timedelta(days=1))
    return 0
