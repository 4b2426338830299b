"""Mounts that no other process sees, so that removing a folder never removes what is mounted in it."""

from __future__ import annotations

import ctypes
import subprocess

#: Of sched.h.
_CLONE_NEWNS = 0x00020000


def leave_the_mounts_of_the_machine() -> None:
    """Give this process, and those that it starts, a list of mounts of its own (mount_namespaces(7)).

    The list ends with the last of those processes, however it ends.

    Raises:
        OSError: this machine does not allow it.
    """
    libc = ctypes.CDLL(None, use_errno=True)  # os.unshare came with Python 3.12
    if libc.unshare(_CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
