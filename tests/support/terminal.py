"""A terminal at which a command asks questions."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Sequence

#: So long, in seconds, a question may take to come; it comes in a fraction of one.
_PATIENCE = 120
#: What stands behind a question.
_PROMPT = " : "


class Terminal:
    """Runs linkymonitor with *options* at a pseudo-terminal, as a person does."""

    def __init__(self, *options: str) -> None:
        self._master, slave = os.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "linkymonitor", *options], stdin=slave, stdout=slave, stderr=slave
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
