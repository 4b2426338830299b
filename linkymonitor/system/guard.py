"""Guards parts from each other: one that raises is logged, and stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from linkymonitor.errors import LinkyMonitorError
from linkymonitor.language import Text

log = logging.getLogger(__name__)
T = TypeVar("T")


class Guard:
    """Calls parts, and keeps what they raise from whoever comes next.

    A part that keeps failing is logged when that begins and when it ends.
    """

    def __init__(self) -> None:
        self._broken: set[tuple[int, str]] = set()

    def call(self, call: Callable[..., T], *args: object, section: str = "") -> T | None:
        """Return what *call* returns, or None after logging that it raised.

        Args:
            call: a function, or the method of a part.
            args: are handed to it.
            section: of the configuration that names *call*, if it is code of the user's.
        """
        name = getattr(call, "__qualname__", None) or repr(call)  # the text of a whole appliance is long
        module = getattr(call, "__module__", None) or "?"
        is_foreign = bool(section) or module.partition(".")[0] != "linkymonitor"
        if is_foreign:
            name = (f"[{section}] " if section else "") + f"{module}.{name}"
        # Two lamps have one name for what each of them does.
        part = (id(getattr(call, "__self__", call)), name)
        try:
            result = call(*args)
        except BaseException as error:
            # Not only Exception: code of the user may call sys.exit(). Ctrl-C comes as a signal, and never here.
            if part not in self._broken:
                self._broken.add(part)
                if isinstance(error, LinkyMonitorError):
                    # Its sentence names fault and remedy, and the part too when the part is ours.
                    log.warning("%s", name + Text(" : ", ": ") + error.text if is_foreign else error.text)
                else:
                    log.exception(
                        Text("%s a échoué ; le reste continue", "%s failed; the rest goes on"), name
                    )
            return None
        if part in self._broken:
            self._broken.discard(part)
            log.info(Text("%s fonctionne de nouveau", "%s works again"), name)
        return result
