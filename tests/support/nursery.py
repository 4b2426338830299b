"""A process that forks daemons, which a test kills one after the other."""

from __future__ import annotations

import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_NURSERY = """
import os, sys
from importlib import import_module
for name in sys.argv[1:]:
    import_module(name)
from linkymonitor.cli import main
for line in sys.stdin:
    child = os.fork()
    if not child:
        status = 70
        os.dup2(2, 1)  # stdout has the answers alone
        try:
            status = main(line.rstrip("\\n").split("\\t"))
        finally:
            os._exit(status)
    print(child, flush=True)
    _, status = os.waitpid(child, 0)
    print(status, flush=True)
"""


class Nursery:
    """Forks daemons, one at a time, from a process that has imported *modules*.

    Args:
        errors: the file to which the daemons write what they say on stderr.
        modules: what the daemons need; else a test would spend its time on imports.
        environ: the environment of the daemons; None: that of the test.
    """

    def __init__(
        self, errors: Path, modules: Sequence[str], environ: Mapping[str, str] | None = None
    ) -> None:
        self.errors = errors.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-c", _NURSERY, *modules],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            # A buffer would take two answers at once, and select would then wait for the second one for ever.
            bufsize=0,
        )

    def birth(self, *argv: str) -> int:
        """Start a daemon and return the number of its process."""
        assert self._process.stdin
        self._process.stdin.write("\t".join(argv).encode() + b"\n")
        return int(self._answer(20.0))

    def death(self, timeout: float) -> int:
        """Wait for the end of the daemon and return its status, as os.waitpid does."""
        return int(self._answer(timeout))

    def lives(self) -> bool:
        """Return whether the daemon still runs."""
        return not select.select([self._process.stdout], [], [], 0)[0]

    def last_words(self) -> str:
        """Return the end of what the daemons have written to stderr."""
        return Path(self.errors.name).read_text(errors="replace")[-2000:]

    def retire(self) -> None:
        """Let the process end after the daemon that it has; its last answers can still be read."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(100)

    def close(self) -> None:
        assert self._process.stdout
        self.retire()
        self._process.stdout.close()
        self.errors.close()

    def _answer(self, timeout: float) -> bytes:
        assert self._process.stdout
        assert select.select([self._process.stdout], [], [], timeout)[0], "the daemon does not answer"
        return self._process.stdout.readline()
