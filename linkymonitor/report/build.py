"""Daily logs to pages: one page for each local day, and a calendar of them."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkymonitor.errors import BadSetting, ConfigError, LinkyMonitorError, StorageError
from linkymonitor.language import Text, as_text
from linkymonitor.system.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from zoneinfo import ZoneInfo

    from linkymonitor.daily_log.files import Statistics
    from linkymonitor.model.record import Record
    from linkymonitor.money.tariffs import Prices
    from linkymonitor.report import figures
    from linkymonitor.report.calendar import Summary
    from linkymonitor.report.day import DayFigures
    from linkymonitor.system.storage import Storage

log = logging.getLogger(__name__)

#: What the chart needs below the folder of the pages; the licence goes with it.
DYGRAPHS = ("dygraph.min.js", "dygraph.min.css", "LICENSE", "VERSION")

_TEMPLATE = ".html.j2"
_LONGEST_CAUSE = 300
#: Where the record at a midnight is looked for: twice the shortest gap.
_NEAR = timedelta(minutes=10)
#: A record this much before a midnight is that of the midnight.
_GAP = timedelta(minutes=5)
#: How far beyond the nearest record the reading of a register is looked for that this record lacks, and how often:
#: a silence may lie between them.
_FAR = timedelta(hours=26)
_WINDOWS = 2
_DAY = timedelta(days=1)
#: No names of registers: the index of the total, and that of what is injected.
_TOTAL, _INJECTED = "", "injected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
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
                    Text(
                        f"sections = {name} : ce n'est pas le nom d'une section ; on attend lettres et chiffres",
                        f"sections = {name}: not the name of a section; expected letters and digits",
                    )
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
    on_failure: Callable[[Text], object] | None = None,
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
        on_failure: told of each page that could not be drawn or read, in a sentence.

    Returns:
        The pages written, the calendar last.

    Raises:
        ConfigError: a template or a section is missing or wrong.
        StorageError: the folder of the logs cannot be read, or that of the pages written.
    """
    # Jinja is half the cost of a run, and `--json` has no use for it.
    from linkymonitor.report.calendar import Summary
    from linkymonitor.report.pages import Pages

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
    tell = on_failure or (lambda _: None)
    wrong: list[ConfigError] = []
    for day, figures in _guarded(log_dir, dates, **common, statistics=statistics):
        path = settings.dir / f"{day}.html"
        failure = figures if isinstance(figures, Exception) else None
        page = b""
        if not isinstance(figures, Exception):
            try:
                page, summary = pages.day(figures, known), Summary.of(figures)
            except Exception as error:
                failure = error
        if failure is not None:
            if isinstance(failure, ConfigError):
                wrong.append(failure)
            log.debug("%s", day, exc_info=failure)
            tell(_not_drawn(day, failure))
            page, summary = pages.failed(day, _cause(failure).render(lang), known), Summary.failed(day)
        drawn[day] = summary
        try:
            storage.replace(path, page)
        except StorageError as error:
            if not settings.dir.is_dir():
                raise  # it has gone, and no other page can be written either
            tell(error.text)
            continue
        written.append(path)
    if wrong and len(wrong) == len(drawn):
        raise wrong[0]  # a template that draws no day is mended by the user
    summaries = list(drawn.values())
    for day in there:
        if day not in drawn:
            try:
                head = _head(settings.dir / f"{day}.html", storage)
            except (FileNotFoundError, StorageError):
                tell(_no_page(settings.dir / f"{day}.html"))
                continue
            summaries.append(Summary.read(day, head))
    index = settings.dir / "index.html"
    storage.replace(index, pages.index(summaries))
    return [*written, index]


def _cause(error: Exception) -> Text:
    """Return why a day could not be drawn, in a few words."""
    if isinstance(error, LinkyMonitorError):
        return error.text
    return as_text(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def _not_drawn(day: date, error: Exception) -> Text:
    """Return the sentence that says that the page of *day* could not be drawn."""
    cause = _cause(error).map(lambda words: " ".join(words.split())[:_LONGEST_CAUSE])
    return Text(
        f"{day} : journée non dessinée ({cause.fr}) ; les autres le sont, gardez le journal de ce jour et signalez-le",
        f"{day}: day not drawn ({cause.en}); the others are, keep the log of this day and report it",
    )


def _no_page(path: Path) -> Text:
    return Text(
        f"{path} : page illisible, hors du calendrier ; supprimez ce qui tient sa place, puis redessinez ce jour",
        f"{path}: not a page that can be read, left out of the calendar; remove what is in its place, then draw that "
        "day again",
    )


def template_folders(settings: Settings) -> list[Path]:
    """Return the folders of the templates, the user's first.

    Raises:
        ConfigError: a folder or a section that *settings* name is not there.
    """
    folders = [shipped("templates")]
    if settings.templates is not None:
        if not settings.templates.is_dir():
            raise ConfigError(
                Text(
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
                Text(
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
    on_failure: Callable[[Text], object] | None = None,
) -> dict[str, object]:
    """Return the figures of the whole range, as `report --json` prints them.

    A day whose figures cannot be drawn leaves the sums null, and *on_failure* is told of it in a sentence.

    Raises:
        StorageError: the folder of the logs cannot be read.
    """
    from linkymonitor.report import figures

    total = figures.Range(tz, prices)
    common: dict[str, Any] = {"tz": tz, "prices": prices, "now": now, "storage": storage}
    for day, found in _guarded(log_dir, dates, **common, statistics=statistics):
        if isinstance(found, Exception):
            log.debug("%s", day, exc_info=found)
            if on_failure:
                on_failure(_not_drawn(day, found))
            nothing = figures.DayRecords(date=day, before=None, rows=(), after=None)
            total.add(figures.day_figures(nothing, tz, prices, now), known=False)
        else:
            total.add(found)
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
) -> Iterator[DayFigures]:
    """Yield the figures of each day from the first of *dates* to the last; one day is held at a time."""
    # Here and not above: every command reads the settings of this package, one needs its figures.
    from linkymonitor.report import figures

    for day, eve in _gathered(log_dir, dates, tz=tz, now=now, storage=storage, statistics=statistics):
        yield figures.day_figures(day, tz, prices, now, eve=eve)


def _guarded(
    log_dir: Path,
    dates: tuple[date, date],
    *,
    tz: ZoneInfo,
    prices: Prices,
    now: datetime,
    storage: Storage,
    statistics: Statistics | None = None,
) -> Iterator[tuple[date, DayFigures | Exception]]:
    """Yield what days() does, or why it could not: one day that cannot be drawn costs no other."""
    from linkymonitor.report import figures

    storage.names(log_dir)  # a folder that cannot be read is no matter of one day
    day, last = dates
    common: dict[str, Any] = {"tz": tz, "now": now, "storage": storage, "statistics": statistics}
    while day <= last:
        try:
            for found, eve in _gathered(log_dir, (day, last), **common):
                day = found.date + _DAY
                try:
                    drawn: DayFigures | Exception = figures.day_figures(found, tz, prices, now, eve=eve)
                except Exception as error:
                    drawn = error
                yield found.date, drawn
        except Exception as error:
            yield day, error
            day += _DAY


def _gathered(
    log_dir: Path,
    dates: tuple[date, date],
    *,
    tz: ZoneInfo,
    now: datetime,
    storage: Storage,
    statistics: Statistics | None = None,
) -> Iterator[tuple[figures.DayRecords, Record | None]]:
    """Yield the records of each day with their neighbours, and the record at the midnight before.

    What is found for a day depends on the log, never on the other days that are asked for: the neighbours are the
    last record before it and the first after it, however far away.
    """
    from linkymonitor.daily_log import files, search
    from linkymonitor.daily_log.columns import Columns
    from linkymonitor.daily_log.statements import GRID, parse_grid
    from linkymonitor.report import figures, refusals

    def instant(day: date) -> datetime:
        return datetime.fromtimestamp(figures.midnight(day, tz), UTC)

    first, last = dates
    begin, end = instant(first), instant(last + _DAY)
    stop = max(files.end_of_file(end), end + _NEAR)
    grids: list[tuple[float, dict[str, str]]] = []
    held = refusals.read(log_dir, storage)

    def stream() -> Iterator[Record]:
        for batch in files.batches(log_dir, begin - _NEAR, stop, statistics=statistics, storage=storage):
            if isinstance(batch, Columns):
                yield from batch.rows()
            elif batch.text.startswith(GRID):
                at = batch.at.timestamp()
                if not grids or at >= grids[-1][0]:
                    grids.append((at, parse_grid(batch.text)))

    eve = _last(search.until(log_dir, instant(first - _DAY), _GAP, storage=storage))
    # Neighbours are next door but after a silence, and only then is more of the log read for them.
    earlier: Record | None = None
    later: Record | None = None
    looked_back = looked_on = False
    for day in figures.split_days(stream(), first, last, tz):
        start, following = instant(day.date), instant(day.date + _DAY)
        before, after = day.before, day.after
        if before is None:
            if not looked_back:
                earlier, looked_back = search.last_before(log_dir, start, storage=storage), True
            before = earlier
        if after is None:
            if not looked_on:
                # *stop* itself was not read.
                since = max(following, stop - timedelta.resolution)
                later, looked_on = search.first_after(log_dir, since, now, storage=storage), True
            after = later
        if after is not None and after.ended_at > now:
            after = None  # from the future of a clock that was set back
        # The topics that hold are those of the file of the midnight: each file begins with them.
        origin = files.end_of_file(start - _NEAR).timestamp() - _DAY.total_seconds()
        while grids and (grids[0][0] < origin or (len(grids) > 1 and grids[1][0] <= start.timestamp())):
            del grids[0]
        yield (
            figures.DayRecords(
                date=day.date,
                before=before,
                rows=day.rows,
                after=after,
                lead=_lead(log_dir, before, storage),
                trail=_trail(log_dir, after, now, storage),
                grids=grids,
                held=held,
            ),
            eve,
        )
        eve = before if before is not None and start - before.ended_at <= _GAP else None


def _lead(log_dir: Path, before: Record | None, storage: Storage) -> list[Record]:
    """Return the records with the last readings that *before* lacks, oldest first."""
    from linkymonitor.daily_log import search

    lacking = _lacking(before)
    if before is None or not lacking:
        return []
    found: dict[str, Record] = {}
    nearest = before
    for _ in range(_WINDOWS):
        window = list(search.until(log_dir, nearest.ended_at, _FAR, storage=storage))
        for record in reversed(window):
            found |= {name: record for name in lacking if name not in found and _reads(record, name)}
        if len(found) == len(lacking):
            break
        earlier = search.last_before(log_dir, nearest.ended_at - _FAR, storage=storage)
        if earlier is None:
            break
        nearest = earlier
    return list({id(record): record for record in reversed(found.values())}.values())


def _trail(log_dir: Path, after: Record | None, now: datetime, storage: Storage) -> list[Record]:
    """Return the records with the first readings that *after* lacks, oldest first."""
    from linkymonitor.daily_log import files, search

    lacking = _lacking(after)
    if after is None or not lacking:
        return []
    found: dict[str, Record] = {}
    nearest = after
    for _ in range(_WINDOWS):
        begin, end = nearest.ended_at, nearest.ended_at + _FAR
        for record in search.onward(files.records(log_dir, begin, min(end, now), storage=storage)):
            found |= {name: record for name in lacking if name not in found and _reads(record, name)}
            if len(found) == len(lacking):
                break
        later = search.first_after(log_dir, end, now, storage=storage) if len(found) < len(lacking) else None
        if later is None:
            break
        nearest = later
    return list({id(record): record for record in found.values()}.values())


def _lacking(record: Record | None) -> list[str]:
    """Return the indexes that *record* ought to have and has not."""
    if record is None:
        return []
    registers = record.contract.registers if record.contract else ()
    lacking = [name for name in registers if name not in record.indexes]
    # Some meters have no total, and most inject nothing: these are only looked for when nothing else is there.
    if record.total_index is None and (lacking or not registers):
        lacking.append(_TOTAL)
    if record.injected_index is None and record.contract is not None and record.contract.producer:
        lacking.append(_INJECTED)
    return lacking


def _reads(record: Record, name: str) -> bool:
    if name == _TOTAL:
        return record.total_index is not None
    return record.injected_index is not None if name == _INJECTED else name in record.indexes


def _last(records: Iterable[Record]) -> Record | None:
    return next(iter(deque(records, 1)), None)


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
        there = b""
        if name in names:
            with suppress(FileNotFoundError):  # a dangling link, or a folder of this name
                there = b"".join(storage.blocks(target / name))
        if there != content:
            storage.replace(target / name, content)
