"""The names under which a browser may ask for the pages."""

# Strategy
#
# - A page of somebody else may give its own name the address of this box (DNS rebinding); its scripts would then read
#   our pages. The browser still sends the name that it knows, so a name that is not ours is refused.
# - An address in digits cannot be turned like that, and is always taken.

from __future__ import annotations

import re
from collections.abc import Iterable

_IPV4 = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}")
_IPV6 = re.compile(r"\[[0-9a-f:.]{2,45}\]")
_PORT = re.compile(r":[0-9]{1,5}")
#: The endings that home networks give to the name of a machine.
_ENDINGS = ("", ".local", ".home", ".lan", ".home.arpa", ".localdomain")


def names_of(machine: str, more: Iterable[str]) -> frozenset[str]:
    """Return the names that are taken.

    Args:
        machine: the name of this machine.
        more: other names, from the settings.
    """
    short = machine.lower().partition(".")[0]
    own = {f"{short}{ending}" for ending in _ENDINGS} if short else set()
    return frozenset(
        {"localhost", machine.lower(), *own, *(name.lower().rstrip(".") for name in more)} - {""}
    )


def is_ours(header: str, names: frozenset[str]) -> bool:
    """Return whether *header*, the value of ``Host``, names this machine by an address or one of *names*."""
    host = header.lower()
    name = _PORT.sub("", host) if host.count(":") == 1 or "]:" in host else host
    return bool(name.rstrip(".") in names or _IPV4.fullmatch(name) or _IPV6.fullmatch(name))
