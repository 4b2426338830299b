"""What SIGHUP does to `serve`: the password and the names of the machine are read again, while pages are served."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from linkymonitor.commands.reload import REFUSED, changes
from linkymonitor.errors import ConfigError, StorageError
from linkymonitor.language import Text, speak
from linkymonitor.web.hosts import names_of

if TYPE_CHECKING:
    from linkymonitor.settings import Settings
    from linkymonitor.web.door import Door
    from linkymonitor.web.site import Site

log = logging.getLogger(__name__)


class ServeReload:
    """Reads the settings of a `serve` that runs again.

    Args:
        settings: those with which it has started.
        read: reads them again, and checks them whole; raises ConfigError.
        site: takes the names of the machine.
        door: reads its password again; None: everybody may see the pages.
    """

    def __init__(
        self, settings: Settings, read: Callable[[], Settings], site: Site, door: Door | None
    ) -> None:
        self._started = settings
        self._read = read
        self._site = site
        self._door = door
        self._lock = threading.Lock()

    def __call__(self) -> Text:
        """Take what has changed, or nothing when anything is wrong; log it, and return it in a sentence."""
        with self._lock:
            try:
                settings = self._read()
                if self._door is not None:
                    self._door.look()
            except (ConfigError, StorageError) as error:
                for line in str(error).splitlines():
                    log.warning("%s", line)
                log.warning("%s", REFUSED)
                return REFUSED
            finally:
                # Reading the file has set its language, which waits for the next start.
                speak(self._started.general.lang)
            self._site.names = names_of(socket.gethostname(), settings.serve.hosts)
            told = Text("Mot de passe et [serve] hosts relus", "Password and [serve] hosts read again")
            if later := self._later(settings):
                told += Text(" ; au prochain démarrage : ", "; at the next start: ") + ", ".join(later)
            log.info("%s", told)
            return told

    def _later(self, settings: Settings) -> list[str]:
        """Return the settings of the pages that differ from those of the start, and wait for the next one."""
        changed = changes(self._started, settings)
        serve, started = settings.serve, self._started.serve
        keys = [key for key in ("bind", "open", "refresh") if getattr(serve, key) != getattr(started, key)]
        return [
            *(f"[serve] {key}" for key in keys),
            *(place for place in ("[general]", "[report]") if place in changed),
        ]
