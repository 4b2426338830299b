"""Draws the sample pages of docs/samples: a winter day of simulated houses under four contracts (`make samples`)."""

from __future__ import annotations

import tempfile
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
    """Draw the pages of the house *name* into *folder*, one for each language."""
    house = House(parse_spec(f"{HOUSES[name]},day={DAY},since={FIRST}"))
    begin, end = (
        datetime(day.year, day.month, day.day, tzinfo=PARIS) for day in (FIRST, DAY + timedelta(days=1))
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
            page = (pages.dir / f"{DAY}.html").read_text("utf-8")
            # The samples share the Dygraphs of the repository.
            page = page.replace('"dygraphs/', '"../../static/dygraphs/')
            (folder / f"{name}{ending}").write_text(page, "utf-8")


def index() -> str:
    """Return the page that lists the samples."""
    rows = [
        f'<li>{name.upper()}: <a href="{name}.html">in English</a>, '
        f'<a href="{name}.fr.html" lang="fr">en français</a>'
        for name in HOUSES
    ]
    return INDEX.format(day=DAY, rows="\n".join(rows))


if __name__ == "__main__":
    here = Path(__file__).parent
    (here / "index.html").write_text(index(), "utf-8")
    for sample in HOUSES:
        draw(sample, here)
