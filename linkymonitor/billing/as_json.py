"""The bill as `bill --json` prints it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from linkymonitor.billing.amounts import summed
from linkymonitor.billing.values import Bill, Line
from linkymonitor.language import Text

if TYPE_CHECKING:
    from linkymonitor.billing.compare import Compared
    from linkymonitor.billing.paper import Paper

SCHEMA = 1


def as_json(bill: Bill, lang: str) -> dict[str, object]:
    """Return *bill* as JSON has it, with texts in *lang*."""

    def word(text: Text) -> str:
        return text.render(lang)

    def rows(lines: Sequence[Line]) -> list[dict[str, object]]:
        return [_line(line, word(line.label), word(line.reason) if line.reason else None) for line in lines]

    figures: dict[str, object] = {
        "schema": SCHEMA,
        "from": bill.first.isoformat(),
        "to": bill.last.isoformat(),
        "offer": bill.offer,
        "path": bill.path.value,
        "lines": rows(bill.lines),
        "tva": {_rate(rate): _euros(amount) for rate, amount in bill.tva.items()},
        "total": {"eur": _euros(bill.total)},
        "warnings": [word(warning) for warning in bill.warnings],
    }
    if bill.ht is not None:
        figures["ht"] = {"eur": _euros(bill.ht)}
    if bill.revenue:
        figures["revenue"] = {
            "lines": rows(bill.revenue),
            "total": {"eur": _euros(summed(line.eur for line in bill.revenue))},
        }
    return figures


def total_as_json(paper: Paper, ours: Bill, lang: str) -> dict[str, object] | None:
    """Return how the total of a supplier's bill differs from ours, None when it does not or one is not known."""
    from linkymonitor.billing.totals import total_gap  # most bills are compared with no paper

    gap = total_gap(paper, ours)
    if gap is None:
        return None
    return {
        "theirs": _euros(paper.total),
        "ours": _euros(ours.total),
        "eur": _euros(gap.eur),
        "cause": gap.cause,
        "why": gap.why.render(lang),
    }


def _line(line: Line, label: str, reason: str | None) -> dict[str, object]:
    row: dict[str, object] = {
        "kind": line.kind,
        "label": label,
        "register": line.register,
        "from": line.first.isoformat(),
        "to": line.last.isoformat(),
        "index_from": line.index_from,
        "index_to": line.index_to,
        "kwh": line.kwh,
        "price": _euros(line.price),
        "eur": _euros(line.eur),
        "tva": None if line.tva is None else _rate(line.tva),
        "arithmetic": line.arithmetic,
    }
    if line.shared is not None:
        row["shared"] = {
            "kwh": line.shared.kwh,
            "index_from": line.shared.index_from,
            "index_to": line.shared.index_to,
            "days": line.shared.days,
            "of_days": line.shared.of_days,
        }
    if line.estimated:
        row["estimated"] = True
    if reason:
        row["reason"] = reason
    return row


def _euros(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _rate(rate: Decimal) -> str:
    return f"{rate.normalize():f}"


def differences_as_json(compared: Sequence[Compared], lang: str) -> list[dict[str, object]]:
    """Return the lines of a supplier's bill that are not ours, each with its reason."""
    rows: list[dict[str, object]] = []
    for each in compared:
        if not each.cause:
            continue
        line = each.ours or each.theirs
        assert line is not None
        first, last = line.first, line.last
        rows.append(
            {
                "kind": line.kind,
                "register": line.register,
                "from": first.isoformat() if first else None,
                "to": last.isoformat() if last else None,
                "theirs": None if each.theirs is None else _euros(each.theirs.eur),
                "ours": None if each.ours is None else _euros(each.ours.eur),
                "eur": _euros(each.eur),
                "cause": each.cause,
                "why": None if each.why is None else each.why.render(lang),
            }
        )
    return rows
