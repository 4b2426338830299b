"""``run``: tries the daemon in a terminal, with a meter if one is plugged in, and draws the pages at the end."""

from __future__ import annotations

import sys
from pathlib import Path

from linkymonitor.commands.acquire import Job, carry_out
from linkymonitor.commands.report import report
from linkymonitor.commands.shared import Common
from linkymonitor.language import Text, escape_controls, spoken
from linkymonitor.model.terms import WantedMode

#: The source when no meter is plugged in: a simulated one that fills all pages of the display.
DEMO = "sim:ejp,pv,seed=7"


def run(
    common: Common, *, mode: WantedMode | None, source: str | None, seconds: float | None, folder: Path
) -> int:
    """Read a meter if there is one, else a simulated one, with the display in the terminal; then draw the pages.

    Args:
        common: the options of all commands.
        mode: the mode of the TIC; None: that of the configuration.
        source: the source; None: the first port with a meter, else DEMO.
        seconds: the length of the run; None: until it is stopped.
        folder: the folder for log and pages.

    Returns:
        The exit status.
    """
    from linkymonitor.commands.trial import Trial, find_meter
    from linkymonitor.outputs.display.terminal import TerminalDisplay
    from linkymonitor.outputs.gpio import simulated_pins

    common.log_to_stderr()
    settings = common.settings()
    root = folder.resolve()
    log_dir, pages = root / "log", root / "pages"
    spec = source if source is not None else find_meter(settings.meter.port) or DEMO
    places = Text(
        f"Source  : {spec}\nJournal : {log_dir}\nPage    : {pages / 'index.html'}"
        " (dessinée à l'arrêt ; Ctrl-C pour arrêter)",
        f"Source: {spec}\nLog:    {log_dir}\nPage:   {pages / 'index.html'} (drawn at the end; Ctrl-C to stop)",
    )
    print(escape_controls(str(places), keep="\n"), flush=True)
    job = Job(
        spec=spec,
        log_dir=log_dir,
        mode=(mode or settings.meter.mode).mode,
        seconds=seconds,
        display=True,
        trial=Trial(terminal=TerminalDisplay(sys.stdout), pins=simulated_pins()),
    )
    status = carry_out(job, settings)
    print(Text("Pages dessinées :", "Pages drawn:"))
    drawn = report(
        common,
        log_dir=log_dir,
        start=None,
        end=None,
        autoupdate=False,
        output=pages,
        lang=spoken(),
        json=False,
    )
    return status or drawn
