"""The threads of a process share one pool of memory, where glibc would give each its own."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

#: Threads that each take memory at the same time; prints how many pools there are then.
PROGRAM = """
import ctypes, os, sys, tempfile, threading
from linkymonitor.system.memory import share_one_arena
if sys.argv[1] == "shared":
    share_one_arena()
gate, kept = threading.Barrier(4), []
def take():
    gate.wait()
    kept.append([bytes(5000) for _ in range(200)])
    gate.wait()
threads = [threading.Thread(target=take) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as file:
    stream = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(file.read().count(b"<heap nr="))
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="not glibc")
def test_threads_take_memory_from_one_pool():
    counts = {
        how: int(subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, check=True).stdout)
        for how in ("each", "shared")
    }
    assert counts["each"] > counts["shared"] == 1
