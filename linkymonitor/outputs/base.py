"""The contract of an output: a lamp, a relay, a display, or a part of the user, driven by the readings."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from types import ModuleType

    from linkymonitor.model.reading import View
    from linkymonitor.outputs.hardware import Hardware

#: The result of tick() when an output has nothing planned.
NEVER = math.inf
#: A tick that comes at most so many seconds before its deadline is on time: sums of floats are rounded.
ROUNDING = 1e-6


class Output(Protocol):
    """A part that acts in the house on each reading, in the thread that reads the meter.

    The module of an output has a dataclass ``Settings``, and under the name ``Output`` a class that takes
    ``(settings, hardware)`` and has these methods. A method may block for a few tens of milliseconds at most. It does
    not raise when its hardware is away: the output tries again by itself.
    """

    def update(self, view: View) -> None:
        """Act on a new reading, at once."""

    def tick(self, now: float, data_age: float) -> float:
        """Act on the time that has passed since the last reading.

        Args:
            now: the monotonic time, in seconds.
            data_age: the seconds since the last believed frame, ``inf`` when there was none.

        Returns:
            The monotonic time of the next call that this output needs; NEVER when nothing is planned.
        """

    def close(self) -> None:
        """Take the state for a stop (the fail state of a relay, a dark display), and release the hardware."""


class Configured(NamedTuple):
    """The class of an output that a section ``[output:NAME]`` names, and its settings."""

    output: Callable[[Any, Hardware], Output]
    settings: Any


#: The packages that are searched for an output whose name is no dotted path.
_ROOMS = ("linkymonitor.outputs", "linkymonitor.outputs.display")


def find(name: str) -> ModuleType:
    """Return the module of the output *name*: a module of this package, or a dotted path to code of the user.

    Raises:
        BadSetting: there is no such module, it cannot be imported, or it lacks ``Settings`` or ``Output``.
    """
    from linkymonitor.system.modules import find_part  # imported late: most boxes have no [output:NAME]

    return find_part(name, _ROOMS, ("Settings", "Output"))
