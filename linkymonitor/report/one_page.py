"""Draws the page of a day, or of a bill, as a single HTML file that loads no script, style or page beside it."""

# Strategy
#
# - Whoever wants one page waits for it, so nothing that only months, years and the calendar need is imported here.

from __future__ import annotations

from collections.abc import Callable, Collection, MutableMapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from linkymonitor.daily_log.files import Statistics
from linkymonitor.errors import ConfigError
from linkymonitor.language import Text, cause
from linkymonitor.money.book import PriceBook
from linkymonitor.report.compiled import Compiled, cache_folder
from linkymonitor.report.day import DayFigures
from linkymonitor.report.days import cause_of, guarded_days, keep_traceback, not_drawn
from linkymonitor.report.gather import LogDays
from linkymonitor.report.pages import Pages
from linkymonitor.report.section import Settings
from linkymonitor.report.summary import Summary
from linkymonitor.system.resources import shipped
from linkymonitor.system.storage import Storage

if TYPE_CHECKING:
    from linkymonitor.report.bill_page import BillPage

_TEMPLATE = ".html.j2"


def build_one(
    settings: Settings,
    log_dir: Path,
    day: date,
    *,
    tz: ZoneInfo,
    lang: str,
    prices: PriceBook,
    now: datetime,
    storage: Storage,
    autorefresh: bool = False,
    statistics: Statistics | None = None,
    on_failure: Callable[[Text], object] | None = None,
) -> bytes:
    """Return the HTML of the page of *day*; Dygraphs is inside the page, which loads no other file.

    The arguments are those of `build` (build.py).

    Raises:
        ConfigError: a template or a section is missing or wrong.
        StorageError: the folder of the logs cannot be read.
    """
    folders = template_folders(settings)
    pages = Pages(
        folders,
        lang,
        tz,
        settings.sections,
        autorefresh,
        compiled_templates(storage),
        note=settings.note,
        alone=True,
    )
    source = LogDays(log_dir, tz=tz, now=now, storage=storage, statistics=statistics)
    ((_, figures),) = guarded_days(source, (day, day), prices)
    page, _, failure = draw_day(pages, day, figures, (), {})
    if isinstance(failure, ConfigError):
        raise failure
    if failure is not None:
        keep_traceback(day, failure)
        if on_failure:
            on_failure(not_drawn(day, failure))
    return page


def build_bill(settings: Settings, page: BillPage, *, tz: ZoneInfo, lang: str, storage: Storage) -> bytes:
    """Return the HTML of the bill *page*, which loads no other file.

    Raises:
        ConfigError: a template is missing or wrong.
    """
    pages = Pages(
        template_folders(settings), lang, tz, settings.sections, compiled=compiled_templates(storage)
    )
    return pages.bill(page.view(pages.words))


def draw_day(
    pages: Pages,
    day: date,
    figures: DayFigures | Exception,
    known: Collection[date],
    summaries: MutableMapping[date, Summary],
) -> tuple[bytes, Summary, Exception | None]:
    """Return the page of *day*, its summary, and why it could not be drawn, if it could not.

    Args:
        pages: draws it.
        day: its date.
        figures: what to draw, or why there is nothing.
        known: the days that have a page, for the links.
        summaries: date → summary of other days, for comparison.
    """
    failure = figures
    if not isinstance(figures, Exception):
        try:
            return pages.day(figures, known, summaries), Summary.of(figures), None
        except Exception as error:
            failure = error
    assert isinstance(failure, Exception)
    return pages.failed(day, cause_of(failure), known), Summary.failed(day), failure


def compiled_templates(storage: Storage) -> Compiled | None:
    """Return the compiled templates of this user, None when there is no place for them."""
    folder = cache_folder()
    return None if folder is None else Compiled(folder / "templates", storage)


def template_folders(settings: Settings) -> list[Path]:
    """Return the folders of the templates, the user's first.

    Raises:
        ConfigError: a folder or a section that *settings* name is not there.
    """
    folders = [shipped("templates")]
    if settings.templates is not None:
        try:
            next(settings.templates.iterdir(), None)
        except OSError as error:
            why = Text("ce dossier n'existe pas", "no such folder")
            if not isinstance(error, FileNotFoundError):
                why = cause(error)
            raise ConfigError(
                Text(
                    f"[report] templates = {settings.templates} : {why.fr} ; nommez un dossier lisible, ou aucun",
                    f"[report] templates = {settings.templates}: {why.en}; name a folder that can be read, or none",
                )
            ) from error
        folders.insert(0, settings.templates)
    there = {
        path.name.removesuffix(_TEMPLATE)
        for folder in folders
        for path in folder.glob(f"sections/*{_TEMPLATE}")
    }
    for name in settings.sections:
        if name not in there:
            known = ", ".join(sorted(there))
            raise ConfigError(
                Text(
                    f"[report] sections = {name} : cette section n'existe pas ; il y a {known}",
                    f"[report] sections = {name}: there is no such section; there are {known}",
                )
            )
    return folders
