"""Adds up the figures of days, as `report --json` prints them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from linkymonitor.money import bill
from linkymonitor.report import synthesis
from linkymonitor.report.day import ELSEWHERE, Curve, DayFigures, Injected, SynthesisLine


class RangeFigures:
    """The sum of days; the amounts of its lines are rounded once, for the whole range.

    Args:
        tz: the zone of the times.
        lang: of the warnings, ``fr`` or ``en``.
    """

    def __init__(self, tz: ZoneInfo, lang: str) -> None:
        self._tz = tz
        self._lang = lang
        self._days: list[DayFigures] = []
        #: Period → Wh, and → the exact cost of these Wh, each day at its own price; None when a price is missing.
        self._energy: dict[str, int] = {}
        self._costs: dict[str, Decimal | None] = {}
        self._unread: dict[str, None] = {}
        self._whole = True

    def add(self, day: DayFigures, known: bool = True) -> None:
        """Add *day*; days come in order. After a day whose figures are not *known*, the sums are not known."""
        self._whole = self._whole and known and not day.unread
        for line in day.lines:
            self._energy[line.code] = self._energy.get(line.code, 0) + (line.wh or 0)
            if line.wh != 0 or line.price is not None:
                parts = (self._costs.get(line.code, Decimal(0)), _exact(line))
                self._costs[line.code] = bill.add_up(parts)
        self._unread |= dict.fromkeys(day.unread)
        self._days.append(day._replace(curve=Curve(), hours=(), bands=()))

    def as_json(self) -> dict[str, object]:
        """Return the figures as `report --json` prints them."""
        days = self._days
        lines = self._lines()
        energy_eur = synthesis.energy_cost(lines) if self._whole else None
        subscription = self._subscription()
        contract = next((day.contract for day in reversed(days) if day.contract), None)
        known = self._whole and any(day.consumed is not None for day in days)
        return {
            "schema": 1,
            "from": days[0].date.isoformat(),
            "to": days[-1].date.isoformat(),
            "timezone": str(self._tz),
            "contract": contract.option if contract else None,
            "periods": {
                line.code: {"wh": line.wh, "eur": _text(line.eur)}
                for line in lines
                if line.code not in ("", ELSEWHERE)
            },
            "consumed": {"wh": sum(self._energy.values()) if known else None, "eur": _text(energy_eur)},
            "injected": self._injected(),
            "subscription": {"eur": _text(subscription)},
            "total": {"eur": _text(bill.add_up((energy_eur, subscription)))},
            "peak": self._peak(),
            "quality": self._quality(),
            "warnings": self._warnings(),
        }

    def _lines(self) -> list[SynthesisLine]:
        """Return a line for each period, whose cost is rounded once."""
        sums: dict[str, int | None] = {**self._energy, **dict.fromkeys(self._unread)}
        lines = []
        for name, wh in sums.items():
            cost = None if wh is None else self._costs.get(name)
            lines.append(SynthesisLine(name, wh, eur=None if cost is None else bill.round_cents(cost)))
        return lines

    def _subscription(self) -> Decimal | None:
        """Return the share of the subscription, rounded once for the whole range; None when it is not always known."""
        dates: dict[Decimal | None, list[date]] = {}
        for day in self._days:
            dates.setdefault(day.subscription_month, []).append(day.date)
        parts = [
            None if month is None else bill.subscription(month, of_month) for month, of_month in dates.items()
        ]
        if None in parts:
            return None
        return bill.round_cents(sum((part for part in parts if part is not None), Decimal(0)))

    def _injected(self) -> dict[str, object] | None:
        injected = [day.injected for day in self._days if day.injected]
        if not injected:
            return None
        return {
            "wh": sum(part.wh for part in injected),
            "low_wh": sum(part.low_wh for part in injected),
            "high_wh": sum(part.high_wh for part in injected),
            "estimated": any(part.estimated for part in injected),
            "eur": self._paid(injected),
            **({"at_least": True} if any(part.at_least for part in injected) else {}),
        }

    def _peak(self) -> dict[str, object] | None:
        days = [day for day in self._days if day.peak is not None]
        if not days:
            return None
        highest = max(days, key=lambda day: day.peak or 0)
        return {"va": highest.peak, "at": self._stamp(highest.peak_at)}

    def _warnings(self) -> list[str]:
        """Return what is to be known of the prices that were used, and why prices are missing, each once."""
        used = [text for day in self._days for text in day.warnings if day.lines]
        missing = [day.no_price for day in self._days if day.no_price is not None and day.lines]
        return [text.render(self._lang) for text in dict.fromkeys((*missing, *used))]

    def _quality(self) -> dict[str, object]:
        days = self._days
        possible = sum(max(day.until - day.start, 0) for day in days)
        heard = sum(day.quality.coverage * (day.until - day.start) for day in days)
        return {
            "coverage": round(heard / possible, 4) if possible else 0.0,
            "records": sum(day.quality.records for day in days),
            "frames": sum(day.quality.frames for day in days),
            "rejected": sum(day.quality.rejected for day in days),
            "gaps": [
                {"from": self._stamp(gap.start), "to": self._stamp(gap.end), "wh": gap.wh}
                for day in days
                for gap in day.quality.gaps
            ],
        }

    def _paid(self, injected: Sequence[Injected]) -> str | None:
        """Return what is paid for the injected energy; None for an estimate, for which nothing is paid."""
        if any(part.estimated for part in injected):
            return None
        paid = bill.add_up(
            None if part.price is None else bill.cost(part.wh, part.price) for part in injected
        )
        return None if paid is None else str(bill.round_cents(paid))

    def _stamp(self, when: float | None) -> str | None:
        if when is None:
            return None
        return datetime.fromtimestamp(when, self._tz).isoformat(timespec="seconds")


def _exact(line: SynthesisLine) -> Decimal | None:
    """Return the cost of *line*, not rounded; None when its energy or its price is not known."""
    return None if line.wh is None or line.price is None else bill.cost(line.wh, line.price)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
