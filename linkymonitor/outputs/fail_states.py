"""The fail states of the relays that acquire drives, in a file in memory, for `safe` after a crash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.errors import StorageError
from linkymonitor.language import Text

if TYPE_CHECKING:
    from linkymonitor.outputs.sections import RelaySettings

#: The folder of the service in memory, for a process that systemd has not started.
_FOLDER = "/run/linkymonitor"


class FailState(NamedTuple):
    """The fail state of one relay: the pin, and the level that puts the relay into that state."""

    #: The GPIO number.
    pin: int
    #: The level of the pin: True is high.
    level: bool
    #: Whether the coil is fed.
    on: bool
    #: The NAME of ``[relay:NAME]``.
    name: str


def file_of(environ: Mapping[str, str]) -> Path:
    """Return the path of the file.

    Args:
        environ: has RUNTIME_DIRECTORY where systemd has made the folder.
    """
    return Path(environ.get("RUNTIME_DIRECTORY", "").partition(":")[0] or _FOLDER) / "relays"


def fail_states(relays: Iterable[RelaySettings]) -> list[FailState]:
    """Return the fail state of each of *relays*."""
    return [
        FailState(relay.pin, bool(relay.fail_state) == relay.active_high, bool(relay.fail_state), relay.name)
        for relay in relays
    ]


def written(states: Iterable[FailState]) -> bytes:
    """Return the content of the file: a line for each relay with pin, level, coil and name."""
    return "".join(f"{pin} {level:d} {on:d} {name}\n" for pin, level, on, name in states).encode()


def kept(path: Path) -> list[FailState] | None:
    """Return the fail states in the file *path*, None when there is no such file.

    Raises:
        StorageError: the file cannot be read, or is not of ours.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _damaged(path) from error
    states = []
    for line in lines:
        pin, level, on, *name = line.split(" ", 3) if line.count(" ") >= 3 else ("", "", "", "")
        if not (pin.isdecimal() and len(pin) <= 3 and {level, on} <= {"0", "1"}):
            raise _damaged(path)
        states.append(FailState(int(pin), level == "1", on == "1", "".join(name)))
    return states


def _damaged(path: Path) -> StorageError:
    return StorageError(
        Text(
            f"{path} : illisible ; les relais sont pris dans la configuration",
            f"{path}: cannot be read; the relays are taken from the configuration",
        )
    )
