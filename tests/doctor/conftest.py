"""What the tests of the checks share."""

from __future__ import annotations

import pytest

from tests.doctor.house import Machine


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path / "root")
