"""Runs one command: from the arguments of the command line to the exit status."""

from __future__ import annotations

import atexit
import errno
import gc
import sys
from collections.abc import Sequence
from importlib import import_module

from linkymonitor.errors import LineBusy, LinkyMonitorError, NoPassword, UsageError
from linkymonitor.language import Text, cause, legible
from linkymonitor.system.console import console

#: Exit statuses (README.md), besides USAGE.
DONE, FAILED, BUSY, NO_PASSWORD = 0, 1, 75, 78

#: The errors of standard output when it goes to a disk that is full or broken.
_CANNOT_PRINT = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        argv: the arguments without the name of the program; None: those of this process, whose streams are then
            made safe to print to.
    """
    words = sys.argv[1:] if argv is None else argv
    if argv is None:
        console.settle()
        _spare_the_garbage_collector()
    try:
        status = _call(words)
        if sys.stdout is not None:
            # Flushed here, because a full disk can still be reported here, and not when Python exits.
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of stdout has left, which is no failure.
        sys.stdout = None
        return DONE
    except OSError as error:
        # The parts catch the errors of their files. An error without a file name comes from stdout.
        if error.filename is not None or error.errno not in _CANNOT_PRINT:
            raise
        sys.stdout = None  # else Python flushes stdout again when it exits
        why = cause(error)
        return _fail(
            Text(
                f"sortie standard : écriture impossible ({why.fr}) ; faites de la place, ou écrivez ailleurs",
                f"standard output: cannot be written ({why.en}); free some space, or write elsewhere",
            ),
            FAILED,
        )
    return status


def _spare_the_garbage_collector() -> None:
    """Make Python search for cycles of objects less often, and not when it ends."""
    # A start makes tens of thousands of objects that stay, and few cycles: Python would search them sixty times.
    gc.set_threshold(30_000)
    # Python searches once more when it ends, in all that is left.
    atexit.register(gc.freeze)


def _call(words: Sequence[str]) -> int:
    """Call the command that *words* name and return the exit status."""
    # Only here: the garbage collector, which `main` spares, would search what they make a dozen times.
    from linkymonitor.commands.parser import USAGE, parse
    from linkymonitor.commands.shared import Common

    try:
        name, arguments = parse(words)
    except SystemExit as ended:  # argparse has printed its message or the help
        return ended.code if isinstance(ended.code, int) else DONE
    common = Common(
        config=arguments.pop("config"), verbose=arguments.pop("verbose"), lang=arguments.pop("lang")
    )
    page = name == "report" and str(arguments["output"]) == "-"
    try:
        _mind_stdout(
            answer=name in ("decode", "export") or bool(arguments.get("json")) or page,
            needed=bool(arguments.get("json") or arguments.get("pty")) or page,
        )
        # Only the module of the command is imported: `decode` must not wait for what `acquire` needs.
        module = name.replace("-", "_")
        command = getattr(import_module(f"linkymonitor.commands.{module}"), module)
        status: int = command(common, **arguments)
    except UsageError as error:
        return _fail(error, USAGE)
    except LineBusy as error:
        return _fail(error, BUSY)
    except NoPassword as error:
        return _fail(error, NO_PASSWORD)
    except LinkyMonitorError as error:
        if isinstance(error.__cause__, BrokenPipeError):  # -o /dev/stdout
            raise error.__cause__ from None
        return _fail(error, FAILED)
    except KeyboardInterrupt:
        return DONE
    return status


def _mind_stdout(*, answer: bool, needed: bool) -> None:
    """Let the command go on when the reader of stdout leaves, unless stdout gets the answer of the command.

    Args:
        answer: True when stdout gets the answer; then the command ends when the reader leaves.
        needed: True when the answer is the only result of the command (`decode` still has its summary).

    Raises:
        LinkyMonitorError: stdout is needed, and the caller has closed it.
    """
    if not answer:
        console.outlive_readers_of_stdout()
    if console.stdout_closed and needed:
        raise LinkyMonitorError(
            Text(
                "sortie standard : fermée, alors que la réponse y va ; redirigez-la vers un fichier",
                "standard output: closed, though the answer goes there; redirect it to a file",
            )
        )


def _fail(error: Exception | Text, status: int) -> int:
    """Print *error* on stderr, one fault a line, and return *status*."""
    faults = "\n".join(map(legible, str(error).split("\n")))
    print(f"linkymonitor: {faults}", file=sys.stderr)
    return status
