"""Every error this package raises.

* LinkyMonitorError
  - UsageError         the words of the command line do not go together (exit status 2)
  - ConfigError        the configuration cannot be used; the user can mend it
  - LineError          the source of bytes cannot be opened or has gone away
    + LineBusy         somebody else holds the port or the log directory (exit status 75)
  - StorageError       a file cannot be written; what was meant for it is kept in memory
  - DisplayError       the display is absent or has stopped answering
* BadSetting           a ValueError: a setting can be read, but its value makes no sense
"""

from __future__ import annotations

from linkymonitor.language import Text, as_text


class LinkyMonitorError(Exception):
    """The root of every error this package raises; ``str()`` of it is one sentence for the user."""

    def __init__(self, sentence: Text | str) -> None:
        super().__init__(sentence)
        #: The sentence in both languages.
        self.text = as_text(sentence)


class UsageError(LinkyMonitorError):
    """The words of the command line do not go together."""


class ConfigError(LinkyMonitorError):
    """The configuration cannot be used.

    Args:
        faults: one sentence for each fault: place, fault, remedy.
    """

    def __init__(self, *faults: Text | str) -> None:
        self.faults = tuple(map(as_text, faults))
        super().__init__(
            Text("\n".join(fault.fr for fault in self.faults), "\n".join(fault.en for fault in self.faults))
        )

    def __reduce__(self) -> tuple[type[ConfigError], tuple[Text, ...]]:
        return type(self), self.faults


class LineError(LinkyMonitorError):
    """The source of bytes cannot be opened or has gone away."""


class LineBusy(LineError):
    """Somebody else holds the port or the log directory."""


class StorageError(LinkyMonitorError):
    """A file cannot be written; what was meant for it is kept in memory."""


class DisplayError(LinkyMonitorError):
    """The display is absent or has stopped answering."""


class BadSetting(ValueError):
    """A setting can be read, but its value makes no sense: ``key = value: what is expected``."""

    def __init__(self, sentence: Text | str) -> None:
        super().__init__(sentence)
        self.text = as_text(sentence)
