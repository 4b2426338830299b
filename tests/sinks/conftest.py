"""What the tests of MQTT sinks share."""

from __future__ import annotations

import pytest

from tests.support.mosquitto import mosquitto
from tests.support.paho import INSTALLED, OLD, version


@pytest.fixture(params=[INSTALLED, OLD])
def each_paho(request):
    with version(request.param):
        yield


@pytest.fixture
def broker(tmp_path):
    with mosquitto(tmp_path / "broker") as started:
        yield started


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "state").mkdir()
    return tmp_path / "state"
