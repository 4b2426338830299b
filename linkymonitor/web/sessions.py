"""Who is signed in: each browser has a random word in its cookie, and a file has the hash of each word."""

# Strategy
#
# - The file survives a restart, so that a power cut signs nobody out. It is written when somebody signs in or out, and
#   has no word that could be used.
# - A new password ends all sessions: their file names the password under which they began.

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from linkymonitor.errors import StorageError
from linkymonitor.system.json_text import read_json
from linkymonitor.system.storage import Storage

log = logging.getLogger(__name__)

FILE = "sessions.json"
#: Seconds for which a browser stays signed in.
LIFE = 90 * 86400
#: Browsers that are signed in at once; the oldest session ends when there is one more.
_MOST = 64
#: Bytes of the file that are read; that of the most sessions is shorter.
_LONGEST_FILE = 16384


class Sessions:
    """The browsers that are signed in.

    Args:
        folder: has the file.
        storage: reads and writes it.
        password: something that changes when the password does.
        now: the clock, in POSIX seconds.
    """

    def __init__(
        self, folder: Path, storage: Storage, password: str, now: Callable[[], float] = time.time
    ) -> None:
        self._path = folder / FILE
        self._storage = storage
        self._password = password
        self._now = now
        self._lock = threading.Lock()
        #: Hash of the word → end of the session, the oldest session first.
        self._ends = self._read()

    def begin(self) -> str:
        """Return the word of a new session."""
        word = os.urandom(32).hex()
        with self._lock:
            self._ends[_hash(word)] = self._now() + LIFE
            while len(self._ends) > _MOST:
                del self._ends[next(iter(self._ends))]
            self._write()
        return word

    def has(self, word: str | None) -> bool:
        """Return whether *word* is that of a session."""
        # The hash of a guess says nothing about the hashes that are kept: to look it up needs no constant time.
        return word is not None and self._now() < self._ends.get(_hash(word), 0.0)

    def end(self, word: str | None) -> None:
        """End the session of *word*, if there is one."""
        with self._lock:
            if word is not None and self._ends.pop(_hash(word), None) is not None:
                self._write()

    def _read(self) -> dict[str, float]:
        try:
            kept = read_json(self._storage.part_of(self._path, 0, _LONGEST_FILE))
            if kept["password"] == self._password:
                return {str(word): float(end) for word, end in kept["ends"].items()}
        except FileNotFoundError:
            pass
        except (StorageError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.debug("%s", self._path, exc_info=error)  # everybody signs in again
        return {}

    def _write(self) -> None:
        kept = json.dumps({"password": self._password, "ends": self._ends}).encode() + b"\n"
        try:
            self._storage.replace(self._path, kept, mode=0o600)
        except StorageError as error:
            log.warning("%s", error)  # the sessions last until the next start


def _hash(word: str) -> str:
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()
