"""Keeps the memory of a process with several threads together."""

from __future__ import annotations

#: M_ARENA_MAX of malloc.h of glibc.
_ARENA_MAX = -8


def share_one_arena() -> None:
    """Make all threads take memory from one pool: glibc has up to eight a core, and each keeps what it freed.

    Threads of Python seldom ask for memory at the same time, so they do not wait for one another. Call it before the
    threads begin. Without glibc it does nothing.
    """
    from contextlib import suppress

    # ctypes takes 0.6 MiB itself, and is not built everywhere.
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)
