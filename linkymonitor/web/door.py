"""The door of the pages: who has the password of the house comes in, and stays in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.system.storage import Storage
from linkymonitor.web.attempts import Attempts
from linkymonitor.web.password import LONGEST, Password
from linkymonitor.web.section import PASSWORD_FILE
from linkymonitor.web.sessions import Sessions

#: Seconds for which an attempt waits until others have been judged.
_PATIENCE = 10.0


class Entry(NamedTuple):
    """What came of an attempt to sign in."""

    #: The word of the new session; empty when there is none.
    word: str = ""
    #: Seconds to wait until the next attempt; 0 when the password was judged.
    wait: int = 0


class Door:
    """Lets in who has the password that is in *folder*.

    Args:
        folder: has the password and the sessions.
        storage: reads and writes them.
        attempts: bounds how often a password is tried.
        now: the clock of the sessions, in POSIX seconds; None: that of the machine.

    Raises:
        StorageError: no password is set, or it cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        storage: Storage,
        attempts: Attempts | None = None,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._folder = folder
        self._storage = storage
        self._attempts = attempts or Attempts()
        self._clock = {} if now is None else {"now": now}
        # To judge a password takes memory, and all of a Pi Zero: one at a time.
        self._judging = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._password: Password
        self.sessions: Sessions
        self._look()

    def look(self) -> None:
        """Read the password again if it was set anew; its sessions have then ended.

        Raises:
            StorageError: no password is set, or it cannot be read.
        """
        with self._judging:
            self._look()

    def _look(self) -> None:
        path = self._folder / PASSWORD_FILE
        try:
            found = path.stat()
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
            if seen == self._seen:
                return
            self._password = Password(self._folder, self._storage)
        except OSError as error:
            raise StorageError(
                Text(
                    f"{path} : pas de mot de passe ; « linkymonitor serve --set-password » en met un",
                    f"{path}: no password; “linkymonitor serve --set-password” sets one",
                )
            ) from error
        self.sessions = Sessions(self._folder, self._storage, self._password.mark, **self._clock)
        self._seen = seen

    def enter(self, password: str, address: str) -> Entry:
        """Judge *password*, which somebody at *address* has typed.

        Raises:
            StorageError: the password cannot be read any more.
        """
        wait = self._attempts.begin(address)
        if wait:
            return Entry(wait=wait)
        if not self._judging.acquire(timeout=_PATIENCE):
            return Entry(wait=int(_PATIENCE))
        try:
            self._look()
            if len(password) > LONGEST or not self._password.is_right(password):
                return Entry()
            self._attempts.forgive(address)
            return Entry(self.sessions.begin())
        finally:
            self._judging.release()
