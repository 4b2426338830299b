"""What the calendar shows of a day, at the prices of its time; the head of the page of that day has it, too."""

# The calendar reads the head of a page only where the day has no summary (summaries/day.py): an older version drew the
# page and the log of the day is gone, or no record has come after the day.

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from linkymonitor.report.day import DayFigures
from linkymonitor.system.json_text import read_json

#: The register of the EJP peak.
PEAK = "PM"
#: What stands before and after the summary in the head of a page.
_BEFORE, _AFTER = '<meta name="linkymonitor-day" content="', '">'


class Summary(NamedTuple):
    """What the calendar shows of a day."""

    day: date
    #: None when nothing was measured.
    wh: int | None
    eur: Decimal | None
    ejp: bool = False
    colour: str | None = None
    so_far: bool = False
    #: Whether less than 90 % of the day was heard, so that it cannot be compared with other days.
    partial: bool = False
    #: Whether nothing of the day was heard, so that its energy is a share of the energy of a silence.
    silent: bool = False
    #: The cost of the EJP peak hours of the day; None when it has none, or their price is not set.
    peak_eur: Decimal | None = None
    #: Wh given to the grid, None when there are none; and what is paid for them in €, None for an estimate or without
    #: a price.
    injected: int | None = None
    injected_eur: Decimal | None = None
    #: Whether *injected* is an estimate.
    estimated: bool = False

    @property
    def whole(self) -> bool:
        """Whether the day was measured, is over and is not partial, so that it can be compared with others."""
        return self.wh is not None and not self.so_far and not self.partial

    @classmethod
    def of(cls, day: DayFigures) -> "Summary":
        """Return the summary of *day*; a day that was hardly measured has neither energy nor cost."""
        return cls(
            day=day.date,
            wh=None if day.barely else day.consumed,
            eur=None if day.barely else day.total,
            ejp=day.ejp,
            colour=day.colour,
            so_far=day.so_far,
            partial=day.partial,
            silent=day.silent,
            peak_eur=next((line.eur for line in day.lines if line.code == PEAK and line.wh), None),
            injected=day.injected.wh if day.injected else None,
            injected_eur=day.injected.eur if day.injected else None,
            estimated=day.injected is not None and day.injected.estimated,
        )

    @classmethod
    def failed(cls, day: date) -> "Summary":
        """Return the summary of *day*, whose page could not be drawn."""
        return cls(day=day, wh=None, eur=None)

    def as_text(self) -> str:
        """Return the summary as the text that stands in the head of a page."""
        return json.dumps(
            {
                "wh": self.wh,
                "eur": _as_text(self.eur),
                "ejp": self.ejp,
                "colour": self.colour,
                "so_far": self.so_far,
                "partial": self.partial,
                "silent": self.silent,
                "peak_eur": _as_text(self.peak_eur),
                "injected": self.injected,
                "injected_eur": _as_text(self.injected_eur),
                "estimated": self.estimated,
            },
            separators=(",", ":"),
        )

    @classmethod
    def read(cls, day: date, head: str) -> "Summary":
        """Return the summary in the *head* of the page of *day*; of a damaged summary no figure is known."""
        text = head.partition(_BEFORE)[2].partition(_AFTER)[0]
        try:
            row = read_json(text.replace("&#34;", '"').replace("&quot;", '"') or "{}")
            colour = row.get("colour")
            return cls(
                day=day,
                wh=_number(row, "wh"),
                eur=_amount(row, "eur"),
                ejp=row.get("ejp") is True,
                colour=colour if colour in ("blue", "white", "red") else None,
                so_far=row.get("so_far") is True,
                partial=row.get("partial") is True,
                silent=row.get("silent") is True,
                peak_eur=_amount(row, "peak_eur"),
                injected=_number(row, "injected"),
                injected_eur=_amount(row, "injected_eur"),
                estimated=row.get("estimated") is True,
            )
        except (ValueError, TypeError, AttributeError, InvalidOperation):
            return cls(day=day, wh=None, eur=None)


def is_page(head: str) -> bool:
    """Return whether *head* is the beginning of a page of a day that this program has drawn."""
    return _BEFORE in head


def _as_text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _number(row: Mapping[str, object], name: str) -> int | None:
    value = row.get(name)
    return None if value is None else int(str(value))


def _amount(row: Mapping[str, object], name: str) -> Decimal | None:
    value = row.get(name)
    return None if value is None else Decimal(str(value))
