"""docs/acceptance.md says what the code does."""

from __future__ import annotations

from itertools import product

import pytest

from linkymonitor.meter.acceptance.index import TRANSITIONS, Event, State
from tests.meter.acceptance.lines import EJP, Line
from tests.meter.acceptance.page import PAGE, PARTS, parts_of

TEXT = PAGE.read_text("utf-8")
_EXAMPLES = TEXT[TEXT.index("## Worked examples") : TEXT.index("## How it is checked")]
_HEAD = "| seconds after the last | sent | believed | held back |\n| ---: | --- | --- | --- |\n"


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_page_is_what_the_code_draws(part):
    assert parts_of(TEXT)[part] == PARTS[part]()


@pytest.mark.parametrize("rows", [text.split("\n\n")[0] for text in _EXAMPLES.split(_HEAD)[1:]])
def test_an_example_of_the_page_is_what_happens(rows):
    meter = Line(EJP, live=True)
    for _ in range(6):
        meter.send()
    for row in rows.splitlines():
        after, sent, believed, held = (cell.strip(" `") for cell in row.strip("|").split("|"))
        label, data = sent.split(" ", 1)
        assert meter.send({label: data}, after=float(after)).get(label, "") == believed
        assert [f"{one.label} {one.data}`: `{one.cause}" for one in meter.accepted.held] == [held] * bool(
            held
        )


#: A state and an event that cannot meet, and why.
_CANNOT = {
    # Before anything is heard there is no newest to be compared with, and none that is believed.
    *product([State.UNKNOWN], [Event.SAME, Event.FOLLOWS, Event.PAUSED, Event.LATE, Event.INSISTS]),
    # Only what is believed more than once can be insisted against.
    *product([State.HEARD, State.PAIRED, State.ASSUMED], [Event.INSISTS]),
    # What is asked to be possible after the believed one need not follow the newest.
    *product([State.ASSUMED, State.SURE], [Event.STRAYS]),
}


def test_the_table_of_an_index_has_each_pair_that_can_meet_and_no_other():
    assert set(TRANSITIONS) == set(product(State, Event)) - _CANNOT
