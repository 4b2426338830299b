"""Periods, notices, contracts and texts are believed when frames agree."""

from __future__ import annotations

import pytest

from linkymonitor.meter.acceptance.judge import (
    DOMAIN,
    FIRM,
    UNCONFIRMED,
)
from linkymonitor.model.terms import Ejp
from tests.meter.acceptance.lines import EJP, TEMPO, Line


@pytest.mark.parametrize(
    ("base", "label", "data"),
    [
        (EJP, "PTEC", "PM.."),
        (EJP, "HHPHC", "C"),
        (TEMPO, "STGE", "013A0601"),
        (TEMPO, "RELAIS", "001"),
        (TEMPO, "MSG1", "COUPURE DEMAIN"),
        (TEMPO, "LTARF", "    HC  BLEU    "),
    ],
)
def test_two_frames_have_to_agree(base, label, data):
    line = Line(base).settle()
    assert line.send({label: data})[label] == base[label]
    assert line.send()[label] == base[label]
    assert line.send({label: data})[label] in (base[label], data)
    assert line.send({label: data})[label] == data


def test_a_period_that_only_one_frame_says_is_held(ejp):
    ejp.send(PTEC="PM..")
    assert ejp.reading.ejp is Ejp.NORMAL
    ejp.send()
    assert [(held.label, held.raw, held.cause) for held in ejp.accepted.held] == [
        ("PTEC", b"PTEC PM.. %", UNCONFIRMED)
    ]


def test_a_period_of_another_contract_has_to_insist(ejp):
    line = Line({**EJP, "OPTARIF": "BASE", "PTEC": "TH.."}).settle()
    values = [line.send(PTEC="HP..")["PTEC"] for _ in range(FIRM)]
    assert values == ["TH.."] * (FIRM - 1) + ["HP.."]


def test_ntarf_and_stge_change_together_or_have_to_insist(tempo):
    """At the change one of them may be ahead by a frame."""
    assert tempo.send(NTARF="01")["NTARF"] == "02"
    assert tempo.send(NTARF="01", STGE="013A0001")["NTARF"] == "01"
    assert not tempo.causes


def test_a_subscription_takes_five_frames(ejp):
    values = [ejp.send(ISOUSC="60")["ISOUSC"] for _ in range(FIRM)]
    assert values == ["45"] * (FIRM - 1) + ["60"]


def test_the_status_register_is_judged_bit_by_bit(tempo):
    # Two bits change in turn, as when a peak begins just when the house begins to inject.
    said = ["013A0401", "413A0401", "413A0601", "413A0601"]
    assert [tempo.send(STGE=status)["STGE"] for status in said] == ["013A0401", "013A0401", *said[1:3]]
    assert not tempo.causes


@pytest.mark.parametrize("status", ["01380401", "013A0421", "013A2C01", "013A040F", "01120401", "01680401"])
def test_a_status_register_that_no_meter_has_is_held(tempo, status):
    assert "STGE" not in tempo.send(STGE=status)
    assert tempo.causes == [DOMAIN]


def test_a_value_and_its_horodate_are_believed_together(tempo):
    # Half-way between two true points of the curve, and at no true time.
    points = [("01250", "H260113174500"), ("01300", "H260113120000"), ("01300", "H260113120000")]
    for point in points:
        tempo.send(CCASN=point)
        (believed,) = (group for group in tempo.accepted.frame.groups if group.label == "CCASN")
        assert believed[1:] in {TEMPO["CCASN"], points[-1]}
    assert believed[1:] == points[-1]


def test_a_message_that_is_sent_once_is_read_once(tempo):
    assert tempo.send(MSG2="COUPURE  DEMAIN ")["MSG2"] == "COUPURE  DEMAIN "
    assert "MSG2" not in tempo.send()


@pytest.mark.parametrize(
    ("horodate", "believed"),
    [("H270113120500", False), ("H261313120000", False), ("h260113120000", True)],
    ids=["another year", "no date", "a clock that knows it is wrong"],
)
def test_the_date_goes_as_the_clock_does(tempo, horodate, believed):
    assert ("DATE" in tempo.send({"DATE": ("", horodate)})) is believed


def test_a_clock_that_was_set_is_believed_the_second_time(tempo):
    assert "DATE" not in tempo.send({"DATE": ("", "H260113180000")})
    assert "DATE" in tempo.send({"DATE": ("", "H260113180001")})
