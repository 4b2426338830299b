"""Meters that are settled: acceptance has believed some of their frames."""

from __future__ import annotations

import pytest

from tests.meter.acceptance.lines import EJP, TEMPO, Line


@pytest.fixture
def ejp():
    return Line(EJP).settle()


@pytest.fixture
def tempo():
    return Line(TEMPO).settle()
