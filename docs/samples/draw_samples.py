"""Draws the sample pages of docs/samples: a winter day of simulated houses under four contracts (`make samples`)."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from linkymonitor.commands.trial_pages import INVENTED, SIMULATED_NOTE
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.money.book import PriceBook
from linkymonitor.report.build import build
from linkymonitor.report.section import Settings
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import PARIS, parse_spec
from linkymonitor.simulator.past import Silence, records
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage

#: The day of the samples, and the first one that is logged: the day is compared with those before it.
DAY, FIRST = date(2026, 1, 13), date(2026, 1, 8)
#: Sample → the words of its house.
HOUSES = {
    "base": "base,standard,tri,producer,seed=5",
    "ejp": "ejp=2026-01-08+2026-01-09+2026-01-13,pv,seed=7",
    "hc": "hc,seed=3",
    "tempo": "tempo,colour=red,seed=2",
}
#: Houses whose month is a sample, too → their first day that is logged: a month is compared with the one before.
MONTHS = {"ejp": date(2025, 12, 22)}
#: Language → how the name of a sample ends.
ENDINGS = {"en": ".html", "fr": ".fr.html"}
#: The calendar of a sample is this list of samples.
INDEX = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>linkymonitor: sample pages</title>
<style>body{{font:1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}}</style>
<h1>Sample pages</h1>
<p>{day:%d %B %Y} in simulated houses, with invented prices.
<p lang="fr">Le {day:%d/%m/%Y} dans des maisons simulées, à des prix inventés.
<ul>
{rows}
</ul>
"""


def draw(name: str, folder: Path) -> None:
    """Draw the pages of the house *name* into *folder*, in each language."""
    first = MONTHS.get(name, FIRST)
    house = House(parse_spec(f"{HOUSES[name]},day={DAY},since={first}"))
    begin, end = (
        datetime(day.year, day.month, day.day, tzinfo=PARIS) for day in (first, DAY + timedelta(days=1))
    )
    # An EJP peak ends at 1 h, and the nightly report draws its day after that.
    night = end + timedelta(hours=1, minutes=10)
    silence = Silence(end - timedelta(hours=9.5), end - timedelta(hours=8.75))
    with tempfile.TemporaryDirectory() as scratch:
        storage, clock = Storage(), WireClock(begin)
        settings = LogSettings(dir=Path(scratch) / "log", sync_every=timedelta(days=1))
        log = DailyLog(storage, settings, clock, salt="sample")
        for record in records(house, begin, night, [silence] if name == "ejp" else []):
            clock.advance((record.ended_at - clock.now()).total_seconds())
            log.append(record)
        log.close()
        for lang, ending in ENDINGS.items():
            pages = Settings(dir=Path(scratch) / lang, note=SIMULATED_NOTE.render(lang))
            build(
                pages,
                settings.dir,
                (DAY, DAY),
                tz=PARIS,
                lang=lang,
                prices=PriceBook(INVENTED),
                now=night,
                storage=storage,
            )
            drawn = {f"{DAY}.html": f"{name}{ending}"}
            if name in MONTHS:
                drawn[f"{DAY:%Y-%m}.html"] = f"{name}-month{ending}"
            for page, sample in drawn.items():
                text = (pages.dir / page).read_text("utf-8")
                (folder / sample).write_text(_moved(text, drawn), "utf-8")


def _moved(page: str, drawn: Mapping[str, str]) -> str:
    """Return *page* with links that lead to samples: the name of a page → that of its sample, else the list of them."""

    def link(match: re.Match[str]) -> str:
        name = match[1]
        return f'href="{drawn.get(name, "index.html")}"'

    page = re.sub(r'href="(\d{4}[-\d]*\.html)"', link, page)
    # The samples share the Dygraphs of the repository.
    return page.replace('"dygraphs/', '"../../static/dygraphs/')


def index() -> str:
    """Return the page that lists the samples."""
    rows = [
        f'<li>{name.upper()}: <a href="{name}.html">in English</a>, '
        f'<a href="{name}.fr.html" lang="fr">en français</a>'
        for name in HOUSES
    ] + [
        f'<li>{name.upper()}, a month: <a href="{name}-month.html">in English</a>, '
        f'<a href="{name}-month.fr.html" lang="fr">en français</a>'
        for name in MONTHS
    ]
    return INDEX.format(day=DAY, rows="\n".join(rows))


if __name__ == "__main__":
    here = Path(__file__).parent
    (here / "index.html").write_text(index(), "utf-8")
    for sample in HOUSES:
        draw(sample, here)
