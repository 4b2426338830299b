"""The section ``[notify]``; every command reads it, so its sinks are imported only where a line asks for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text
from linkymonitor.sinks.event_kinds import URGENT, check_events

if TYPE_CHECKING:
    from linkymonitor.sinks.base import Configured

#: Before the NAME of a line, in messages and in ``deliver --status``.
PREFIX = "notify."


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings:
    """``[notify]``: whom `deliver` notifies of events."""

    #: The kinds of events that are announced.
    events: tuple[str, ...] = URGENT
    #: NAME → ``command /usr/local/bin/ring``, ``url ADDRESS``, ``url_file FILE`` or ``mail marie@example.org``.
    targets: Mapping[str, str] = field(default_factory=dict, metadata={"free": True})

    def __post_init__(self) -> None:
        faults: list[Text] = []
        try:
            check_events(self.events)
        except BadSetting as error:
            faults += error.faults
        for name, words in self.targets.items():
            try:
                _sink(name, words, self.events)
            except BadSetting as error:
                faults += error.faults
        if faults:
            raise BadSetting(*faults)

    @property
    def sinks(self) -> "dict[str, Configured]":
        """Each line as a sink: its name → its settings."""
        return {PREFIX + name: _sink(name, words, self.events) for name, words in self.targets.items()}


def _sink(name: str, words: str, events: Sequence[str]) -> "Configured":
    """Return the line *name* of the section as a sink.

    Raises:
        BadSetting: it can be none.
    """
    # Only here: programs, hashes and sockets are slow to import, and most boxes notify nobody.
    from linkymonitor.sinks.notify import target

    return target(name, words, events)
