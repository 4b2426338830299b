"""A label that comes and goes: what is missing, and what is strange."""

from __future__ import annotations

import pytest

from linkymonitor.meter.acceptance.judge import (
    CROSS,
    FIRM,
    MISSING,
)
from linkymonitor.model.terms import Ejp
from linkymonitor.tic.frame import Frame, InfoGroup
from tests.meter.acceptance.lines import SHORT, TRI, Line


@pytest.fixture
def tri():
    return Line(TRI).settle()


def test_a_notice_begins_with_the_second_frame_and_ends_with_the_third_without(ejp):
    notices = []
    for sent in (1, 1, 0, 0, 0, 0):
        ejp.send(**({"PEJP": "30"} if sent else {}))
        notices.append(ejp.reading.ejp)
    assert notices == [Ejp.UNKNOWN, Ejp.NOTICE, Ejp.UNKNOWN, Ejp.UNKNOWN, Ejp.NORMAL, Ejp.NORMAL]
    assert not ejp.causes


def test_a_notice_that_ended_in_a_silence_ends_with_the_third_frame_after_it(ejp):
    ejp.base["PEJP"] = "30"
    ejp.settle()
    notices = []
    for after in (60, 1.5, 1.5):
        ejp.send(without=["PEJP"], after=after)
        notices.append(ejp.reading.ejp)
    assert notices == [Ejp.UNKNOWN, Ejp.UNKNOWN, Ejp.NORMAL]


@pytest.mark.parametrize("silence", [12, 60, 7200])
def test_a_period_that_changed_in_a_silence_is_not_said_until_two_frames_agree(ejp, silence):
    ejp.settle()
    assert "PTEC" not in ejp.send(PTEC="PM..", after=silence)
    assert ejp.send(PTEC="PM..")["PTEC"] == "PM.."
    assert ejp.send(PTEC="PM..", after=silence)["PTEC"] == "PM.."


@pytest.mark.parametrize("silence", [12, 60, 7200])
def test_what_is_wrong_in_the_first_frame_after_a_silence_is_not_said(tempo, silence):
    tempo.settle()
    lies = {
        "LTARF": "    HC  BLEU    ",
        "NTARF": "01",
        "SMAXSN": ("04311", "H260113070120"),
        "CCASN": ("02100", "H260113113000"),
        "SINSTS": "05110",
        "STGE": "013A0001",
    }
    believed = tempo.send(lies, after=silence)
    for label, lie in lies.items():
        assert believed.get(label) != (lie if isinstance(lie, str) else lie[0])
    tempo.send()
    tempo.send()
    assert tempo.reading.tariff_period == "HPJB"


def test_a_notice_that_only_one_frame_gives_now_and_then_is_none(ejp):
    for sent in (1, 0, 1, 0, 1):
        ejp.send(**({"PEJP": "30"} if sent else {}))
        assert ejp.reading.ejp is not Ejp.NOTICE


def test_a_notice_does_not_end_because_lines_are_lost_without_a_trace(ejp):
    """A second reader takes whole lines."""
    ejp.base["PEJP"] = "30"
    ejp.settle()
    for lost in ("IINST", "PAPP", "ISOUSC", "IINST", "PAPP"):
        ejp.send(without=["PEJP", lost])
        assert ejp.reading.ejp is Ejp.UNKNOWN
        assert ejp.why["PEJP"] == MISSING


def test_an_overload_takes_two_frames(ejp):
    over = {"IINST": "047", "PAPP": "10800"}
    overloads = []
    for adps in (1, 1, 1, 0, 0, 0):
        ejp.send({**over, **({"ADPS": "047"} if adps else {})})
        overloads.append(ejp.reading.overload)
    assert overloads == [None, True, True, None, None, False]


def test_an_overload_that_is_not_the_current_is_none(ejp):
    for _ in range(3):
        assert "ADPS" not in ejp.send(ADPS="047")
    assert set(ejp.causes) == {CROSS}


def test_short_frames_take_two_as_well_and_keep_what_long_ones_said(tri):
    assert "ADIR1" not in tri.send(base=SHORT)
    assert tri.reading.overload is None
    for _ in range(19):
        assert "ADIR1" in tri.send(base=SHORT, after=0.65)
        assert tri.reading.overload
    believed = tri.send(IINST1="022", PAPP="05300")
    assert (believed["BASE"], believed["PAPP"]) == ("020682581", "01380")
    assert not tri.causes


def test_a_damaged_label_does_not_end_an_overload(tri):
    for _ in range(3):
        tri.send(base=SHORT, after=0.65)
    damaged = tuple(InfoGroup(label.replace("ADIR1", "ADIRq"), data) for label, data in SHORT.items())
    assert "ADIRq" not in tri.take(Frame(damaged))
    assert tri.reading.overload is None


def test_a_power_that_leaves_no_trace_is_not_an_old_meter(ejp):
    for frame in range(FIRM + 1):
        ejp.send(without=["PAPP"])
        assert ejp.reading.apparent_power_estimated is (frame >= FIRM - 1)
