"""The users and groups of this machine by their numbers and names."""

from __future__ import annotations

import grp
import pwd

#: The group that Debian gives the serial ports to.
_OF_PORTS = "dialout"


def user(name: str) -> pwd.struct_passwd | None:
    """Return the entry of the user *name*, None when there is no such user."""
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def user_of(uid: int) -> pwd.struct_passwd | None:
    """Return the entry of the user *uid*, None when there is none."""
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return None


def name_of(uid: int) -> str:
    """Return the name of the user *uid*, or the number in digits when there is no such user."""
    entry = user_of(uid)
    return entry.pw_name if entry else str(uid)


def group_for_port(gid: int | None) -> str:
    """Return the group to join for a port that the group *gid* has: dialout, unless the system uses another group."""
    try:
        name = _OF_PORTS if gid is None else grp.getgrgid(gid).gr_name
    except KeyError:
        return _OF_PORTS
    # A login console gives its port to the group tty, and nobody should join the group root.
    return _OF_PORTS if name in ("root", "tty") else name
