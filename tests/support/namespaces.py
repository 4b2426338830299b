"""Mounts and processes of a trial's own, which end with it however it ends (mount_namespaces(7), pid_namespaces(7))."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable

#: Of sched.h and of sys/prctl.h.
_CLONE_NEWNS, _CLONE_NEWPID = 0x00020000, 0x20000000
_PR_SET_PDEATHSIG = 1


def leave_the_mounts_of_the_machine() -> None:
    """Give this process, and those that it starts, a list of mounts of its own.

    No other process sees what is mounted there, so removing a folder never removes what is mounted in it. The list ends
    with the last of those processes.

    Raises:
        OSError: this machine does not allow it.
    """
    _called("unshare", _CLONE_NEWNS)  # os.unshare came with Python 3.12
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def run_apart(trial: Callable[[], int]) -> int:
    """Run *trial* in a process with mounts and a list of processes of its own; return its exit status.

    When that process or this one ends, the kernel kills every process that the trial has started, whatever signals it
    ignores, and with the last of them go the mounts.

    Raises:
        OSError: this machine does not allow it.
    """
    leave_the_mounts_of_the_machine()
    _called("unshare", _CLONE_NEWPID)
    first = os.fork()
    if first:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        return os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
    _called("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL)
    subprocess.run(["mount", "-t", "proc", "proc", "/proc"], check=True)
    sys.exit(trial())


def _called(name: str, *words: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc[name](*words) != 0:
        raise OSError(ctypes.get_errno(), name)
