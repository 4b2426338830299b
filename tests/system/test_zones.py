"""The zones of the machine: a name that is no zone, and a machine without a database of zones."""

from __future__ import annotations

import zoneinfo

import pytest

from linkymonitor.errors import BadSetting, LinkyMonitorError
from linkymonitor.system.zones import HOME, home, zone


@pytest.fixture
def no_zones():
    """A machine without a time zone database."""
    kept = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    try:
        zoneinfo.ZoneInfo(HOME)
    except KeyError:
        yield
    else:
        pytest.skip("the package tzdata has the zones here")
    finally:
        zoneinfo.reset_tzpath(to=kept)
        zoneinfo.ZoneInfo.clear_cache()


def test_a_zone_is_found_by_its_name():
    assert zone(HOME) == home()
    assert zone("UTC").key == "UTC"


def test_a_name_that_is_no_zone_is_refused_with_an_example():
    with pytest.raises(BadSetting, match="on attend un fuseau tel que Europe/Paris"):
        zone("Mars/Olympus")


@pytest.mark.usefixtures("no_zones")
def test_a_machine_without_zones_is_told_the_package():
    with pytest.raises(BadSetting, match="sudo apt install tzdata"):
        zone(HOME)
    with pytest.raises(LinkyMonitorError, match="sudo apt install tzdata"):
        home()
