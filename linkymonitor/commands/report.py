"""The command ``report``: draws the pages of days, or prints their figures."""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from linkymonitor.commands.arguments import refuse_turned_round
from linkymonitor.commands.bar import Bar
from linkymonitor.commands.shared import Common
from linkymonitor.errors import LinkyMonitorError, StorageError, UsageError
from linkymonitor.language import Text, escape_controls, written_date

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from linkymonitor.daily_log.files import Statistics
    from linkymonitor.settings import Settings
    from linkymonitor.system.storage import Storage

_DAY = timedelta(days=1)


def report(
    common: Common,
    *,
    log_dir: Path | None,
    start: date | timedelta | None,
    end: date | timedelta | None,
    autoupdate: bool,
    output: Path | None,
    json: bool,
    every: bool = False,
) -> int:
    """Draw the pages of the days from *start* to *end*, or print their figures.

    Args:
        common: the options of every command.
        log_dir: the folder of the daily log; None: that of the configuration.
        start: the first day, or how long before today it is; None: *end*, else yesterday.
        end: the last day, or how long before today it is; None: *start*, else today.
        autoupdate: whether an open page reloads itself in the browser.
        output: the folder of the pages; ``-`` prints one page, which needs no other file; None: the folder of the
            configuration.
        json: print the figures, and draw no page.
        every: draw only days that have a log; without *start* and *end*, all such days.

    Returns:
        The exit status.

    Raises:
        LinkyMonitorError: there is no such folder of a log.
        UsageError: the last day is earlier than the first, or no day has come yet.
    """
    # There are thousands of records at a time, none of them in a cycle, and the search takes a tenth of a run.
    gc.set_threshold(200_000)
    from linkymonitor.daily_log.files import Statistics
    from linkymonitor.system.storage import Storage

    settings, storage = common.settings(), Storage()
    log_dir = log_dir or settings.log.dir
    now = datetime.now(UTC)
    _demand(log_dir)
    today = now.astimezone(settings.zone).date()
    dates, only = _days(start, end, today, _Log(log_dir, settings.zone, storage), every=every)
    found = Statistics()
    book = settings.price_book()
    failures: list[Text] = list(book.faults)
    if json:
        from json import dumps

        from linkymonitor.report.range import as_json

        figures = as_json(
            log_dir,
            dates,
            tz=settings.zone,
            lang=settings.lang,
            prices=book,
            now=now,
            storage=storage,
            statistics=found,
            on_failure=failures.append,
            calendar=settings.calendar,
        )
        print(escape_controls(dumps(figures, ensure_ascii=False, indent=1), keep="\n"))
    elif _is_stdout(output):
        # Only here: the pages need Jinja, whose import takes a quarter of a run.
        from linkymonitor.report.one_page import build_one

        page = build_one(
            settings.report,
            log_dir,
            _the_day(dates, asked=start is not None or end is not None or every),
            tz=settings.zone,
            lang=settings.lang,
            prices=book,
            now=now,
            storage=storage,
            autorefresh=autoupdate,
            statistics=found,
            on_failure=failures.append,
        )
        # A page is UTF-8 whatever the terminal is.
        sys.stdout.buffer.write(page)
    else:
        from linkymonitor.report.build import build

        newest = _newest(log_dir, now, storage)
        with Bar(sys.stderr, Text("jours relus", "days read")) as bar:
            written = build(
                replace(settings.report, dir=output) if output else settings.report,
                log_dir,
                dates,
                only=only,
                tz=settings.zone,
                lang=settings.lang,
                prices=book,
                now=now,
                storage=storage,
                autorefresh=autoupdate,
                calendar=settings.calendar,
                newest=newest,
                with_range=not every and (start is not None or end is not None),
                statistics=found,
                on_failure=failures.append,
                progress=bar.show,
            )
        print("\n".join(escape_controls(str(path)) for path in written))
        if start is None and end is None and not every:
            failures += _silence(log_dir, newest, now, settings)
    _warn_about(found, log_dir)
    for sentence in failures:
        _tell(sentence)
    return 1 if failures else 0


class _Log:
    """The days of the log; its folder is read only when the days are asked for.

    Args:
        directory: the folder.
        zone: the zone whose midnights bound the days.
        storage: reads the folder.
    """

    def __init__(self, directory: Path, zone: ZoneInfo, storage: Storage) -> None:
        self.directory = directory
        self._zone = zone
        self._storage = storage

    def days(self) -> set[date]:
        """Return the days that have a log."""
        from linkymonitor.report.logged import logged_days

        return logged_days(self.directory, self._zone, self._storage)


def _days(
    start: date | timedelta | None, end: date | timedelta | None, today: date, log: _Log, *, every: bool
) -> tuple[tuple[date, date], Collection[date] | None]:
    """Return the first and the last day, and the days between them to be drawn; None: all of them.

    Without *start* and *end* these are yesterday and today, or all days with a log when *every* is True.
    """
    first, last = (today - day if isinstance(day, timedelta) else day for day in (start, end))
    if first and last:
        refuse_turned_round(first, last)
    if every:
        return _logged_days(first, last, log)
    first, last = first or last or today - _DAY, last or first or today
    if last <= today:
        return (first, last), None
    # A day that has not come yet has records only if a clock was wrong. Such a day is drawn, too.
    logged = log.days()
    if not any(first <= day <= last for day in logged) and first > today:
        begin, present = written_date(first), written_date(today)
        raise UsageError(
            Text(
                f"le {begin.fr} n'est pas encore venu : aujourd'hui est le {present.fr}, et le journal n'a rien de ce "
                "jour ; donnez un autre jour",
                f"{begin.en} has not come yet: today is {present.en}, and the log has nothing of that day; give "
                "another day",
            )
        )
    come = (first + timedelta(days=count) for count in range((today - first).days + 1))
    return (first, last), {*come, *logged}


def _logged_days(
    first: date | None, last: date | None, log: _Log
) -> tuple[tuple[date, date], Collection[date]]:
    """Return the first and the last day with a log between *first* and *last*, where given, and all such days."""
    days = {day for day in log.days() if (first or day) <= day <= (last or day)}
    if not days:
        raise LinkyMonitorError(
            Text(
                f"{log.directory} : aucun journal de ces jours, donc rien à dessiner ; corrigez --log-dir ou [log] dir",
                f"{log.directory}: no log of these days, so nothing to draw; mend --log-dir or [log] dir",
            )
        )
    return (min(days), max(days)), days


def _is_stdout(output: Path | None) -> bool:
    """Return whether *output* is ``-``."""
    return output is not None and str(output) == "-"


def _the_day(dates: tuple[date, date], *, asked: bool) -> date:
    """Return the one day of *dates* that goes to stdout: the first, yesterday, when no day was *asked* for."""
    first, last = dates
    if asked and first != last:
        begin, end = written_date(first), written_date(last)
        raise UsageError(
            Text(
                f"-o - : une seule page, et ces dates en font plusieurs (du {begin.fr} au {end.fr}) ; donnez un seul "
                "jour, ou un dossier",
                f"-o -: one page only, and these dates make several ({begin.en} to {end.en}); give one day, or a "
                "folder",
            )
        )
    return first


def _newest(log_dir: Path, now: datetime, storage: Storage) -> datetime | None:
    """Return the end of the newest record of the log, None when there is none."""
    from linkymonitor.daily_log.search import last_before

    # A file that cannot be read is reported when its day is drawn.
    with suppress(StorageError):
        record = last_before(log_dir, now, storage=storage)
        return None if record is None else record.ended_at
    return None


def _silence(log_dir: Path, newest: datetime | None, now: datetime, settings: Settings) -> list[Text]:
    """Return the sentence about a meter that is not heard any more, if it has been silent for too long."""
    patience = settings.report.silent_after
    if newest is None or not patience or now - newest <= patience:
        return []
    at = newest.astimezone(settings.zone)
    hours = int((now - newest) / timedelta(hours=1))
    days = hours // 24
    age = Text(f"{hours} h", f"{hours} h") if days < 2 else Text(f"{days} jours", f"{days} days")
    on = written_date(at.date())
    return [
        Text(
            f"{log_dir} : aucun relevé depuis le {on.fr} à {at:%H:%M}, il y a {age.fr} ; vérifiez que "
            "linkymonitor tourne (systemctl status linkymonitor) et que le câble tient au compteur",
            f"{log_dir}: no record since {on.en} at {at:%H:%M}, {age.en} ago; check that "
            "linkymonitor runs (systemctl status linkymonitor) and that the cable is fixed to the meter",
        )
    ]


def _demand(log_dir: Path) -> None:
    """Refuse to go on when the folder *log_dir* is missing: the pages would only show days without data.

    Raises:
        LinkyMonitorError: there is no such folder.
    """
    try:
        log_dir.stat()
    except FileNotFoundError:
        raise LinkyMonitorError(
            Text(
                f"{log_dir} : pas de dossier de ce nom, donc rien à dessiner ; corrigez --log-dir ou [log] dir",
                f"{log_dir}: no folder of that name, so nothing to draw; mend --log-dir or [log] dir",
            )
        ) from None
    except OSError:
        pass  # the same error comes again when the folder is read


def _warn_about(found: Statistics, log_dir: Path) -> None:
    """Print on stderr which lines and files of the log could not be read; cron sends this to the owner."""
    if found.refused:
        _tell(
            Text(
                f"{log_dir} : lignes illisibles en ces jours, laissées de côté : {found.refused} ; rien à faire, "
                "l'index suivant rend l'énergie",
                f"{log_dir}: lines of these days that cannot be read, left out: {found.refused}; nothing to do, the "
                "next index has the energy",
            )
        )
    for path in found.damaged:
        _tell(
            Text(
                f"{path} : archive abîmée, lue jusqu'où elle peut l'être ; remettez-en une copie si vous en avez une",
                f"{path}: damaged archive, read as far as it goes; put a copy back if you have one",
            )
        )


def _tell(sentence: Text) -> None:
    print(escape_controls(str(sentence)), file=sys.stderr)
