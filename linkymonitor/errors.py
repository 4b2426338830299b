"""Every error this package raises.

* LinkyMonitorError
  - UsageError         the arguments of the command line exclude each other (exit status 2)
  - ConfigError        the configuration cannot be used; the user can mend it
    + NoPassword       `serve` would show the pages to the whole house without a password (exit status 78)
  - LineError          the source of bytes cannot be opened or has gone away
    + LineBusy         another process has the port or the log directory (exit status 75)
  - StorageError       a file cannot be read or written; lines for the log wait in memory
  - DisplayError       the display is absent or has stopped answering
  - SinkError          what a sink of `deliver` answers
    + SinkUnavailable  the far end is away: keep the records, and try again
    + SinkRefused      these very records can never be taken: set them aside, and log it
* BadSetting           a ValueError: the text of a setting can be read, but its value is not allowed
"""

from __future__ import annotations

from collections.abc import Sequence

from linkymonitor.language import Text, as_text


class LinkyMonitorError(Exception):
    """The root of the errors this package raises; ``str()`` of an error is a sentence for the user."""

    def __init__(self, sentence: Text | str) -> None:
        super().__init__(sentence)
        #: The sentence in both languages.
        self.text = as_text(sentence)


class UsageError(LinkyMonitorError):
    """The arguments of the command line exclude each other."""


class ConfigError(LinkyMonitorError):
    """The configuration cannot be used.

    Args:
        faults: one sentence for each fault: place, fault, remedy.
    """

    def __init__(self, *faults: Text | str) -> None:
        self.faults = tuple(map(as_text, faults))
        super().__init__(_one_a_line(self.faults))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[Text, ...]]:
        return type(self), self.faults


class NoPassword(ConfigError):
    """`serve` would show the pages to the whole house without a password."""


class LineError(LinkyMonitorError):
    """The source of bytes cannot be opened or has gone away."""


class LineBusy(LineError):
    """Another process has the port or the log directory."""


class StorageError(LinkyMonitorError):
    """A file cannot be read or written; its ``__cause__`` is the OSError, if there is one."""


class DisplayError(LinkyMonitorError):
    """The display is absent or has stopped answering."""


class SinkError(LinkyMonitorError):
    """A sink has not taken what it was given."""


class SinkUnavailable(SinkError):
    """The far end is away, or refuses for a reason that its owner can mend: the same records are written again."""


class SinkRefused(SinkError):
    """These very records can never be taken; other records may be."""


class BadSetting(ValueError):
    """The texts of the settings of a section can be read, but at least one value is not allowed.

    Args:
        faults: one sentence for each such value: ``key = value: expected …``.
    """

    def __init__(self, *faults: Text | str) -> None:
        self.faults = tuple(map(as_text, faults))
        #: All sentences, one a line.
        self.text = _one_a_line(self.faults)
        super().__init__(self.text)


def _one_a_line(faults: Sequence[Text]) -> Text:
    return Text("\n".join(fault.fr for fault in faults), "\n".join(fault.en for fault in faults))
