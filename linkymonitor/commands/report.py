"""The command ``report``: draws the pages of days, or prints their figures."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from linkymonitor.commands.shared import Common
from linkymonitor.errors import UsageError
from linkymonitor.language import Text, escape_controls

if TYPE_CHECKING:
    from pathlib import Path

    from linkymonitor.daily_log.files import Statistics


def report(
    common: Common,
    *,
    log_dir: Path | None,
    start: date | None,
    end: date | None,
    autoupdate: bool,
    output: Path | None,
    lang: str | None,
    json: bool,
) -> int:
    """Draw the pages of the days from *start* to *end*, or print their figures.

    Args:
        common: the options of every command.
        log_dir: the folder of the daily log; None: that of the configuration.
        start: the first day; None: *end*, else yesterday.
        end: the last day; None: *start*, else today.
        autoupdate: whether the pages draw themselves again in the browser.
        output: the folder of the pages; None: that of the configuration.
        lang: of the pages; None: that of the configuration.
        json: print the figures, and draw no page.

    Returns:
        The exit status.

    Raises:
        UsageError: the last day is earlier than the first.
    """
    _spare_the_garbage_collector()
    from linkymonitor.daily_log.files import Statistics
    from linkymonitor.system.storage import Storage

    settings = common.settings()
    log_dir = log_dir or settings.log.dir
    now = datetime.now(UTC)
    dates = _dates(start, end, now.astimezone(settings.zone).date())
    _warn_without(log_dir)
    found = Statistics()
    failures: list[Text] = []
    if json:
        from json import dumps

        from linkymonitor.report.days import as_json

        figures = as_json(
            log_dir,
            dates,
            tz=settings.zone,
            prices=settings.tariff,
            now=now,
            storage=Storage(),
            statistics=found,
            on_failure=failures.append,
        )
        print(escape_controls(dumps(figures, ensure_ascii=False, indent=1), keep="\n"))
    else:
        # Only here: the pages need Jinja, whose import takes a quarter of a run.
        from linkymonitor.report.build import build

        written = build(
            replace(settings.report, dir=output) if output else settings.report,
            log_dir,
            dates,
            tz=settings.zone,
            lang=lang or settings.lang,
            prices=settings.tariff,
            now=now,
            storage=Storage(),
            autorefresh=autoupdate,
            statistics=found,
            on_failure=failures.append,
        )
        print("\n".join(map(str, written)))
    _warn_about(found, log_dir)
    for sentence in failures:
        print(sentence, file=sys.stderr)
    return 1 if failures else 0


def _spare_the_garbage_collector() -> None:
    """Have Python look for cycles of objects less often, and not at its end."""
    import atexit
    import gc

    # Thousands of records live at a time and none of them is in a cycle: the search takes a tenth of a run.
    gc.set_threshold(200_000)
    # Python searches once more when it ends, in all that is left.
    atexit.register(gc.freeze)


def _dates(start: date | None, end: date | None, today: date) -> tuple[date, date]:
    """Return the first day and the last one: yesterday and today when neither is asked for."""
    first = start or end or today - timedelta(days=1)
    last = end or start or today
    if last < first:
        raise UsageError(Text(f"-e {last} précède -s {first}", f"-e {last} is earlier than -s {first}"))
    return first, last


def _warn_without(log_dir: Path) -> None:
    """Print a sentence on stderr when the folder *log_dir* is missing: the pages do not mention it."""
    try:
        log_dir.stat()
    except FileNotFoundError:
        print(
            Text(
                f"{log_dir} : pas de dossier de ce nom, donc rien à dessiner ; corrigez --log-dir ou [log] dir",
                f"{log_dir}: no folder of that name, so nothing to draw; mend --log-dir or [log] dir",
            ),
            file=sys.stderr,
        )
    except OSError:
        pass  # the same error comes again when the folder is read


def _warn_about(found: Statistics, log_dir: Path) -> None:
    """Print on stderr what of the log is not in the pages: cron sends it to the owner."""
    if found.refused:
        print(
            Text(
                f"{log_dir} : lignes illisibles en ces jours, laissées de côté : {found.refused} ; rien à faire, "
                "l'index suivant rend l'énergie",
                f"{log_dir}: lines of these days that cannot be read, left out: {found.refused}; nothing to do, the "
                "next index has the energy",
            ),
            file=sys.stderr,
        )
    for path in found.damaged:
        print(
            Text(
                f"{path} : archive abîmée, lue jusqu'où elle peut l'être ; remettez-en une copie si vous en avez une",
                f"{path}: damaged archive, read as far as it goes; put a copy back if you have one",
            ),
            file=sys.stderr,
        )
