"""A terminal at which a command asks questions."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

#: So long, in seconds, a question may take to come; it comes in a fraction of one.
_PATIENCE = 120
#: What stands behind a question.
_PROMPT = ": "


def _log_in(terminal: int) -> None:
    """Make *terminal* that of this process, whose keys send it signals even where a script has these ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.login_tty(terminal)


class Terminal:
    """Runs linkymonitor with *options* at a pseudo-terminal, as a person does."""

    def __init__(self, *options: str) -> None:
        self._master, slave = os.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "linkymonitor", *options],
            preexec_fn=lambda: _log_in(slave),  # noqa: PLW1509 -- no thread runs here
        )
        os.close(slave)
        #: All that was shown, with the answers that the terminal has echoed.
        self.shown = ""

    def type(self, answers: Sequence[str]) -> None:
        """Type each of *answers* when a question is there."""
        for answer in answers:
            self._wait()
            self.shown += "\0"  # the question is answered
            os.write(self._master, f"{answer}\n".encode())

    def press(self, key: str) -> None:
        """Press the control character *key* when the command waits for an answer."""
        self._wait()
        # A signal between the question and the wait for its answer would be seen after the next key only.
        stat = Path(f"/proc/{self._process.pid}/stat")
        while stat.read_text().rpartition(")")[2].split()[0] != "S":
            assert self._process.poll() is None, f"the command has ended: {self.shown}"
            time.sleep(0.01)
        os.write(self._master, key.encode())

    def _wait(self) -> None:
        """Read until a question waits for its answer."""
        while not self._asked():
            assert self._read(), f"the command has ended: {self.shown}"

    def _asked(self) -> bool:
        line = self.shown.rpartition("\n")[2]
        # A sentence about the keys has guillemets, a question has none.
        return line.endswith(_PROMPT) and "«" not in line and "“" not in line

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], _PATIENCE)
        assert ready, f"nothing more is shown: {self.shown}"
        try:
            content = os.read(self._master, 65536)
        except OSError:  # the command has closed the terminal
            return False
        self.shown += content.decode(errors="replace")
        return bool(content)

    def close(self) -> None:
        """Close the terminal when a question is there, as the window of a terminal is closed."""
        self._wait()
        os.close(self._master)
        self._process.wait(_PATIENCE)

    def end(self) -> int:
        """Read to the end; return the exit status."""
        while self._read():
            pass
        os.close(self._master)
        return self._process.wait(_PATIENCE)
