"""Draws the sample pages of docs/samples: days, a month, a year and a bill of simulated houses (`make samples`)."""

# Strategy
#
# - Days and the month are drawn of a log, as those of a real house.
# - A year of a log takes minutes, and a page of a year or a bill is drawn of the summaries of its days. So these are
#   made of what the simulated house knows of itself, half hour by half hour: a year in ten seconds.

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from linkymonitor.billing import readings
from linkymonitor.billing.rules import Rules
from linkymonitor.billing.work import work
from linkymonitor.commands.trial_pages import INVENTED, SIMULATED_NOTE
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.model.terms import Ejp
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.money.taxes import read_taxes
from linkymonitor.report.bill_page import BillPage
from linkymonitor.report.build import build
from linkymonitor.report.one_page import build_bill
from linkymonitor.report.pages import Pages
from linkymonitor.report.period.figures import period_figures
from linkymonitor.report.period.texts import PeriodTexts
from linkymonitor.report.section import Settings
from linkymonitor.settings import load
from linkymonitor.simulator.house import House
from linkymonitor.simulator.load import SLOT
from linkymonitor.simulator.options import PARIS, parse_spec
from linkymonitor.simulator.past import Silence, records
from linkymonitor.summaries.day import HALF_HOUR, INJECTED, TOTAL, DaySummary, InjectedEnergy, PhaseExtremes
from linkymonitor.system.clock import WireClock
from linkymonitor.system.resources import shipped
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
#: The house whose year is a sample, too, and the year; its prices change on a day.
YEAR_HOUSE, YEAR = "standard,ejp,producer,seed=7", 2025
YEAR_PRICES = PriceBook(INVENTED, {date(2025, 8, 1): Prices(hn=Decimal("0.1600"), pm=Decimal("0.6000"))})
#: The house of the sample bill, its days and its contract: printed prices that change on 1 February 2026.
BILL_HOUSE, BILL_FIRST, BILL_LAST = (
    "ejp=2026-01-08+2026-01-09+2026-01-13,seed=7",
    date(2026, 1, 8),
    date(2026, 3, 7),
)
BILL_CONTRACT = "[contract]\noffer = ejp\npower = 12\n"
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


def draw_year(folder: Path) -> None:
    """Draw the page of the sample year into *folder*, in each language."""
    first, last = date(YEAR, 1, 1), date(YEAR, 12, 31)
    house = House(parse_spec(f"{YEAR_HOUSE},day={last},since={first}"))
    summaries = {
        day: summary_of(house, day)
        for day in (first + timedelta(days=at) for at in range((last - first).days + 1))
    }
    now = datetime(YEAR + 1, 1, 2, tzinfo=PARIS)
    figures = period_figures(summaries, YEAR_PRICES, first, last, tz=PARIS, now=now)
    for lang, ending in ENDINGS.items():
        pages = Pages(
            [shipped("templates")], lang, PARIS, Settings().sections, note=SIMULATED_NOTE.render(lang)
        )
        links = [{"text": pages.words.say(PeriodTexts.calendar), "href": "index.html", "rel": None}]
        page = pages.period(figures, links, frozenset(), now.timestamp(), "sample")
        (folder / f"ejp-year{ending}").write_bytes(page)


def draw_bill(folder: Path) -> None:
    """Draw the page of the sample bill into *folder*, in each language."""
    house = House(parse_spec(f"{BILL_HOUSE},day={BILL_LAST},since={BILL_FIRST}"))
    count = (BILL_LAST - BILL_FIRST).days + 1
    summaries = {
        day: summary_of(house, day) for day in (BILL_FIRST + timedelta(days=at) for at in range(count + 1))
    }
    with tempfile.TemporaryDirectory() as made:
        ini = Path(made) / "bill.ini"
        ini.write_text(BILL_CONTRACT)
        settings = load(ini)
    book = settings.price_book()
    days = readings.Days(BILL_FIRST, BILL_LAST, summaries, PARIS)
    billed, after = readings.billed_days(days, book)
    measured = readings.measured(days, billed, readings.Log(lambda at: None, lambda at: None))
    rules = Rules.of(book.contract_on(BILL_LAST))
    bill = work(billed, after, measured, rules, read_taxes(settings.table_folders))
    for lang, ending in ENDINGS.items():
        page = build_bill(settings.report, BillPage(bill, rules), tz=PARIS, lang=lang, storage=Storage())
        (folder / f"ejp-bill{ending}").write_bytes(page)


def summary_of(house: House, day: date) -> DaySummary:
    """Return the summary of *day* of *house*, which makes its days in order."""
    following = day + timedelta(days=1)
    start, end = (
        datetime(at.year, at.month, at.day, tzinfo=PARIS).astimezone(UTC) for at in (day, following)
    )
    made = house.day(start)
    marks = [
        start + timedelta(seconds=HALF_HOUR) * at
        for at in range(round((end - start).total_seconds()) // HALF_HOUR)
    ]
    truths = [house.truth(mark) for mark in [*marks, end]]
    half_hours = {
        register: tuple(
            after.indexes[register] - before.indexes[register] for before, after in pairwise(truths)
        )
        for register in truths[0].indexes
    }
    injected = tuple(after.injected_index - before.injected_index for before, after in pairwise(truths))
    given = sum(injected)
    night = [sum(made.drawn_power[at : at + 60]) // 60 for at in range(0, 6 * 720, 60)]
    least = min(map(sum, zip(*(counted[:12] for counted in half_hours.values()), strict=True)))
    peak = max(range(len(made.drawn_power)), key=made.drawn_power.__getitem__)
    return DaySummary(
        date=day,
        timezone=str(PARIS),
        start=round(start.timestamp()),
        end=round(end.timestamp()),
        until=round(end.timestamp()),
        option="EJP",
        subscribed_kva=house.options.subscribed,
        phases=house.options.phases,
        producer=True,
        mode=house.options.mode.value,
        half_hours=half_hours,
        injected=InjectedEnergy(given, given, given, estimated=False),
        injected_half_hours=injected,
        midnight={**truths[0].indexes, TOTAL: truths[0].total_index, INJECTED: truths[0].injected_index},
        peak_va=made.drawn_power[peak],
        peak_at=round(start.timestamp()) + SLOT * peak,
        base_load_va=sorted(night)[len(night) // 10],
        # An index is in whole Wh: half an hour of so many Wh has drawn a Wh less or more.
        base_watts_low=2 * (least - 1),
        base_watts_high=2 * (least + 1),
        coverage=1.0,
        records=len(made.net) // 12,
        frames=len(made.net) // 12 * 25,
        by_phase=tuple(
            phase_of(powers, volts) for powers, volts in zip(made.powers, made.voltage, strict=True)
        ),
        ejp=any(truth.ejp is Ejp.PEAK for truth in truths[20:30]),
    )


def phase_of(powers: Sequence[int], volts: Sequence[float]) -> PhaseExtremes:
    """Return the extremes of a phase: *powers* in VA by slot, *volts* by minute."""
    amperes = [abs(powers[60 // SLOT * minute]) / volt for minute, volt in enumerate(volts)]
    return PhaseExtremes(
        lowest=round(min(volts)),
        mean=round(sum(volts) / len(volts), 2),
        highest=round(max(volts)),
        current_mean=round(sum(amperes) / len(amperes), 2),
        current_most=round(max(amperes)),
    )


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
    rows = (
        [
            f'<li>{name.upper()}: <a href="{name}.html">in English</a>, '
            f'<a href="{name}.fr.html" lang="fr">en français</a>'
            for name in HOUSES
        ]
        + [
            f'<li>{name.upper()}, a month: <a href="{name}-month.html">in English</a>, '
            f'<a href="{name}-month.fr.html" lang="fr">en français</a>'
            for name in MONTHS
        ]
        + [
            '<li>EJP, a year: <a href="ejp-year.html">in English</a>, '
            '<a href="ejp-year.fr.html" lang="fr">en français</a>',
            '<li>EJP, a bill: <a href="ejp-bill.html">in English</a>, '
            '<a href="ejp-bill.fr.html" lang="fr">en français</a>',
        ]
    )
    return INDEX.format(day=DAY, rows="\n".join(rows))


if __name__ == "__main__":
    here = Path(__file__).parent
    (here / "index.html").write_text(index(), "utf-8")
    for sample in HOUSES:
        draw(sample, here)
    draw_year(here)
    draw_bill(here)
