"""Pages that are drawn from made-up records, and what a browser would make of them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser

from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report import build as report
from linkymonitor.report.section import Settings
from linkymonitor.system.storage import Storage
from tests.report.house import PARIS, local, period_of, records, write_log

DAY = date(2026, 1, 13)
PRICES = PriceBook(Prices(hn=Decimal("0.1418"), pm=Decimal("1.0867"), subscription_month=Decimal("19.32")))
VOID = frozenset(("meta", "link", "input", "br", "hr", "img"))
HOSTILE = "</script><img src=x onerror=alert(1)>"


class Strict(HTMLParser):
    """Refuses what is not closed in order, and collects what a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>"
        assert not any(name.startswith("on") for name in names), f"a handler in <{tag}>"
        self.links += [value for name, value in attrs if name in ("href", "src", "action") and value]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> is out of order"


def parsed(page: str) -> Strict:
    """Return what a strict reader makes of *page*."""
    reader = Strict()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids)), "an id twice"
    return reader


def build(tmp_path, rows, dates=(DAY, DAY), *, prices=PRICES, now=None, lang="fr", settings=None, **options):
    """Write the log of *rows*, then the pages, and return them as text by name."""
    logs = tmp_path / "logs"
    if not logs.exists():
        write_log(logs, rows)
    settings = settings or Settings(dir=tmp_path / "pages")
    paths = report.build(
        settings,
        logs,
        dates,
        tz=PARIS,
        lang=lang,
        prices=prices,
        now=now or local(DAY + timedelta(days=3)),
        storage=Storage(),
        **options,
    )
    return {path.name: path.read_text("utf-8") for path in paths}


def ejp_day(**options):
    return records(
        local(DAY) - timedelta(days=1, minutes=5),
        local(DAY + timedelta(days=1), 1),
        **{"step": 60, "period": period_of("EJP", [DAY]), **options},
    )


def text_of(page: str) -> str:
    """Return the words of *page*, its blanks made plain."""
    body = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace(" ,", ",").replace(" .", ".")
