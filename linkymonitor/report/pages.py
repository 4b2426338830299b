"""Draws figures as pages: the Jinja environment, what it is given, and the bytes that come out."""

# Strategy
#
# - A template reads `day` (figures), `words` and `t` (texts). A value that takes more than a line to compute is
#   computed here and handed to the template.
# - Every value is escaped, data for scripts by |tojson. The content security policy of a page allows no script but
#   Dygraphs and our own, which is recognised by its hash.
# - Nothing here depends on the time of the run, so the same data give the same bytes.

from __future__ import annotations

import hashlib
import re
from binascii import b2a_base64
from bisect import bisect_left, bisect_right
from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup, escape

from linkymonitor import __version__
from linkymonitor.errors import ConfigError
from linkymonitor.estimate.season import days_left
from linkymonitor.language import Text
from linkymonitor.money.bill import days_in_month
from linkymonitor.report.chart import chart_data
from linkymonitor.report.compiled import Compiled
from linkymonitor.report.day import DayFigures
from linkymonitor.report.hourly import bars
from linkymonitor.report.phases_picture import pictures
from linkymonitor.report.summary import Summary
from linkymonitor.report.usual import usual
from linkymonitor.report.words import Words
from linkymonitor.system.resources import shipped

if TYPE_CHECKING:
    from linkymonitor.report.calendar import LastHeard
    from linkymonitor.report.period.sentences import Card
    from linkymonitor.report.period.values import PeriodFigures
    from linkymonitor.report.section import Calendar

#: Seconds after which a page that follows the present reloads itself, as the pages of the forerunner do.
REFRESH = 600

_DAY = timedelta(days=1)
#: In a page the links to the other days stand between these two texts.
_NAV, _NAV_END = "<nav ", "</nav>"
#: Option → the kinds of its days (season.py) of which a page shows how many are left.
_COUNTED = {"EJP": ("ejp",), "TEMPO": ("red", "white")}

_STRONG = re.compile(r"\*([^*]+)\*")


class Pages:
    """Templates, ready to draw.

    Args:
        folders: where templates are looked for, the user's first.
        lang: ``fr`` or ``en``.
        tz: the zone whose clocks the pages show.
        sections: the sections of a day page, in order.
        autorefresh: whether an open page reloads itself in the browser.
        compiled: where compiled templates are kept; None: templates are compiled each time.
        note: a few words at the top of each page; None: none.
        calendar: the section ``[calendar]``: the days of this season that the log does not have.
        alone: whether a page is the only file: Dygraphs is then inside the page, which links to no other page.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        lang: str,
        tz: ZoneInfo,
        sections: Sequence[str],
        autorefresh: bool = False,
        compiled: Compiled | None = None,
        note: str | None = None,
        alone: bool = False,
        calendar: Calendar | None = None,
        periods: Collection[str] = (),
    ) -> None:
        self._calendar = calendar
        self._periods = periods
        self._words = Words(lang, tz)
        self._sections = sections
        self._refresh = REFRESH if autorefresh else None
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folders),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=compiled,
        )
        self._environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "sort_keys": True}
        self._environment.filters["strong"] = _strong
        self._script = self._inline("day.js", "page.js", "save.js")
        self._environment.globals.update(
            words=self._words,
            t=self._words.text,
            style=Markup(self._source("page.css")),
            version=__version__,
            note=note,
            refresh=self._refresh,
            alone=_dygraphs() if alone else None,
        )

    @property
    def words(self) -> Words:
        """The language of the pages."""
        return self._words

    def day(
        self, day: DayFigures, known: Iterable[date], summaries: MutableMapping[date, Summary] | None = None
    ) -> bytes:
        """Return the page of *day*.

        Args:
            day: its figures.
            known: the days that have a page, for the links.
            summaries: date → summary of other days, for comparison.
        """
        own = Summary.of(day)
        others = ChainMap({day.date: own}, summaries or {})
        option = day.contract.option if day.contract else ""
        left = {kind: days_left(kind, day.date, others, self._calendar) for kind in _COUNTED.get(option, ())}
        day = day._replace(
            usual=usual(own, others),
            left={kind: days for kind, days in left.items() if days is not None},
        )
        return self._draw(
            "day.html.j2",
            day=day,
            sections=self._sections,
            summary=own.as_text(),
            links=self._links(day.date, known),
            month_days=days_in_month(day.date.year, day.date.month),
            current=day.bands[-1].code if day.bands else None,
            bars=bars(day, self._words),
            phase_pictures=pictures(day, self._words),
            chart=chart_data(day, self._words, self._refresh),
            script=self._script if day.curve.times or self._refresh else None,
        )

    def failed(self, day: date, cause: Text, known: Iterable[date]) -> bytes:
        """Return the page that stands for a *day* that could not be drawn, with the cause."""
        return self._draw(
            "failed.html.j2",
            date=day,
            cause=cause.render(self._words.lang),
            summary=Summary.failed(day).as_text(),
            links=self._links(day, known),
            script=None,
        )

    def relinked(self, page: str, day: date, known: Iterable[date]) -> str:
        """Return *page*, the page of *day*, with its links drawn anew; *known* are the days that have a page."""
        head, found, rest = page.partition(_NAV)
        _, end, tail = rest.partition(_NAV_END)
        if not found or not end:  # the user's own template, which has no such links
            return page
        return head + self._draw("nav.html.j2", links=self._links(day, known)).decode().strip() + tail

    def _links(self, day: date, known: Iterable[date]) -> dict[str, object]:
        """Return the links of the page of *day*: to its month, and to the pages before and after it.

        The pages before and after are those of the nearest *known* days. Where there is no such day, the eve or the
        morrow is named without a link.
        """
        days = sorted(known)
        place = bisect_left(days, day)
        earlier, later = days[:place][-1:], days[bisect_right(days, day) :][:1]
        eve, morrow = day - _DAY, day + _DAY
        return {
            "before": eve,
            "after": morrow,
            "month": self._around(f"{day:%Y-%m}"),
            "month_name": self._words.month(day.month),
            "year": self._around(f"{day:%Y}"),
            "year_name": f"{day:%Y}",
            "before_name": self._name_beside(earlier[0] if earlier else eve, day),
            "after_name": self._name_beside(later[0] if later else morrow, day),
            "previous": f"{earlier[0]}.html" if earlier else None,
            "following": f"{later[0]}.html" if later else None,
        }

    def _around(self, name: str) -> str:
        """Return the link to the month or the year *name*: to its page, else to its place in the calendar."""
        return f"{name}.html" if f"{name}.html" in self._periods else f"index.html#{name}"

    def _name_beside(self, other: date, day: date) -> str:
        """Return the name of *other* on the page of *day*: its weekday if the days are neighbours, else its date."""
        if abs(other - day) <= _DAY:
            return self._words.weekday(other)
        return self._words.short_date(other, year=other.year != day.year)

    def period(
        self,
        figures: PeriodFigures,
        links: Sequence[Mapping[str, str | None]],
        files: frozenset[str],
        now: float,
        drawn_of: str,
        more: Sequence[Card] = (),
    ) -> bytes:
        """Return the page of a month, a year or a range of days.

        Args:
            figures: of the period.
            links: to other pages, in order: ``text``, ``href`` and ``rel``.
            files: the names of the pages that may be linked to.
            now: the present, in POSIX seconds.
            drawn_of: what the page was drawn of, by which it is seen to be out of date.
            more: cards beside those of the figures.
        """
        # Only here: the page of a day alone needs none of it.
        from linkymonitor.report.period.view import period_view

        return self._draw(
            "period.html.j2",
            view=period_view(figures, self._words, files, now, more),
            links=links,
            timezone=figures.timezone,
            drawn_of=drawn_of,
            period_style=Markup(self._source("period.css")),
            script=None if figures.empty else self._inline("period.js"),
        )

    def bill(self, view: Mapping[str, object]) -> bytes:
        """Return the page of a bill, of which *view* has all words and figures (bill_page.py)."""
        return self._draw("bill.html.j2", view=view, bill_style=Markup(self._source("bill.css")), script=None)

    def index(
        self, summaries: Iterable[Summary], heard: LastHeard | None = None, price_notes: Sequence[Text] = ()
    ) -> bytes:
        """Return the calendar of *summaries*.

        Args:
            summaries: of the days.
            heard: when the meter was last heard, None for no warning.
            price_notes: what is to be known of the prices of today.
        """
        # Only here: the page of a day alone needs none of it.
        from linkymonitor.report.calendar import calendar_data
        from linkymonitor.report.period.drawing import file_name, ranges_in
        from linkymonitor.report.period.sentences import title
        from linkymonitor.report.period.values import kind_of_range

        return self._draw(
            "index.html.j2",
            **calendar_data(summaries, self._words, heard, self._calendar),
            pages=self._periods,
            ranges=[
                (file_name(period), title(*period, self._words))
                for period in ranges_in(self._periods)
                if kind_of_range(period) == "range"
            ],
            calendar_style=Markup(self._source("calendar.css")),
            script=self._inline("calendar.js") if heard else None,
            price_notes=self._words.notes_of(price_notes),
        )

    def _draw(self, name: str, **values: object) -> bytes:
        try:
            return self._environment.get_template(name).render(values).encode()
        except jinja2.TemplateNotFound as error:
            raise ConfigError(
                Text(
                    f"[report] templates : un gabarit demande {error.name}, qui n'est pas là ; corrigez le nom, ou "
                    "ajoutez le fichier",
                    f"[report] templates: a template asks for {error.name}, which is not there; correct the name, or "
                    "add the file",
                )
            ) from error
        except jinja2.TemplateError as error:
            place, line = getattr(error, "filename", None) or name, getattr(error, "lineno", "?")
            raise ConfigError(
                Text(
                    f"{place}, ligne {line} : {error} ; corrigez le gabarit",
                    f"{place}, line {line}: {error}; correct the template",
                )
            ) from error

    def _inline(self, *names: str) -> dict[str, str]:
        """Return the scripts *names* as one, and the hash by which the policy of the page knows it."""
        return _with_hash("".join(map(self._source, names)))

    def _source(self, name: str) -> str:
        loader = self._environment.loader
        assert loader is not None
        return loader.get_source(self._environment, name)[0]


def _with_hash(script: str) -> dict[str, str]:
    digest = b2a_base64(hashlib.sha256(script.encode()).digest(), newline=False).decode()
    return {"text": Markup(script), "hash": f"sha256-{digest}"}


def _dygraphs() -> dict[str, str]:
    """Return Dygraphs for a page that is the only file: its script, the hash of the script, and its style."""
    folder = shipped("static/dygraphs")
    style = (folder / "dygraph.min.css").read_text("utf-8")
    return {**_with_hash((folder / "dygraph.min.js").read_text("utf-8")), "style": Markup(style)}


def _strong(text: str) -> Markup:
    """Return *text* escaped, its words between stars made strong."""
    return Markup(_STRONG.sub(r"<b>\1</b>", str(escape(text))))
