"""Adds up the figures of days, as `report --json` prints them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from linkymonitor.money import bill
from linkymonitor.money.tariffs import Prices
from linkymonitor.report import synthesis
from linkymonitor.report.day import ELSEWHERE, Curve, DayFigures, Injected


class RangeFigures:
    """The sum of days; the amounts of its lines are rounded once, for the whole range.

    Args:
        tz: the zone of the times.
        prices: what a kWh costs.
    """

    def __init__(self, tz: ZoneInfo, prices: Prices) -> None:
        self._tz = tz
        self._prices = prices
        self._days: list[DayFigures] = []
        self._energy: dict[str, int] = {}
        self._unread: dict[str, None] = {}
        self._whole = True

    def add(self, day: DayFigures, known: bool = True) -> None:
        """Add *day*; days come in order. After a day whose figures are not *known*, the sums are not known."""
        self._whole = self._whole and known and not day.unread
        for line in day.lines:
            self._energy[line.code] = self._energy.get(line.code, 0) + (line.wh or 0)
        self._unread |= dict.fromkeys(day.unread)
        self._days.append(day._replace(curve=Curve(), hours=(), bands=()))

    def as_json(self) -> dict[str, object]:
        """Return the figures as `report --json` prints them."""
        days = self._days
        lines = synthesis.lines(self._energy | dict.fromkeys(self._unread), {}, self._prices)
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
        }

    def _subscription(self) -> Decimal | None:
        """Return the share of the subscription, rounded once for the whole range."""
        month = self._prices.subscription_month
        if month is None:
            return None
        return bill.round_cents(bill.subscription(month, (day.date for day in self._days)))

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
        if self._prices.injection is None or any(part.estimated for part in injected):
            return None
        wh = sum(part.wh for part in injected)
        return str(bill.round_cents(bill.cost(wh, self._prices.injection)))

    def _stamp(self, when: float | None) -> str | None:
        if when is None:
            return None
        return datetime.fromtimestamp(when, self._tz).isoformat(timespec="seconds")


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
