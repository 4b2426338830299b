"""Makes pages of the daily log: one page for each local day, and the calendar."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from linkymonitor.daily_log.files import Statistics
from linkymonitor.errors import ConfigError, StorageError
from linkymonitor.language import Text, written_date
from linkymonitor.money.book import PriceBook
from linkymonitor.report.calendar import LastHeard
from linkymonitor.report.days import guarded_days, keep_traceback, not_drawn
from linkymonitor.report.gather import LogDays
from linkymonitor.report.history import History
from linkymonitor.report.known_days import head_of, known_days
from linkymonitor.report.logged import stretches
from linkymonitor.report.one_page import compiled_templates, draw_day, template_folders
from linkymonitor.report.pages import Pages
from linkymonitor.report.period.drawing import Periods, file_name, periods_of, ranges_in
from linkymonitor.report.section import Calendar, Settings
from linkymonitor.report.summary import Summary, is_page
from linkymonitor.system.resources import shipped
from linkymonitor.system.storage import Storage

#: What the chart needs below the folder of the pages; the licence goes with it.
DYGRAPHS = ("dygraph.min.js", "dygraph.min.css", "LICENSE", "VERSION")

#: No season has more days; those before a day that is drawn are counted.
_SEASON = 366


def build(
    settings: Settings,
    log_dir: Path,
    dates: tuple[date, date],
    *,
    only: Collection[date] | None = None,
    tz: ZoneInfo,
    lang: str,
    prices: PriceBook,
    now: datetime,
    storage: Storage,
    autorefresh: bool = False,
    calendar: Calendar | None = None,
    newest: datetime | None = None,
    with_range: bool = False,
    statistics: Statistics | None = None,
    on_failure: Callable[[Text], object] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> list[Path]:
    """Write the page of each local day from the first of *dates* to the last, of its month and year, and the calendar.

    Args:
        settings: the section ``[report]``.
        log_dir: the folder of the daily log.
        dates: first and last day, inclusive.
        only: the days among them to be drawn; None: all.
        tz: the zone whose midnights bound the days.
        lang: ``fr`` or ``en``.
        prices: what a kWh costs on each day.
        now: the present; a day that is not over is drawn up to it.
        storage: writes the pages.
        autorefresh: whether an open page reloads itself in the browser every ten minutes.
        calendar: the section ``[calendar]``: the days of this season that the log does not have.
        newest: the end of the newest record of the log, None when there is none.
        with_range: whether the days from the first to the last have a page of all of them, too.
        statistics: counts what was found in the logs.
        on_failure: called with a sentence for each page that could not be drawn or read.
        progress: called with how many days are summarised, and how many have to be.

    Returns:
        The pages written: those of days, those of longer periods, and the calendar.

    Raises:
        ConfigError: a template or a section is missing or wrong.
        StorageError: the folder of the logs cannot be read, or that of the pages written.
    """
    tell = on_failure or (lambda _: None)
    folders = template_folders(settings)
    storage.make_directory(settings.dir)
    first, last = dates
    wanted = {first + timedelta(days=count) for count in range((last - first).days + 1)}
    if only is not None:
        wanted &= set(only)
    today = now.astimezone(tz).date()
    longer = _longer(wanted, today, dates if with_range else None)
    source = LogDays(log_dir, tz=tz, now=now, storage=storage, statistics=statistics)
    history = History(source, prices, tell, progress)
    wanted -= _outliving(wanted, history, tell)
    pages = Pages(
        folders,
        lang,
        tz,
        settings.sections,
        autorefresh,
        compiled_templates(storage),
        settings.note,
        calendar=calendar,
        periods={file_name(period) for period in (*longer, *ranges_in(storage.names(settings.dir)))},
    )
    with suppress(StorageError):
        _drop_compiled(settings.dir, storage)
    _copy_dygraphs(settings.dir, storage)
    there = _days_with_page(settings.dir, storage)
    gone = _drop_empty_future(settings.dir, {day for day in there - wanted if day > today}, storage)
    there -= gone
    known = sorted(there | wanted)
    # A day is compared with earlier days: their pages are in the folder, or are drawn before its own.
    kept = history.between(min((_before_season(first), *known)), max((last, *known)), make=False)
    others = known_days(settings.dir, there - wanted, kept, prices, storage, tell)
    drawn: dict[date, Summary] = {}
    written = []
    wrong: list[ConfigError] = []
    for day, figures in chain.from_iterable(guarded_days(source, run, prices) for run in stretches(wanted)):
        history.take(day, figures)
        page, drawn[day], failure = draw_day(pages, day, figures, known, ChainMap(drawn, others))
        if failure is not None:
            if isinstance(failure, ConfigError):
                wrong.append(failure)
            keep_traceback(day, failure)
            tell(not_drawn(day, failure))
        path = settings.dir / f"{day}.html"
        try:
            storage.replace(path, page)
        except StorageError as error:
            if not settings.dir.is_dir():
                raise  # the folder is gone, so no other page can be written either
            tell(error.text)
            continue
        written.append(path)
    history.keep()
    if wrong and len(wrong) == len(drawn):
        raise wrong[0]  # no day could be drawn: the user has to correct a template or a setting
    _relink(settings.dir, pages, _beside(drawn.keys() | gone, known) - drawn.keys(), known, storage)
    written += Periods(settings.dir, pages, prices, storage, tz, now, calendar).draw(longer, history, tell)
    heard = None
    if newest is not None and settings.silent_after:
        heard = LastHeard(newest, settings.silent_after, stopped=now - newest > settings.silent_after)
    index = settings.dir / "index.html"
    days = [*drawn.values(), *(others[day] for day in there - wanted if day in others)]
    shown = pages.index(days, heard, prices.on(today).warnings)
    storage.replace(index, shown)
    _keep_names(settings.dir, today, shown, storage)
    return [*written, index]


def _before_season(day: date) -> date:
    return date.fromordinal(max(day.toordinal() - _SEASON, 1))


def _outliving(wanted: set[date], history: History, tell: Callable[[Text], object]) -> set[date]:
    """Return the days of *wanted* whose page is not drawn: what was made of the whole log is better than its rest."""
    days = history.outliving(wanted)
    if days:
        tell(_log_gone(days, min(days), max(days)))
    return days


def _log_gone(days: Collection[date], first: date, last: date) -> Text:
    """Return why the pages of *days*, from *first* to *last*, are not drawn."""
    begin, end = written_date(first), written_date(last)
    if first == last:
        return Text(
            f"journal absent en tout ou en partie pour le {begin.fr} : sa page et son résumé restent tels quels ; pour "
            "les refaire, remettez le journal en place",
            f"log gone in whole or in part for {begin.en}: its page and summary stay as they are; to make them again, "
            "put the log back",
        )
    return Text(
        f"journal absent en tout ou en partie pour {len(days)} jours, du {begin.fr} au {end.fr} : leurs pages et leurs "
        "résumés restent tels quels ; pour les refaire, remettez le journal en place",
        f"log gone in whole or in part for {len(days)} days, {begin.en} to {end.en}: their pages and summaries "
        "stay as they are; to make them again, put the log back",
    )


def _longer(days: Iterable[date], today: date, dates: tuple[date, date] | None) -> set[tuple[date, date]]:
    """Return the months and the years of *days*, as far as they have come, and the range of *dates*, if it is one."""
    longer = periods_of(day for day in days if day <= today)
    if dates is not None and dates[0] < dates[1] and dates[0] <= today:
        longer.add(dates)
    return longer


def _beside(days: Iterable[date], known: Sequence[date]) -> set[date]:
    """Return those of *known*, a sorted sequence, that come next before or after one of *days*."""
    beside: set[date] = set()
    for day in days:
        beside.update(known[max(bisect_left(known, day) - 1, 0) : bisect_left(known, day)])
        beside.update(known[bisect_right(known, day) :][:1])
    return beside


def _relink(
    folder: Path, pages: Pages, days: Iterable[date], known: Sequence[date], storage: Storage
) -> None:
    """Write the links of the pages of *days* in *folder* anew: their neighbours have come or gone."""
    for day in sorted(days):
        path = folder / f"{day}.html"
        # A page that cannot be read is reported when its summary is read for the calendar.
        with suppress(FileNotFoundError, StorageError, UnicodeDecodeError):
            page = b"".join(storage.blocks(path)).decode()
            relinked = pages.relinked(page, day, known)
            if is_page(page) and relinked != page:
                storage.replace(path, relinked.encode())


def _keep_names(folder: Path, today: date, calendar: bytes, storage: Storage) -> None:
    """Put the pages of *today* and of the day before in *folder* under the names that stay.

    They are copies, because a phone bookmarks the address at which a redirection ends (ADR 0028).
    Where a day has no page, its copy is one of the calendar.
    """
    for name, day in (("today.html", today), ("yesterday.html", today - timedelta(days=1))):
        content = calendar
        with suppress(FileNotFoundError, StorageError):
            content = b"".join(storage.blocks(folder / f"{day}.html"))
        storage.replace(folder / name, content)


def _drop_compiled(folder: Path, storage: Storage) -> None:
    """Remove the compiled templates that earlier versions kept among the pages in *folder*."""
    old = folder / ".templates"
    for name in storage.names(old):
        if re.fullmatch(r"[0-9a-f]{40}", name):
            storage.remove(old / name)
    with suppress(OSError):
        old.rmdir()


def _days_with_page(folder: Path, storage: Storage) -> set[date]:
    """Return the days that have a page in *folder*."""
    days = set()
    for name in storage.names(folder):
        if len(name) == 15 and name.endswith(".html"):
            with suppress(ValueError):
                days.add(date.fromisoformat(name[:10]))
    return days


def _drop_empty_future(folder: Path, days: Iterable[date], storage: Storage) -> set[date]:
    """Remove from *folder* the pages of future *days* that have no data; return the days of the removed pages.

    A mistyped year or a wrong clock made these pages. They would stand at the top of the calendar for years.
    """
    dropped = set()
    for day in days:
        path = folder / f"{day}.html"
        with suppress(FileNotFoundError, StorageError):
            head = head_of(path, storage)
            if is_page(head) and Summary.read(day, head).wh is None:
                storage.remove(path)
                dropped.add(day)
    return dropped


def _copy_dygraphs(folder: Path, storage: Storage) -> None:
    """Copy Dygraphs into *folder*, except for the files that are there with the same bytes."""
    source, target = shipped("static/dygraphs"), folder / "dygraphs"
    storage.make_directory(target)
    names = storage.names(target)
    for name in DYGRAPHS:
        content = (source / name).read_bytes()
        there = b""
        if name in names:
            with suppress(FileNotFoundError):  # a dangling link, or a folder of this name
                there = b"".join(storage.blocks(target / name))
        if there != content:
            storage.replace(target / name, content)
