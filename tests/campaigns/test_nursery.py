"""The process from which the campaigns fork the daemons that they kill."""

from __future__ import annotations

import os
import select

from tests.support import nursery as nursery_module
from tests.support.nursery import Nursery


def test_a_death_that_comes_before_its_birth_is_read_is_told(tmp_path, monkeypatch):
    nursery = Nursery(tmp_path / "errors", [])
    at_once = select.select

    def late(*streams_and_timeout):
        # At the end of the process both answers are in the pipe.
        nursery.retire()
        return at_once(*streams_and_timeout)

    monkeypatch.setattr(nursery_module.select, "select", late)
    try:
        nursery.birth("--version")
        assert os.waitstatus_to_exitcode(nursery.death(20.0)) == 0
        assert nursery.last_words().startswith("linkymonitor")
    finally:
        nursery.close()
