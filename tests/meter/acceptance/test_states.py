"""An index goes from state to state as its table says."""

from __future__ import annotations

import pytest

from linkymonitor.meter.acceptance.index import Flow, Index, State
from linkymonitor.meter.acceptance.judge import CROSS, INDEX, Moment, Situation
from linkymonitor.model.terms import Mode
from linkymonitor.tic.frame import Frame, InfoGroup
from linkymonitor.tic.labels import BY_MODE

ROW = BY_MODE[Mode.HISTORIQUE]["BASE"]
UNKNOWN, HEARD, PAIRED, ASSUMED, SURE, CANDIDATE, SECONDED = State
FIRST, START, FOLLOWS, AFTER_SILENCE, SLOW, LONE, LONE_DAMAGED = Situation
#: A meter of 9 kVA whose index is known: heard at 1000 Wh, twice.
KNOWN = [(1.5, 1000, HEARD, None), (1.5, 1000, SURE, 1000)]


class Heard:
    """An index that is alone with its judge."""

    def __init__(self):
        self.judge, self.now, self.held = Index(ROW), 100.0, []

    def take(self, after, wh, situation=FOLLOWS, fault=""):
        self.now += after
        group = InfoGroup("BASE", f"{wh:09d}")
        moment = Moment(
            Frame((group,)),
            {"BASE": group},
            {"BASE": self.judge},
            self.now,
            None,
            situation,
            9000,
            Flow(),
            [],
        )
        believed = self.judge.doubt(group, moment) if fault else self.judge.take(group, moment)
        self.held += [(int(held.data), cause) for held, cause in moment.held]
        return None if believed is None else int(believed.data)


@pytest.mark.parametrize(
    ("steps", "held"),
    [
        pytest.param([(1.5, 1000, HEARD, None), (1.5, 1001, SURE, 1000)], [], id="two that are the same"),
        pytest.param(
            [(1.5, 1000, HEARD, None), (1.5, 1004, PAIRED, None), (1.5, 1007, SURE, 1004)], [], id="three"
        ),
        pytest.param([(1.5, 1000, HEARD, None), (1.5, 900, HEARD, None)], [], id="two that disagree"),
        pytest.param(
            [(1.5, 1000, HEARD, None), (1.5, 1004, PAIRED, None), (1.5, 900, HEARD, None)],
            [],
            id="a third that disagrees",
        ),
        pytest.param([(1.5, 1000, HEARD, None), (40, 1001, HEARD, None)], [], id="a second that is late"),
        pytest.param(
            [
                (1.5, 1000, HEARD, None),
                (1.5, 1004, PAIRED, None),
                (40, 1050, CANDIDATE, None),
                (1.5, 1050, SURE, 1050),
            ],
            [],
            id="a third that is late",
        ),
        pytest.param([*KNOWN, (1.5, 1003, SURE, 1000), (1.5, 1005, SURE, 1003)], [], id="one frame late"),
        pytest.param([*KNOWN, (1.5, 999, SURE, 1000)], [(999, INDEX)], id="a fall"),
        pytest.param([*KNOWN, (1.5, 1100, SURE, 1000)], [(1100, INDEX)], id="a leap"),
        pytest.param([*KNOWN, (20, 1020, SECONDED, 1000), (1.5, 1022, SURE, 1020)], [], id="a pause"),
        pytest.param(
            [*KNOWN, (20, 1090, SECONDED, 1000), (1.5, 1022, CANDIDATE, 1000), (1.5, 1022, SURE, 1022)],
            [(1090, INDEX)],
            id="a wrong one after a pause",
        ),
        pytest.param(
            [*KNOWN, (3600, 2000, CANDIDATE, None), (1.5, 2001, SURE, 2000)], [], id="a silence, and the same"
        ),
        pytest.param(
            [*KNOWN, (3600, 2000, CANDIDATE, None), (1.5, 2004, SECONDED, None), (1.5, 2007, SURE, 2004)],
            [],
            id="a silence, and two more",
        ),
        pytest.param(
            [*KNOWN, (3600, 9000, CANDIDATE, None), (1.5, 2000, CANDIDATE, None), (1.5, 2000, SURE, 2000)],
            [(9000, INDEX)],
            id="a wrong one after a silence",
        ),
        pytest.param(
            [*KNOWN, (40, 1050, CANDIDATE, None), (40, 1100, CANDIDATE, None), (1.5, 1100, SURE, 1100)],
            [],
            id="two silences",
        ),
        pytest.param(
            [
                *KNOWN,
                (1.5, 5, SURE, 1000),
                (1.5, 5, SURE, 1000),
                (1.5, 6, SURE, 1000),
                (1.5, 7, SURE, 1000),
                (1.5, 8, SURE, 8),
            ],
            [(5, INDEX), (5, INDEX), (6, INDEX), (7, INDEX)],
            id="a step",
        ),
        pytest.param(
            [*KNOWN, *[(1.5, 5, SURE, 1000)] * 4, (1.5, 1000, SURE, 1000), *[(1.5, 5, SURE, 1000)] * 4],
            [(5, INDEX)] * 8,
            id="a step that is interrupted",
        ),
    ],
)
def test_an_index_goes_from_state_to_state(steps, held):
    heard = Heard()
    for after, wh, state, believed in steps:
        assert heard.take(after, wh) == believed
        assert heard.judge.state is state
    assert heard.held == held


def test_the_first_index_of_a_file_is_believed_until_another_contradicts_it():
    heard = Heard()
    assert (heard.take(0, 1000, FIRST), heard.judge.state) == (1000, ASSUMED)
    assert (heard.take(1.5, 5), heard.judge.state) == (None, HEARD)
    assert heard.held == [(5, INDEX)]


@pytest.mark.parametrize("situation", [LONE, LONE_DAMAGED])
def test_an_index_that_comes_alone_is_passed_on_itself(situation):
    heard = Heard()
    heard.take(0, 1000, FIRST)
    for wh in (1200, 1300, 1400):
        assert heard.take(900, wh, situation) == wh
        assert heard.judge.state is CANDIDATE


def test_an_index_that_does_not_fit_its_frame_is_held_with_that_cause():
    heard = Heard()
    for after, wh, *_ in KNOWN:
        heard.take(after, wh)
    assert heard.take(1.5, 1001, fault=CROSS) == 1000
    assert heard.held == [(1001, CROSS)]


def test_an_index_that_is_forgotten_is_unknown():
    heard = Heard()
    for after, wh, *_ in KNOWN:
        heard.take(after, wh)
    heard.judge.forget()
    assert heard.judge.state is UNKNOWN
    assert heard.take(1.5, 5) is None
