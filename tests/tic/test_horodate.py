"""The horodate of a group."""

from datetime import UTC, datetime

import pytest

from linkymonitor.tic.horodate import Horodate, read_horodate


@pytest.mark.parametrize(
    ("text", "at", "degraded"),
    [
        pytest.param("H250307134349", datetime(2025, 3, 7, 12, 43, 49, tzinfo=UTC), False, id="winter"),
        pytest.param("E240924003000", datetime(2024, 9, 23, 22, 30, tzinfo=UTC), False, id="summer"),
        pytest.param("h081225223518", datetime(2008, 12, 25, 21, 35, 18, tzinfo=UTC), True, id="degraded"),
        pytest.param("e240924003000", datetime(2024, 9, 23, 22, 30, tzinfo=UTC), True, id="degraded-summer"),
        pytest.param(" 250123060000", None, False, id="blank-season"),
        pytest.param("h000000000000", None, True, id="clock-lost"),
        pytest.param("H250230120000", None, False, id="30-february"),
        pytest.param("H250307240000", None, False, id="hour-24"),
    ],
)
def test_a_horodate_is_read(text, at, degraded):
    assert read_horodate(text) == Horodate(text[0], text[1:], at, degraded)


def test_the_hour_that_comes_twice_in_autumn_is_told_by_its_season():
    summer, winter = read_horodate("E241027023000").at, read_horodate("H241027023000").at
    assert (winter - summer).total_seconds() == 3600


@pytest.mark.parametrize("text", ["", "H25030713434", "H2503071343499", "X250307134349", "H25030713434?"])
def test_what_is_no_horodate_is_refused(text):
    with pytest.raises(ValueError, match="season letter and twelve digits"):
        read_horodate(text)
