"""What the calendar knows of a day: the head of its page carries it."""

# A page carries its own summary, so that there is no second store to keep in step: a calendar of a year costs a
# year of small reads.

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from linkymonitor.report.day import DayFigures

#: The register of the EJP peak.
_PEAK = "PM"
#: What stands before and after the summary in the head of a page.
_BEFORE, _AFTER = '<meta name="linkymonitor-day" content="', '">'


class Summary(NamedTuple):
    """What the calendar knows of a day."""

    day: date
    #: None when nothing was measured.
    wh: int | None
    eur: Decimal | None
    ejp: bool = False
    colour: str | None = None
    so_far: bool = False
    #: Too much of it was not heard to set it beside other days.
    partial: bool = False
    #: Nothing of it was heard: the energy is its share of a silence.
    silent: bool = False
    #: What its hours of EJP peak cost; None when it has none, or their price is not set.
    peak_eur: Decimal | None = None
    #: Wh given to the grid, None when nothing is; and what they are paid, None when that is not known.
    injected: int | None = None
    injected_eur: Decimal | None = None
    #: Whether *injected* is an estimate.
    estimated: bool = False

    @property
    def whole(self) -> bool:
        """Whether the day can be set beside others."""
        return self.wh is not None and not self.so_far and not self.partial

    @classmethod
    def of(cls, day: DayFigures) -> "Summary":
        """Return the summary of *day*; one that was hardly measured has no energy and no cost to add up."""
        return cls(
            day=day.date,
            wh=None if day.barely else day.consumed,
            eur=None if day.barely else day.total,
            ejp=day.ejp,
            colour=day.colour,
            so_far=day.so_far,
            partial=day.partial,
            silent=day.silent,
            peak_eur=next((line.eur for line in day.lines if line.code == _PEAK and line.wh), None),
            injected=day.injected.wh if day.injected else None,
            injected_eur=day.injected.eur if day.injected else None,
            estimated=day.injected is not None and day.injected.estimated,
        )

    @classmethod
    def failed(cls, day: date) -> "Summary":
        """Return the summary of a *day* that could not be drawn."""
        return cls(day=day, wh=None, eur=None)

    def as_text(self) -> str:
        """Return the summary as the head of a page carries it."""
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
        """Return the summary that the *head* of the page of *day* carries; one that is damaged says nothing."""
        text = head.partition(_BEFORE)[2].partition(_AFTER)[0]
        try:
            row = json.loads(text.replace("&#34;", '"').replace("&quot;", '"') or "{}")
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
    """Return whether *head* is that of a page of a day that we have drawn."""
    return _BEFORE in head


def _as_text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _number(row: Mapping[str, object], name: str) -> int | None:
    value = row.get(name)
    return None if value is None else int(str(value))


def _amount(row: Mapping[str, object], name: str) -> Decimal | None:
    value = row.get(name)
    return None if value is None else Decimal(str(value))
