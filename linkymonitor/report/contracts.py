"""What changed of the contract on a day, and what was in force at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from linkymonitor.report.day import Change, DayFigures, EpochBreak
from linkymonitor.report.gather import Grid
from linkymonitor.report.heard import HeardDay
from linkymonitor.report.indexes import Indexes

_SHOWN = ("meter", "mode", "option", "subscribed_power", "phases", "producer")


def with_contract(figures: DayFigures, day: HeardDay) -> DayFigures:
    """Return *figures* with the contract of *day* and what changed of it."""
    grids = day.records.grids
    changes = [*_contract_changes(day.registers), *_grid_changes(grids)]
    times = day.around.times
    return figures._replace(
        contract=next((stated for stated in reversed(day.rows.contract) if stated is not None), None),
        breaks=tuple(
            EpochBreak(at=times[place], contract=by_contract)
            for place, by_contract in day.registers.breaks
            if day.start < times[place] <= day.end
        ),
        changes=tuple(
            sorted(
                (change for change in changes if day.start < change.at <= day.end),
                key=lambda change: change.at,
            )
        ),
        grid=next((topics for at, topics in reversed(grids) if at <= day.end), {}),
    )


def _contract_changes(registers: Indexes) -> list[Change]:
    """Return what changed of the contract; what was not known before is no change."""
    changes = []
    for (_, old), (place, new) in pairwise(registers.contracts):
        if old is None or new is None:
            continue
        for name in _SHOWN:
            before, after = getattr(old, name), getattr(new, name)
            if before not in (None, "", after) and after not in (None, ""):
                changes.append(Change(at=registers.times[place], what=name, before=before, after=after))
    return changes


def _grid_changes(grids: Sequence[Grid]) -> list[Change]:
    """Return what changed of the topics of the lines ``Grille:``; the names of registers are a topic each."""
    changes = []
    known: dict[str, str] = {}
    for at, topics in grids:
        stated = _by_register(topics)
        changes += [
            Change(at=at, what=topic, before=known[topic], after=text)
            for topic, text in stated.items()
            if known.get(topic, text) != text
        ]
        known |= stated
    return changes


def _by_register(topics: Mapping[str, str]) -> dict[str, str]:
    """Return *topics* with ``noms`` taken apart: ``noms F01`` → the name of that register."""
    stated = {topic: text for topic, text in topics.items() if topic != "noms"}
    for entry in topics.get("noms", "").split("; "):
        register, _, name = entry.partition(" ")
        stated[f"noms {register}"] = name
    return stated
