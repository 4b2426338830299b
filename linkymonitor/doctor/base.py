"""What a check returns, and what a check may look at."""

from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.doctor.world import World
from linkymonitor.errors import LinkyMonitorError
from linkymonitor.language import Text, cause

if TYPE_CHECKING:
    from linkymonitor.ini_file import Fault
    from linkymonitor.settings import Settings


#: What shows more, for a user whose rights end here.
AS_ROOT = Text("« sudo linkymonitor doctor »", "“sudo linkymonitor doctor”")


class State(Enum):
    """The result of a check."""

    WELL = "well"
    TO_MEND = "to_mend"
    #: The thing cannot be looked at here; that is neither good nor bad.
    UNSEEN = "unseen"


class Row(NamedTuple):
    """The result of one check."""

    #: The name of the check in the JSON; it never changes.
    name: str
    #: What was looked at.
    what: Text
    finding: Text
    state: State
    #: The remedy, for the owner; a check without a fault may have advice here, too.
    cure: Text | None = None
    #: Does what is safe of the cure, and returns what is then left to do or to wait for; it may raise OSError.
    mend: "Callable[[], Text | None] | None" = None
    #: Figures for programs.
    figures: dict[str, object] | None = None
    #: Lines that are printed below the row on a terminal, such as a QR code.
    picture: tuple[str, ...] = ()


class Trials(NamedTuple):
    """The test messages to the sinks."""

    threads: list[Thread]
    #: The monotonic time at which waiting for answers ends.
    end: float
    #: The name of a sink → whether it has taken its message, and a sentence.
    answers: dict[str, tuple[bool, Text]]


class Subject(NamedTuple):
    """What is examined: an installation on a machine."""

    world: World
    settings: "Settings"
    #: The port of the meter as the user wrote it.
    port: str
    #: The folders of latest.json and of the places of `deliver`.
    runtime_dir: Path
    state_dir: Path
    #: Sends a test message to the sink of this name: whether the sink has taken it, and a sentence.
    try_sink: Callable[[str], tuple[bool, Text]]
    #: The faults that `check` finds on paper.
    paper: Callable[[], list[Text]]
    #: The faults of the file of the settings; what they concern has its default in *settings*.
    misread: "Sequence[Fault]" = ()
    #: The test messages that are under way; None: they are sent when the sinks are looked at.
    begun: "Trials | None" = None


Check = Callable[[Subject], list[Row]]


class Group(NamedTuple):
    """Checks that belong together."""

    title: Text
    check: Check


def well(name: str, what: Text, finding: Text, cure: Text | None = None, **figures: object) -> Row:
    """Return the row of a thing that is as it should be."""
    return Row(name, what, finding, State.WELL, cure, None, figures or None)


def to_mend(
    name: str,
    what: Text,
    finding: Text,
    cure: Text,
    mend: "Callable[[], Text | None] | None" = None,
    **figures: object,
) -> Row:
    """Return the row of a fault with its cure."""
    return Row(name, what, finding, State.TO_MEND, cure, mend, figures or None)


def unseen(name: str, what: Text, finding: Text, cure: Text | None = None) -> Row:
    """Return the row of a thing that cannot be looked at."""
    return Row(name, what, finding, State.UNSEEN, cure)


def lasting(seconds: float) -> Text:
    """Return a length of time in words, in one unit."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return Text(f"{seconds / size:.0f} {unit}", f"{seconds / size:.0f} {unit}")
    return Text(f"{max(seconds, 0):.0f} s", f"{max(seconds, 0):.0f} s")


def unread(name: str, what: Text, error: LinkyMonitorError | OSError) -> Row:
    """Return the row of a thing that *error* has kept from being looked at; root may see it."""
    why = error.text if isinstance(error, LinkyMonitorError) else cause(error)
    closed = isinstance(error, PermissionError) or isinstance(error.__cause__, PermissionError)
    return unseen(name, what, why, AS_ROOT if closed else None)
