"""``simulate``: a simulated meter, on a pseudo-terminal or into a file."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from linkymonitor.commands.bare import fresh_file, on_pty
from linkymonitor.commands.shared import Common, sim_options
from linkymonitor.model.terms import WantedMode


def simulate(
    common: Common,
    *,
    mode: WantedMode | None,
    contract: str,
    phases: str,
    producer: bool,
    day: date | None,
    seed: int,
    noise: float,
    seconds: float | None,
    extra: str,
    speed: float | None,
    pty: bool,
    output: Path | None,
) -> int:
    """Write the bytes of a simulated meter to a file or a pseudo-terminal; return the exit status."""
    from dataclasses import replace

    from linkymonitor.simulator.wire import feed_pty, write_file

    common.log_to_stderr()
    words = [contract, "tri" if phases == "3" else "mono", f"seed={seed}"]
    if mode and mode.mode:
        words.append(mode.mode.value)
    if producer:
        words.append("producer")
    if day:
        words.append(f"day={day.isoformat()}")
    if noise:
        words.append(f"noise={noise}")
    if extra:
        words.append(extra)
    options = sim_options(",".join(words))
    if seconds:
        options = replace(options, duration=timedelta(seconds=seconds))
    if pty:
        on_pty(lambda master, stop: feed_pty(options, master, speed, stop=stop))
        return 0
    assert output is not None  # the parser requires --pty or -o
    with fresh_file(output) as append:
        write_file(options, append, options.duration or timedelta(days=1))
    return 0
