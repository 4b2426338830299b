"""Outputs act in the house, at once, on the reading thread: lamps, relays, the display."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text

if TYPE_CHECKING:
    from linkymonitor.model.reading import View
    from linkymonitor.outputs.hardware import Hardware

#: What tick() returns when an output has nothing planned.
NEVER = math.inf
#: What rounding may cost a deadline, in seconds: a tick this much too early counts as on time.
ROUNDING = 1e-6


class Output(Protocol):
    """One thing in the house that follows the readings.

    A module of this package has a frozen dataclass ``Settings`` and a class that is built from
    ``(settings, hardware)`` and keeps this contract. Nothing here may block for longer than a few
    tens of milliseconds, nor raise for a piece of hardware that is away: it retries by itself.
    """

    def update(self, view: View) -> None:
        """Take a new reading into account, at once."""

    def tick(self, now: float, data_age: float) -> float:
        """Let time pass.

        Args:
            now: monotonic seconds.
            data_age: seconds since the last complete frame, ``inf`` when there was none.

        Returns:
            The monotonic time at which this output next wants to be ticked; NEVER when nothing is planned.
        """

    def close(self) -> None:
        """Take the state that suits a stop (a relay's fail state, a dark display)."""


class Configured(NamedTuple):
    """An output that the INI file names by a path, and its settings."""

    output: Callable[[Any, Hardware], Output]
    settings: Any


#: The packages in which an output without a dotted path is looked for.
_ROOMS = ("linkymonitor.outputs", "linkymonitor.outputs.display")


def find(name: str) -> Any:
    """Return the module of the output *name*: one of this package, or a dotted path of the user's own.

    Raises:
        BadSetting: there is no such module, or it lacks ``Settings`` or ``Output``.
    """
    import importlib

    paths = [name] if "." in name else [f"{room}.{name}" for room in _ROOMS] if name else []
    path = next(filter(_is_there, paths), None)
    if path is None:
        raise BadSetting(
            Text(
                f"type = {name} : inconnu ; nommez un fichier de linkymonitor/outputs ou un chemin à points",
                f"type = {name}: no such output; name a file of linkymonitor/outputs or a dotted path",
            )
        )
    try:
        module = importlib.import_module(path)
    except (Exception, SystemExit) as error:
        raise _broken(name, error) from error
    if not (hasattr(module, "Settings") and hasattr(module, "Output")):
        raise BadSetting(
            Text(
                f"type = {name} : {path} doit définir Settings et Output",
                f"type = {name}: {path} must define Settings and Output",
            )
        )
    return module


def _is_there(path: str) -> bool:
    """Return whether there is a module *path*."""
    import importlib.util

    try:
        return importlib.util.find_spec(path) is not None
    except (ImportError, ValueError):
        return False
    except (Exception, SystemExit) as error:  # the user's code may raise anything when it is imported
        raise _broken(path, error) from error


def _broken(name: str, error: BaseException) -> BadSetting:
    what = f"{type(error).__name__}: {error}"
    return BadSetting(
        Text(
            f"type = {name} : ne se charge pas ({what}) ; corrigez ce module",
            f"type = {name}: does not load ({what}); mend that module",
        )
    )
