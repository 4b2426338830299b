"""What is known of the days that are not drawn now: from their summaries, else from what their pages carry."""

# Strategy
#
# - A summary has no price, so its day costs what the prices of its time say today. A day whose page was drawn with
#   other prices, which were corrected since, is in the calendar with the right ones.
# - A page without a summary is older than the summaries and its log is gone, or no record has come after its day.

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from pathlib import Path

from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.money import bill
from linkymonitor.money.book import DayPrices, PriceBook
from linkymonitor.report import synthesis
from linkymonitor.report.day import Injected
from linkymonitor.report.summary import PEAK, Summary
from linkymonitor.summaries.day import DaySummary
from linkymonitor.system.storage import Storage

#: Bytes of a page in which its summary stands.
_HEAD = 4096


def known_days(
    folder: Path,
    pages: Collection[date],
    kept: Mapping[date, DaySummary],
    prices: PriceBook,
    storage: Storage,
    tell: Callable[[Text], object],
) -> dict[date, Summary]:
    """Return what is known of the days of *pages* and of *kept*.

    Args:
        folder: the folder of the pages.
        pages: the days that have a page there.
        kept: the summaries of days, with or without a page.
        prices: those of each day.
        storage: reads the pages.
        tell: called with a sentence for each page that is needed and cannot be read.
    """
    known = {
        day: cost_of_kept(summary, prices.on(day, summary.subscribed_kva)) for day, summary in kept.items()
    }
    return known | _from_pages(folder, sorted(set(pages) - known.keys()), storage, tell)


def cost_of_kept(day: DaySummary, prices: DayPrices) -> Summary:
    """Return what the calendar shows of *day*: the figures of its page, at the prices of *prices*."""
    energy: dict[str, int | None] = {}
    if prices.by_register(day.half_hours):
        energy |= day.energy
    else:
        energy |= {period: sum(wh) for period, wh in prices.split(day.half_hours, day.start).items()}
    lines = synthesis.lines(energy | dict.fromkeys(day.unread), {}, prices)
    total = bill.add_up((synthesis.energy_cost(lines), synthesis.subscription(prices, day.date)))
    injected = None
    if day.injected is not None:
        injected = Injected(
            wh=day.injected.wh,
            low_wh=day.injected.low_wh,
            high_wh=day.injected.high_wh,
            estimated=day.injected.estimated,
            price=prices.injection,
        )
    return Summary(
        day=day.date,
        wh=None if day.barely else day.wh,
        eur=None if day.barely else total,
        ejp=day.ejp,
        colour=day.colour,
        so_far=day.so_far,
        partial=day.partial,
        silent=day.silent,
        peak_eur=next((line.eur for line in lines if line.code == PEAK and line.wh), None),
        injected=injected.wh if injected else None,
        injected_eur=injected.eur if injected else None,
        estimated=injected is not None and injected.estimated,
    )


def _from_pages(
    folder: Path, days: Iterable[date], storage: Storage, tell: Callable[[Text], object]
) -> dict[date, Summary]:
    """Return the summaries that the pages of *days* carry."""
    found = {}
    for day in days:
        path = folder / f"{day}.html"
        try:
            found[day] = Summary.read(day, head_of(path, storage))
        except (FileNotFoundError, StorageError):
            tell(_no_page(path))
    return found


def head_of(path: Path, storage: Storage) -> str:
    """Return the beginning of the page *path*, in which its summary stands.

    Raises:
        FileNotFoundError: there is no such page.
        StorageError: the page cannot be read.
    """
    return next(storage.blocks(path), b"")[:_HEAD].decode(errors="replace")


def _no_page(path: Path) -> Text:
    return Text(
        f"{path} : page illisible, hors du calendrier ; supprimez ce qui tient sa place, puis redessinez ce jour",
        f"{path}: not a page that can be read, left out of the calendar; remove what is in its place, then draw that "
        "day again",
    )
