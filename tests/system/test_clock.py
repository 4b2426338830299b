"""The clock of this machine."""

from __future__ import annotations

import ctypes
import time
from datetime import timedelta
from pathlib import Path

from linkymonitor.system.clock import BUILT, LONGEST_DOUBT, SystemClock


def test_the_real_clock_answers():
    clock = SystemClock()
    assert (
        not clock.synchronized(clock.now() + timedelta(days=1)) or not Path("/run/systemd/timesync").exists()
    )
    assert 0.0 <= clock.patience() <= LONGEST_DOUBT
    assert clock.trusted(BUILT) == (clock.now() >= BUILT)


def test_the_kernel_is_asked_where_systemd_has_set_no_clock(monkeypatch, tmp_path):
    """clock_adjtime(2) gives the same state by another call: 5 while nobody keeps the clock."""
    monkeypatch.setattr("linkymonitor.system.clock._TOUCHED", str(tmp_path / "nothing"))
    libc = ctypes.CDLL(None)
    state = libc.clock_adjtime(time.CLOCK_REALTIME, ctypes.create_string_buffer(512))
    assert SystemClock().synchronized(None) is (0 <= state < 5)
