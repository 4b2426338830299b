"""The parts of docs/acceptance.md that the code draws: ``python -m tests.meter.acceptance.page`` draws them anew."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from linkymonitor.meter.acceptance.index import TRANSITIONS, Event, State
from linkymonitor.meter.acceptance.judge import Situation
from linkymonitor.meter.acceptance.rules import Agreed, judge_of
from linkymonitor.model.terms import Mode
from linkymonitor.tic.labels import BY_MODE


def draw_index() -> str:
    """Return the states of an index as a mermaid diagram, from the table of transitions."""

    def deed(act: object) -> str:
        return sentence(act).replace(";", ",")  # a ; ends a statement of Mermaid

    everywhere = {event for event in Event if len({TRANSITIONS.get((state, event)) for state in State}) == 1}
    arrows = defaultdict(list)
    for (state, event), (act, after) in TRANSITIONS.items():
        if event not in everywhere:
            arrows[state, after, deed(act)].append(event.name)
    lines = ["stateDiagram-v2", f"    [*] --> {State.UNKNOWN.name}"]
    for state in State:
        for (before, after, what), events in arrows.items():
            if before is state:
                lines.append(f"    {before.name} --> {after.name} : {', '.join(events)} ({what})")
    for event in Event:
        if event in everywhere:
            act, after = TRANSITIONS[State.UNKNOWN, event]
            lines.append(f"    note left of {after.name} : from each state by {event.name} ({deed(act)})")
    return "\n".join(lines)


def sentence(thing: object) -> str:
    """Return the first sentence of the docstring of *thing*."""
    return (thing.__doc__ or "").split("\n")[0].rstrip(".")


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table of Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def list_meanings(kind: type[Enum]) -> str:
    """Return the members of *kind* with their meanings."""
    return table((kind.__name__.lower(), "meaning"), ((f"`{one.name}`", str(one.value)) for one in kind))


def list_situations() -> str:
    """Return the situations of a frame, and what follows from each."""
    return table(
        ("situation", "meaning", "believed at once", "after a silence", "no next frame in time"),
        (
            (f"`{one.name}`", one.meaning, *("yes" if is_so else "" for is_so in one.value[1:]))
            for one in Situation
        ),
    )


def list_rules() -> str:
    """Return each rule with the labels that follow it."""
    labels = defaultdict(list)
    for mode in Mode:
        for label in BY_MODE[mode]:
            judge = judge_of(label, mode)
            name = type(judge).__name__
            labels[f"{name}, {judge.need} frames" if isinstance(judge, Agreed) else name, type(judge)].append(
                label
            )
    return table(
        ("rule", "what is believed", "labels"),
        (
            (f"`{rule}`", sentence(judge), shorten(names))
            for (rule, judge), names in sorted(labels.items(), key=str)
        ),
    )


def shorten(labels: list[str]) -> str:
    """Return *labels* with each numbered series as its first and its last."""
    series = defaultdict(list)
    for label in labels:
        series[re.sub(r"\d+", "#", label)].append(label)
    return ", ".join(
        f"`{names[0]}` … `{names[-1]}`" if len(names) > 2 else ", ".join(f"`{name}`" for name in names)
        for names in series.values()
    )


#: Name of a part → what draws it.
PARTS = {
    "rules": list_rules,
    "situations": list_situations,
    "states": lambda: list_meanings(State),
    "events": lambda: list_meanings(Event),
    "diagram": lambda: f"```mermaid\n{draw_index()}\n```",
}


PAGE = Path(__file__).parents[3] / "docs/acceptance.md"


def parts_of(text: str) -> dict[str, str]:
    """Return the drawn parts of the page *text*, by name."""
    return dict(re.findall(r"<!-- (\w+) -->\n\n(.*?)\n\n<!-- end -->", text, re.DOTALL))


if __name__ == "__main__":
    page = PAGE.read_text("utf-8")
    for part, old in parts_of(page).items():
        page = page.replace(old, PARTS[part]())
    PAGE.write_text(page, "utf-8")
