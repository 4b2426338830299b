"""The figures of a period as `report --json` prints them: those of its page."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from linkymonitor.estimate.day_cost import DayCost
from linkymonitor.report.day import ELSEWHERE
from linkymonitor.report.period.values import PeriodFigures


def as_json(figures: PeriodFigures, tz: ZoneInfo, lang: str) -> dict[str, object]:
    """Return *figures* as plain values: times in *tz*, sentences in *lang*."""
    quality = figures.coverage
    injected = figures.injected
    shown: dict[str, object] = {
        "schema": 1,
        "from": figures.first.isoformat(),
        "to": figures.last.isoformat(),
        "timezone": figures.timezone,
        "contract": figures.option,
        "periods": {
            line.code: {
                "wh": line.wh,
                "eur": _text(line.eur),
                **({"index": figures.readings[line.code]._asdict()} if line.code in figures.readings else {}),
            }
            for line in figures.lines
            if line.code not in ("", ELSEWHERE)
        },
        "consumed": {"wh": figures.consumed, "eur": _text(figures.consumed_eur)},
        "injected": None,
        "subscription": {"eur": _text(figures.subscription)},
        "total": {"eur": _text(figures.total)},
        "peak": None,
        "quality": {
            "coverage": round(quality.share, 4),
            "records": quality.records,
            "frames": quality.frames,
            "rejected": quality.rejected,
            "gaps": [
                {"from": _stamp(gap.start, tz), "to": _stamp(gap.end, tz), "wh": gap.wh}
                for gap in quality.gaps
            ],
        },
        "warnings": [text.render(lang) for text in (figures.reason, *figures.warnings) if text is not None],
    }
    if injected is not None:
        shown["injected"] = {
            "wh": injected.wh,
            "low_wh": injected.low_wh,
            "high_wh": injected.high_wh,
            "estimated": injected.estimated,
            "eur": _text(injected.eur),
            **({"at_least": True} if injected.at_least else {}),
        }
    if figures.peak is not None and figures.peak_at is not None:
        shown["peak"] = {"va": figures.peak, "at": _stamp(figures.peak_at, tz)}
    return shown | _more(figures, lang)


def _more(figures: PeriodFigures, lang: str) -> dict[str, object]:
    """Return the keys that stand only when there is something to put in them."""
    more: dict[str, object] = {}
    if figures.unread:
        more["unread"] = list(figures.unread)
    if figures.elsewhere:
        more["elsewhere_wh"] = figures.elsewhere
    if figures.first == figures.last:
        return more
    more["days"] = [_day(day) for day in figures.days]
    if figures.missing:
        more["missing_days"] = [day.isoformat() for day in figures.missing]
    more["rounding_eur"] = _text(figures.rounding)
    if figures.apart:
        more["missing_days_eur"] = _text(figures.apart)
    if figures.specials:
        more["special_days"] = {
            special.kind: {"days": special.days, "wh": special.wh, "eur": _text(special.eur)}
            for special in figures.specials
        }
    if figures.marks:
        more["marks"] = [
            {"date": mark.day.isoformat(), "kind": mark.kind, "text": mark.text.render(lang)}
            for mark in figures.marks
        ]
    if figures.base is not None:
        base = figures.base
        more["base_load"] = {
            "va": base.va,
            "nights": base.nights,
            "low_w": base.low_watts,
            "high_w": base.high_watts,
            "eur": _text(base.eur),
        }
    if figures.before is not None:
        before = figures.before
        more["before"] = {
            "from": before.first.isoformat(),
            "to": before.last.isoformat(),
            "days": before.days,
            "wh": before.wh,
            "eur": _text(before.eur),
            "same_days": {"wh": before.own_wh, "eur": _text(before.own_eur)},
            "by_price_eur": _text(before.by_price),
        }
    if figures.today is not None:
        more["projection"] = _projection(figures)
    if figures.no_projection is not None:
        more["no_projection"] = figures.no_projection.render(lang)
    if figures.means:
        more["mean_day"] = {
            mean.kind: {"days": mean.days, "wh": [round(wh, 1) for wh in mean.half_hours]}
            for mean in figures.means
        }
    return more


def month_as_json(figures: PeriodFigures, lang: str) -> dict[str, object]:
    """Return the *figures* of the month that goes on: what is counted so far, and what it comes to."""
    reason = figures.no_projection or (figures.projection.reason if figures.projection else None)
    month: dict[str, object] = {
        "from": figures.first.isoformat(),
        "to": figures.last.isoformat(),
        "days": sum(not day.empty for day in figures.days),
        "missing_days": len(figures.missing),
        "wh": figures.consumed,
        "eur": _text(figures.total),
        "projection": _projection(figures),
        "linkypy": None,
    }
    if reason is not None:
        month["reason"] = reason.render(lang)
    if figures.linkypy is not None:
        month["linkypy"] = {
            "current_cost": _text(figures.linkypy.current_cost),
            "estimated_cost": _text(figures.linkypy.estimated_cost),
        }
    return month


def _projection(figures: PeriodFigures) -> dict[str, object] | None:
    ahead = figures.projection
    if ahead is None:
        return None
    return {
        "to": ahead.until.isoformat(),
        "wh": ahead.wh,
        "low_wh": ahead.low_wh,
        "high_wh": ahead.high_wh,
        "eur": _text(ahead.eur),
        "low_eur": _text(ahead.low_eur),
        "high_eur": _text(ahead.high_eur),
        **(
            {
                "special_days": {
                    chance.kind: {
                        "mean": str(round(chance.mean, 1)),
                        "low": chance.low,
                        "high": chance.high,
                        "left": chance.left,
                    }
                    for chance in ahead.chances
                }
            }
            if ahead.chances
            else {}
        ),
    }


def _day(day: DayCost) -> dict[str, object]:
    return {
        "date": day.date.isoformat(),
        "wh": day.wh,
        "eur": _text(day.shown),
        **({"kind": day.kind} if day.kind else {}),
        **({"injected_wh": day.injected} if day.injected is not None else {}),
        **({} if day.whole else {"whole": False}),
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _stamp(when: float, tz: ZoneInfo) -> str:
    return datetime.fromtimestamp(when, tz).isoformat(timespec="seconds")
