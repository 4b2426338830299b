"""The guard: the lines that are logged for a part that raises."""

from __future__ import annotations

import logging

import pytest

from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.system.guard import Guard
from linkymonitor.system.rate_limit import RateLimitFilter

FULL = Text("carte pleine ; faites de la place", "card full; make room")
DENIED = Text("accès refusé ; donnez-en le droit", "access denied; give the right")


@pytest.fixture
def said(caplog):
    """Return the logged lines, with the limit of stderr."""
    caplog.set_level(logging.INFO)
    limit = RateLimitFilter(lambda: 0.0)
    caplog.handler.addFilter(limit)
    yield lambda: [record.getMessage() for record in caplog.records]
    caplog.handler.removeFilter(limit)


def failing(sentence: Text, module: str = "linkymonitor.live.latest"):
    """Return a part of *module* that fails with *sentence*."""

    def part() -> None:
        raise StorageError(sentence)

    part.__module__ = module
    return part


def test_two_parts_that_fail_within_a_minute_are_both_logged(said):
    guard, parts = Guard(), [failing(FULL), failing(DENIED)]
    for part in parts:
        guard.call(part)
    assert said() == [FULL.fr, DENIED.fr]


def test_code_of_one_s_own_is_named_before_its_sentence(said):
    Guard().call(failing(FULL, "gong"), section="callbacks")
    assert said() == [f"[callbacks] gong.failing.<locals>.part : {FULL.fr}"]


@pytest.mark.usefixtures("english")
def test_an_output_of_one_s_own_is_named_by_its_module(said):
    Guard().call(failing(FULL, "gong"))
    assert said() == [f"gong.failing.<locals>.part: {FULL.en}"]
