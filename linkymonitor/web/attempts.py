"""How often a password may be tried: by one address, and by all together."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

#: Attempts that may be made at once, and the seconds after which there is one more: by one address, and by all.
_OF_ONE, _EVERY_OF_ONE = 5, 60.0
_OF_ALL, _EVERY_OF_ALL = 30, 20.0
#: Addresses that are remembered; the one that tried longest ago is forgotten first.
_MOST = 256


class _Bucket:
    """Attempts that are left, and when that was counted."""

    __slots__ = ("at", "left")

    def __init__(self, left: float, at: float) -> None:
        self.left = left
        self.at = at


class Attempts:
    """Counts the attempts; each costs one, the right password gives it back.

    Args:
        monotonic: the clock, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._all = _Bucket(_OF_ALL, monotonic())
        self._each: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def begin(self, address: str) -> int:
        """Count an attempt by *address*; return 0, or the seconds until the next one is allowed."""
        now = self._monotonic()
        with self._lock:
            own = self._each.pop(_neighbourhood(address), None) or _Bucket(_OF_ONE, now)
            self._each[_neighbourhood(address)] = own
            while len(self._each) > _MOST:
                del self._each[next(iter(self._each))]
            buckets = ((own, _OF_ONE, _EVERY_OF_ONE), (self._all, _OF_ALL, _EVERY_OF_ALL))
            wait = 0.0
            for bucket, most, every in buckets:
                bucket.left = min(most, bucket.left + (now - bucket.at) / every)
                bucket.at = now
                wait = max(wait, (1 - bucket.left) * every)
            if wait > 0:
                return math.ceil(wait)
            for bucket, _, _ in buckets:
                bucket.left -= 1
            return 0

    def forgive(self, address: str) -> None:
        """Give the last attempt of *address* back: it was right."""
        with self._lock:
            for bucket in (self._each.get(_neighbourhood(address)), self._all):
                if bucket is not None:
                    bucket.left += 1


def _neighbourhood(address: str) -> str:
    """Return what of *address* belongs to one house: an IPv6 host has as many addresses as it likes."""
    if address.startswith("::ffff:"):
        return address
    return ":".join(address.split(":")[:4]) if ":" in address else address
