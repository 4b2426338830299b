"""The budgets judge as they say, and count what a command costs."""

import sys

import pytest

from bench.__main__ import MEASUREMENTS, main
from bench.measure import cost
from bench.table import HEADINGS, CannotRun, Row, lines


@pytest.mark.parametrize(
    ("measured", "must", "aim", "verdict"),
    [
        pytest.param(9.0, 11.0, 9.0, "aim", id="as good as is wanted"),
        pytest.param(10.0, 11.0, 9.0, "held", id="good enough"),
        pytest.param(11.1, 11.0, 9.0, "NOT HELD", id="too much"),
        pytest.param(0.0, 0.0, None, "held", id="nothing where nothing may be"),
        pytest.param(5.0, None, None, "", id="only shown"),
        pytest.param(None, 11.0, 9.0, "", id="not measured"),
    ],
)
def test_a_row_is_judged_by_its_budget(measured, must, aim, verdict):
    assert Row(figure="page", measured=measured, must=must, aim=aim).verdict == verdict


def test_a_row_that_cannot_run_gives_its_reason_in_the_table():
    heading, _, row = lines([Row(figure="card", measured=None, note="mounting needs root")])
    assert heading.split() == list(HEADINGS)
    assert row.split() == ["card", "not", "measured", "mounting", "needs", "root"]


def test_the_cost_of_a_command_is_its_own_memory_and_time():
    held = b"1" * 150_000_000  # what this process holds is not the command's
    used = cost((sys.executable, "-c", "held = bytearray(b'1') * 60_000_000"))
    assert 60_000_000 < used.memory * 1024 < len(held)
    assert 0 < used.cpu < 30


def test_a_command_that_fails_is_not_measured():
    with pytest.raises(CannotRun, match="exit status 3"):
        cost((sys.executable, "-c", "raise SystemExit(3)"))


def test_a_measurement_of_no_known_name_is_refused_with_those_that_there_are(capsys):
    with pytest.raises(SystemExit):
        main(["--only", "speed"])
    said = capsys.readouterr().err
    assert all(name in said for name in MEASUREMENTS)
