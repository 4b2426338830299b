"""Draws the pages afresh by a process of its own: `report`, one at a time, seldom, and never for long."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from linkymonitor.language import Text, escape_controls

log = logging.getLogger(__name__)

#: Seconds after which a drawing is ended: the first one of a year of logs takes minutes on a Pi Zero.
_LONGEST = 1800.0
#: A drawing gives way to everything else.
_NICENESS = 15
#: Characters of its messages that are logged.
_MOST_WORDS = 2000


class Drawing:
    """The drawing of the pages.

    Args:
        command: the words of the process.
        every: seconds between the beginnings of two drawings, at least; 0: nothing is drawn.
        now: the clock of the pages, in POSIX seconds.
        monotonic: the clock for *every*.
        longest: seconds after which a drawing is ended.
    """

    def __init__(
        self,
        command: Sequence[str],
        every: float,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        longest: float = _LONGEST,
    ) -> None:
        self._command = list(command)
        self._every = every
        self._now = now
        self._monotonic = monotonic
        self._longest = longest
        self._began: float | None = None
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._said = ""
        self._closed = False

    def wish(self, drawn_at: float | None) -> bool:
        """Begin to draw if the pages are too old; return whether a drawing is under way.

        Args:
            drawn_at: when the page that somebody looks at was drawn, in POSIX seconds; None: it is not drawn yet.
        """
        if not self._every:
            return False
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return True
            now = self._monotonic()
            # A page of the future was drawn while the clock was wrong.
            fresh = drawn_at is not None and 0 <= self._now() - drawn_at < self._every
            early = self._began is not None and now - self._began < self._every
            if fresh or early or self._closed:
                return False
            self._began = now
            return self._begin()

    def wait(self, seconds: float) -> None:
        """Wait until the drawing that is under way is over, but no longer than *seconds*."""
        if self._thread is not None:
            self._thread.join(seconds)

    def close(self) -> None:
        """End the drawing that is under way, and begin no other."""
        with self._lock:
            self._closed = True
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()
        self.wait(5.0)

    def _begin(self) -> bool:
        """Start the process, and a thread that waits for its end; return False if it cannot be started."""
        environ = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=environ,
                text=True,
                errors="replace",
            )
        except OSError as error:
            log.warning(Text("dessin des pages : %s", "drawing of the pages: %s"), error)
            return False
        # A service may be forbidden to change it; its unit is nice then.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
        self._process = process
        self._thread = threading.Thread(target=self._watch, args=(process,), name="drawing", daemon=True)
        self._thread.start()
        return True

    def _watch(self, process: subprocess.Popen[str]) -> None:
        try:
            _, words = process.communicate(timeout=self._longest)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            words = str(
                Text(
                    f"dessin des pages arrêté après {self._longest:.0f} s ; lancez « linkymonitor report » à la main "
                    "pour voir ce qui dure",
                    f"drawing of the pages ended after {self._longest:.0f} s; run “linkymonitor report” by hand to "
                    "see what takes so long",
                )
            )
        self._tell(words.strip()[-_MOST_WORDS:])

    def _tell(self, words: str) -> None:
        """Log *words*, the messages of a drawing, unless the drawing before had the same."""
        if words and words != self._said and not self._closed:
            for line in words.splitlines():
                log.warning("%s", escape_controls(line))
        self._said = words
