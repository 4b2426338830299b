from __future__ import annotations

import pytest

from linkymonitor.system.clock import WireClock
from tests.support.crash_model import CrashDisk
from tests.support.logs import START


@pytest.fixture
def clock() -> WireClock:
    return WireClock(START)


@pytest.fixture
def disk() -> CrashDisk:
    return CrashDisk()
