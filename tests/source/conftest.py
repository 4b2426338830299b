"""Fixtures: a clock that moves by hand, sources that are closed at the end, meters on pseudo-terminals."""

from __future__ import annotations

import os

import pytest
import serial.rfc2217  # noqa: F401 -- a test that gives up its rights may not be able to read it

from linkymonitor.source.open import open_source
from linkymonitor.system.clock import WireClock
from tests.source.wires import NOON
from tests.support.pty_meter import Dongle, PtyMeter


class Nap:
    """A sleep that moves the clock and takes no real time."""

    def __init__(self, clock: WireClock) -> None:
        self.clock = clock
        self.taken: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.taken.append(round(seconds, 3))
        self.clock.advance(seconds)


@pytest.fixture
def clock():
    return WireClock(NOON)


@pytest.fixture
def nap(clock):
    return Nap(clock)


@pytest.fixture
def opened(clock, nap):
    """The function that opens a source on *clock*; the sources are closed at the end of the test."""
    sources = []

    def opened(spec, **how):
        sources.append(open_source(str(spec), **{"clock": clock, "sleep": nap, **how}))
        return sources[-1]

    yield opened
    for source in sources:
        source.close()


@pytest.fixture
def meter():
    with PtyMeter() as meter:
        yield meter


@pytest.fixture
def dongle(tmp_path):
    with Dongle(tmp_path / "teleinfo") as dongle:
        yield dongle


@pytest.fixture
def said(caplog):
    """The function that returns the lines of the log so far, each as "LEVEL text"."""
    caplog.set_level("INFO", "linkymonitor")
    return lambda: [f"{record.levelname} {record.getMessage()}" for record in caplog.records]


@pytest.fixture
def nobody():
    """A user without rights of his own; root may open any file."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)
