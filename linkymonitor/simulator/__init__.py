"""A house that never existed, and its meter: for demos, tests and rehearsals.

``House(options)`` is the house with the truth about it, ``SimSource`` its meter at the pace of the line,
``write_file`` and ``feed_pty`` what ``linkymonitor simulate`` does. Same options, same bytes.
"""

from linkymonitor.simulator.house import House
from linkymonitor.simulator.household import Truth
from linkymonitor.simulator.options import DEFAULT_DAY, NOISES, Options, parse_spec
from linkymonitor.simulator.seasons import ejp_season, tempo_season
from linkymonitor.simulator.wire import SimSource, feed_pty, open_pty, write_file

__all__ = [
    "DEFAULT_DAY",
    "NOISES",
    "House",
    "Options",
    "SimSource",
    "Truth",
    "ejp_season",
    "feed_pty",
    "open_pty",
    "parse_spec",
    "tempo_season",
    "write_file",
]
