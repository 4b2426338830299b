"""``report``: pages and figures."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

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
    """Draw the pages of the days asked for, or print their figures."""
    import atexit
    import gc

    from linkymonitor.daily_log.files import Statistics
    from linkymonitor.report import build as reports
    from linkymonitor.report.days import as_json
    from linkymonitor.system.storage import Storage

    # Thousands of records at a time, none of them in a cycle: looking for one again and again is a tenth of a run.
    gc.set_threshold(200_000)
    # Nor is there any among all that is left when the process ends, where Python would look once more.
    atexit.register(gc.freeze)
    settings = common.settings()
    log_dir = log_dir or settings.log.dir
    zone = settings.zone
    now = datetime.now(UTC)
    today = now.astimezone(zone).date()
    first = start or end or today - timedelta(days=1)
    last = end or start or today
    if last < first:
        raise UsageError(Text(f"-e {last} précède -s {first}", f"-e {last} is earlier than -s {first}"))
    _look_for(log_dir)
    found = Statistics()
    failures: list[Text] = []
    parts: dict[str, Any] = {
        "tz": zone,
        "prices": settings.tariff,
        "now": now,
        "storage": Storage(),
        "statistics": found,
        "on_failure": failures.append,
    }
    if json:
        from json import dumps

        figures = dumps(as_json(log_dir, (first, last), **parts), ensure_ascii=False, indent=1)
        print(escape_controls(figures, keep="\n"))
        return _end(found, log_dir, failures)
    wanted = replace(settings.report, dir=output) if output else settings.report
    written = reports.build(
        wanted,
        log_dir,
        (first, last),
        lang=lang or settings.lang,
        autorefresh=autoupdate,
        **parts,
    )
    print("\n".join(map(str, written)))
    return _end(found, log_dir, failures)


def _end(found: Statistics, log_dir: Path, failures: list[Text]) -> int:
    """Say on stderr what is not in the pages, and return the exit status."""
    _tell(found, log_dir)
    for sentence in failures:
        print(sentence, file=sys.stderr)
    return 1 if failures else 0


def _look_for(log_dir: Path) -> None:
    """Say on stderr that there is no such folder: its pages only say that there is nothing."""
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
        pass  # whoever reads it will say so


def _tell(found: Statistics, log_dir: Path) -> None:
    """Say on stderr what of the log is not in the pages: cron sends it to the owner."""
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
