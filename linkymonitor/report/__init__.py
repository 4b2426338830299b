"""Daily logs to pages: one page for each local day, and a calendar of them."""

from __future__ import annotations

from collections import deque
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkymonitor.errors import BadSetting, ConfigError
from linkymonitor.frozen import Frozen
from linkymonitor.language import of_terminal, pick
from linkymonitor.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from linkymonitor.daily_log import Statistics
    from linkymonitor.log_reader import Entry
    from linkymonitor.money.tariffs import Prices
    from linkymonitor.record import Record
    from linkymonitor.report import figures
    from linkymonitor.report.pages import Summary
    from linkymonitor.storage import Storage

#: What the chart needs below the folder of the pages; the licence goes with it.
DYGRAPHS = ("dygraph.min.js", "dygraph.min.css", "LICENSE", "VERSION")

_TEMPLATE = ".html.j2"
#: Where the record at a midnight is looked for: twice the shortest gap.
_NEAR = timedelta(minutes=10)
_INSTANT = timedelta.resolution
_FAR = timedelta(hours=26)


class Settings(Frozen):
    """``[report]``: where pages go and what they show."""

    #: Folder of the pages.
    dir: Path = Path("/var/lib/linkymonitor/report")
    #: Sections of a day page, in order: one file templates/sections/NAME.html.j2 each.
    sections: tuple[str, ...] = ("answer", "cards", "chart", "synthesis", "hours", "quality", "contract")
    #: Folder of your own templates; a file there stands in for the shipped one of the same name.
    templates: Path | None = None

    def __post_init__(self) -> None:
        for name in self.sections:
            if not name.replace("_", "").replace("-", "").isalnum():
                raise BadSetting(
                    f"sections = {name} : ce n'est pas le nom d'une section ; on attend lettres et chiffres",
                    f"sections = {name}: not the name of a section; expected letters and digits",
                )


def build(
    settings: Settings,
    log_dir: Path,
    dates: tuple[date, date],
    *,
    tz: ZoneInfo,
    lang: str,
    prices: Prices,
    now: datetime,
    storage: Storage,
    autorefresh: bool = False,
    statistics: Statistics | None = None,
) -> list[Path]:
    """Write the page of each local day from the first of *dates* to the last, and the calendar.

    Args:
        settings: where and what.
        log_dir: the daily logs.
        dates: first and last day, inclusive.
        tz: the zone whose midnights bound the days.
        lang: ``fr`` or ``en``.
        prices: what a kWh costs.
        now: the present; a day that is not over is drawn so far.
        storage: writes the pages.
        autorefresh: whether the pages draw themselves again every ten minutes.
        statistics: counts what was found in the logs.

    Returns:
        The pages written, the calendar last.

    Raises:
        ConfigError: a template or a section is missing or wrong.
        StorageError: a log cannot be read or a page written.
    """
    # Jinja is half the cost of a run, and `--json` has no use for it.
    from linkymonitor.report.pages import Pages, Summary

    folders = template_folders(settings)
    storage.make_directory(settings.dir)
    kept = (settings.dir / ".templates", storage)
    pages = Pages(folders, lang, tz, settings.sections, autorefresh, kept)
    _copy_dygraphs(settings.dir, storage)
    there = _there(settings.dir, storage)
    first, last = dates
    known = {*there, *(first + timedelta(days=count) for count in range((last - first).days + 1))}
    drawn: dict[date, Summary] = {}
    written = []
    common: dict[str, Any] = {"tz": tz, "prices": prices, "now": now, "storage": storage}
    for day in days(log_dir, dates, **common, statistics=statistics):
        path = settings.dir / f"{day.date}.html"
        storage.replace(path, pages.day(day, known))
        drawn[day.date] = Summary.of(day)
        written.append(path)
    summaries = [
        *drawn.values(),
        *(
            Summary.read(day, _head(settings.dir / f"{day}.html", storage))
            for day in there
            if day not in drawn
        ),
    ]
    index = settings.dir / "index.html"
    storage.replace(index, pages.index(summaries))
    return [*written, index]


def template_folders(settings: Settings) -> list[Path]:
    """Return the folders of the templates, the user's first.

    Raises:
        ConfigError: a folder or a section that *settings* name is not there.
    """
    lang = of_terminal()
    folders = [shipped("templates")]
    if settings.templates is not None:
        if not settings.templates.is_dir():
            raise ConfigError(
                pick(
                    lang,
                    f"[report] templates = {settings.templates} : ce dossier n'existe pas ; créez-le, ou laissez vide",
                    f"[report] templates = {settings.templates}: no such folder; create it, or leave it empty",
                )
            )
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
                pick(
                    lang,
                    f"[report] sections = {name} : cette section n'existe pas ; il y a {known}",
                    f"[report] sections = {name}: there is no such section; there are {known}",
                )
            )
    return folders


def as_json(
    log_dir: Path,
    dates: tuple[date, date],
    *,
    tz: ZoneInfo,
    prices: Prices,
    now: datetime,
    storage: Storage,
    statistics: Statistics | None = None,
) -> dict[str, object]:
    """Return the figures of the whole range, as `report --json` prints them.

    Raises:
        StorageError: a log cannot be read.
    """
    from linkymonitor.report import figures

    total = figures.Range(tz, prices)
    common: dict[str, Any] = {"tz": tz, "prices": prices, "now": now, "storage": storage}
    for day in days(log_dir, dates, **common, statistics=statistics):
        total.add(day)
    return total.as_json()


def days(
    log_dir: Path,
    dates: tuple[date, date],
    *,
    tz: ZoneInfo,
    prices: Prices,
    now: datetime,
    storage: Storage,
    statistics: Statistics | None = None,
) -> Iterator[figures.DayFigures]:
    """Yield the figures of each day from the first of *dates* to the last; one day is held at a time."""
    # Here and not above: every command reads the settings of this package, one needs its figures.
    from linkymonitor import daily_log
    from linkymonitor.log_reader import parse_grid
    from linkymonitor.report import figures, refusals

    def instant(day: date) -> datetime:
        return datetime.fromtimestamp(figures.midnight(day, tz), UTC)

    first, last = dates
    begin, end = instant(first), instant(last + timedelta(days=1))

    def read(start: datetime, stop: datetime, statistics: Statistics | None = None) -> Iterator[Record]:
        return daily_log.records(
            log_dir, start, stop + _INSTANT, statistics=statistics, storage=storage, on_grid=take_grid
        )

    grids: list[tuple[float, dict[str, str]]] = []
    held = refusals.read(log_dir, storage)

    def take_grid(entry: Entry) -> None:
        at = entry.at.timestamp()
        if not grids or at >= grids[-1][0]:
            grids.append((at, parse_grid(entry.text)))

    yesterday = instant(first - timedelta(days=1))
    eve = next(iter(deque(read(yesterday - _NEAR, yesterday), 1)), None)
    for day in figures.split_days(read(begin - _NEAR, end + _NEAR, statistics), first, last, tz):
        before, after = day.before, day.after
        # Neighbours are next door but after a silence, and only then is more of the log read for them.
        if before is None and day.rows:
            before = daily_log.last_before(log_dir, begin, storage=storage)
        if after is None and day.rows and day.date == last and end < now:
            after = next(read(end + _INSTANT, end + _FAR), None)
        day = figures.DayRecords(
            date=day.date, before=before, rows=day.rows, after=after, grids=grids, held=held
        )
        yield figures.day_figures(day, tz, prices, now, eve=eve)
        midnight = figures.midnight(day.date, tz)
        near = before is not None and midnight - before.ended_at.timestamp() <= figures.GAP
        eve = before if near else None
        while len(grids) > 1 and grids[1][0] <= midnight:
            del grids[0]


def _there(folder: Path, storage: Storage) -> list[date]:
    """Return the days that have a page in *folder*."""
    found = []
    for name in storage.names(folder):
        if len(name) == 15 and name.endswith(".html"):
            try:
                found.append(date.fromisoformat(name[:10]))
            except ValueError:
                continue
    return found


def _head(path: Path, storage: Storage) -> str:
    """Return the beginning of a page."""
    return next(storage.blocks(path), b"")[:4096].decode(errors="replace")


def _copy_dygraphs(folder: Path, storage: Storage) -> None:
    """Put Dygraphs below *folder*, unless this very version is there."""
    source, target = shipped("static/dygraphs"), folder / "dygraphs"
    storage.make_directory(target)
    names = storage.names(target)
    for name in DYGRAPHS:
        content = (source / name).read_bytes()
        if name not in names or b"".join(storage.blocks(target / name)) != content:
            storage.replace(target / name, content)
