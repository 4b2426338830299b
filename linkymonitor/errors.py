"""Every error this package raises.

* LinkyMonitorError
  - UsageError         the words of the command line do not go together (exit status 2)
  - ConfigError        the configuration cannot be used; the user can mend it
  - LineError          the source of bytes cannot be opened or has gone away
    + LineBusy         somebody else holds the port or the log directory (exit status 75)
  - StorageError       a file cannot be written; what was meant for it is kept in memory
  - DisplayError       the display is absent or has stopped answering
* BadSetting           a ValueError: a setting can be read, and cannot be meant
"""

from __future__ import annotations

from linkymonitor.language import of_terminal, pick


class LinkyMonitorError(Exception):
    """The root of every error this package raises; its text is one sentence for the user."""


class UsageError(LinkyMonitorError):
    """The words of the command line do not go together."""


class ConfigError(LinkyMonitorError):
    """The configuration cannot be used.

    Args:
        faults: one sentence for each fault: place, fault, remedy.
    """

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class LineError(LinkyMonitorError):
    """The source of bytes cannot be opened or has gone away."""


class LineBusy(LineError):
    """Somebody else holds the port or the log directory."""


class StorageError(LinkyMonitorError):
    """A file cannot be written; what was meant for it is kept in memory.

    Its text is in the language of the terminal; the log says it in its own.
    """

    def __init__(self, fr: str, en: str) -> None:
        super().__init__(pick(of_terminal(), fr, en))
        self.fr, self.en = fr, en

    def __reduce__(self) -> tuple[type[StorageError], tuple[str, str]]:
        return type(self), (self.fr, self.en)


class DisplayError(LinkyMonitorError):
    """The display is absent or has stopped answering."""


class BadSetting(ValueError):
    """A setting can be read, and cannot be meant: ``key = value: what is expected``, in both languages."""

    def __init__(self, fr: str, en: str) -> None:
        super().__init__(en)
        self.fr, self.en = fr, en

    def __reduce__(self) -> tuple[type[BadSetting], tuple[str, str]]:
        return type(self), (self.fr, self.en)
