"""Guards parts of the program from each other: a part that raises is logged, and the others go on."""

import logging
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from linkymonitor.errors import LinkyMonitorError
from linkymonitor.language import Text

log = logging.getLogger(__name__)
T = TypeVar("T")


class Guard:
    """Calls parts of the program, and logs what they raise instead of passing it on.

    A part that fails at every call is logged twice: when the failures begin, and when they end.
    """

    def __init__(self) -> None:
        self._broken: set[_Part] = set()

    def call(self, call: Callable[..., T], *args: object, section: str = "") -> T | None:
        """Return what *call* returns, or None after logging that it raised.

        Args:
            call: a function, or the method of a part.
            args: the arguments of *call*.
            section: the section of the configuration that names *call*, if *call* is code of the user.
        """
        try:
            result = call(*args)
        except BaseException as error:
            # BaseException, because code of the user may call sys.exit(). Ctrl-C comes as a signal, never here.
            self._tell_broken(_Part.of(call, section), error)
            return None
        if self._broken:
            self._tell_mended(_Part.of(call, section))
        return result

    def _tell_broken(self, part: "_Part", error: BaseException) -> None:
        if part in self._broken:
            return
        self._broken.add(part)
        if isinstance(error, LinkyMonitorError):
            # The sentence names fault and remedy, and also the part when the part is our own.
            log.warning("%s", part.name + Text(" : ", ": ") + error.text if part.is_foreign else error.text)
        else:
            text = Text("%s a échoué ; le reste continue", "%s failed; the rest goes on")
            log.error(text, part.name, exc_info=error)

    def _tell_mended(self, part: "_Part") -> None:
        if part in self._broken:
            self._broken.discard(part)
            log.info(Text("%s fonctionne de nouveau", "%s works again"), part.name)


class _Part(NamedTuple):
    """What a guard calls, as the messages name it."""

    #: The object is part of the key: the same method of two lamps has the same name.
    owner: int
    name: str
    is_foreign: bool

    @classmethod
    def of(cls, call: Callable[..., object], section: str) -> "_Part":
        """Return the part that *call* belongs to; *section* as in Guard.call()."""
        name = getattr(call, "__qualname__", None) or repr(call)  # the text of a whole appliance is long
        module = getattr(call, "__module__", None) or "?"
        is_foreign = bool(section) or module.partition(".")[0] != "linkymonitor"
        if is_foreign:
            name = (f"[{section}] " if section else "") + f"{module}.{name}"
        return cls(id(getattr(call, "__self__", call)), name, is_foreign)
