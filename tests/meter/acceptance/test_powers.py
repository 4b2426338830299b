"""A power or a current is the median of three."""

from __future__ import annotations

import pytest

from linkymonitor.meter.acceptance.judge import (
    CROSS,
    DOMAIN,
    FIRM,
    STALE,
    WAITING,
)
from linkymonitor.tic.frame import Rejected
from tests.meter.acceptance.lines import EJP, TEMPO, Line


def test_a_power_that_only_one_frame_says_is_outvoted(ejp):
    said = ["01150", "01390", "01160", "01170"]
    assert [ejp.send(PAPP=papp)["PAPP"] for papp in said] == ["01150", "01150", "01160", "01170"]


def test_a_step_is_seen_one_frame_late(ejp):
    steps = [ejp.send(PAPP="04600", IINST="020") for _ in range(2)]
    assert [(step["PAPP"], step["IINST"]) for step in steps] == [("01150", "005"), ("04600", "020")]
    assert not ejp.causes


def test_a_power_that_does_not_fit_its_current_is_not_said(ejp):
    assert "PAPP" not in ejp.send(PAPP="07150")
    assert ejp.reading.apparent_power is None
    assert not ejp.reading.apparent_power_estimated
    assert ejp.send()["PAPP"] == "01150"
    assert ejp.causes == [CROSS]


def test_a_power_may_be_ahead_of_its_current_by_a_frame():
    """As on a real meter: 1 A and 870 VA, then 5 A and 1140 VA."""
    line = Line({**EJP, "IINST": "001", "PAPP": "00280"}).settle()
    assert "PAPP" not in line.send(PAPP="00870")
    line.send(IINST="005", PAPP="01140")
    line.send(IINST="005", PAPP="01140")
    assert not line.causes


def test_a_power_of_zero_fits_any_current(ejp):
    ejp.base |= {"PAPP": "00000", "IINST": "013"}
    ejp.settle()
    assert ejp.reading.injected_power == 13 * 230


def test_a_rule_that_a_meter_breaks_for_long_is_dropped(ejp):
    ejp.base["PAPP"] = "09999"
    powers = [ejp.send().get("PAPP") for _ in range(FIRM + 3)]
    assert powers[: FIRM - 1] == [None] * (FIRM - 1)
    assert powers[-1] == "09999"


@pytest.mark.parametrize(
    ("label", "data"), [("IINST", "400"), ("PAPP", "60000"), ("IMAX", "900"), ("ISOUSC", "00")]
)
def test_no_meter_means_that(ejp, label, data):
    assert label not in ejp.send({label: data})
    assert ejp.causes == [DOMAIN]
    assert ejp.why[label] == WAITING


def test_the_absurd_phases_of_some_firmware_are_held_for_ever_and_cost_nothing_else():
    volts = {f"URMS{phase}": "231" for phase in (1, 2, 3)}
    amps = {f"IRMS{phase}": "002" for phase in (1, 2, 3)}
    absurd = {"SINSTS1": "48370", "SINSTS2": "17742", "SINSTS3": "41187"}
    line = Line({**TEMPO, **volts, **amps, **absurd, "SINSTS": "01407"})
    for _ in range(3 * FIRM):
        believed = line.send()
        assert believed["SINSTS"] == "01407"
        assert not believed.keys() & absurd.keys()
    assert set(line.causes) == {DOMAIN, CROSS}


def test_values_too_far_apart_are_not_compared(ejp):
    for _ in range(int(STALE / 1.5) + 2):
        ejp.send(without=["PAPP"], rejected=[Rejected(b"PAPP 0?150 (", "characters")])
    assert "PAPP" not in ejp.send(PAPP="01300")
    assert ejp.send(PAPP="01300")["PAPP"] == "01300"
