"""An index is believed when the next one bears it out."""

from __future__ import annotations

import pytest

from linkymonitor.meter.acceptance.judge import (
    CROSS,
    FIRM,
    INDEX,
    STALE,
)
from linkymonitor.tic.frame import Rejected
from tests.meter.acceptance.lines import EJP, TEMPO, Line


def test_an_index_is_believed_one_frame_late(ejp):
    said = [f"{4669447 + wh:09d}" for wh in (1, 2, 4)]
    assert [ejp.send(EJPHN=index)["EJPHN"] for index in said] == ["004669447", *said[:2]]


@pytest.mark.parametrize("wrong", ["005669447", "004669446", "000000000", "004670447"])
def test_an_index_that_falls_or_jumps_is_held(ejp, wrong):
    assert ejp.send(EJPHN=wrong)["EJPHN"] == "004669447"
    assert ejp.causes == [INDEX]
    assert ejp.send(EJPHN="004669448")["EJPHN"] == "004669447"
    assert ejp.send(EJPHN="004669448")["EJPHN"] == "004669448"
    assert not ejp.epochs


def test_an_index_that_insists_is_a_step_and_no_consumption(ejp):
    values = [ejp.send(EJPHN=f"{100 + frame:09d}")["EJPHN"] for frame in range(FIRM + 1)]
    assert values[: FIRM - 1] == ["004669447"] * (FIRM - 1)
    assert values[FIRM - 1 :] == [f"{100 + FIRM - 1:09d}"] * 2
    assert ejp.epochs == ["HN"]


def test_an_index_that_was_not_heard_for_long_is_not_said_as_it_was(ejp):
    for _ in range(int(STALE / 1.5) + 2):
        ejp.send(without=["EJPHN"], rejected=[Rejected(b"EJPHN 00466944? !", "characters")])
    assert "EJPHN" not in ejp.send(EJPHN="004669500")
    assert ejp.send(EJPHN="004669501")["EJPHN"] == "004669500"


def test_noise_that_never_agrees_with_itself_is_no_step(ejp):
    for frame in range(6 * FIRM):
        ejp.send(EJPHN=f"{100_000_000 + 7_000_000 * (frame * 5 % 7):09d}")
    assert not ejp.epochs
    assert "EJPHN" not in {group.label for group in ejp.accepted.frame.groups}


def test_an_index_rolls_over():
    line = Line({**EJP, "EJPHN": "999999998"}).settle()
    said = ["999999999", "000000000", "000000002", "000000003"]
    assert [line.send(EJPHN=index)["EJPHN"] for index in said] == ["999999998", *said[:3]]
    assert not line.causes


def test_energy_may_flow_during_a_silence(ejp):
    index = f"{4669447 + 5000:09d}"
    assert "EJPHN" not in ejp.send(EJPHN=index, after=3600)
    assert ejp.send(EJPHN=index)["EJPHN"] == index
    assert not ejp.causes
    assert not ejp.epochs


def apart(line, labels, *, wh=0, **more):
    """Return *labels* of the line's meter, *wh* further than they were."""
    return {label: f"{int(line.base[label]) + wh:09d}" for label in labels} | more


GAPS = [pytest.param(15, id="15 s"), pytest.param(600, id="10 min"), pytest.param(172_800, id="2 days")]
METERS = [
    pytest.param(EJP, ("EJPHN",), id="historique"),
    pytest.param(TEMPO, ("EASF02", "EAST"), id="standard"),
]


@pytest.mark.parametrize("damaged", [(), (Rejected(b"PAPP 0?150 (", "characters"),)], ids=["", "damaged"])
@pytest.mark.parametrize("share", [0.01, 0.4, 0.9])
@pytest.mark.parametrize("true_share", [0.05, 0.3])
@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize(("base", "labels"), METERS)
def test_a_first_index_after_a_silence_waits_for_the_next(base, labels, gap, true_share, share, damaged):
    """It is within what the cut-off device lets through, and wrong all the same."""
    line = Line(base).settle()
    most = 2 * 9000 * gap / 3600
    true, wrong = int(most * true_share), int(most * share)
    said = [line.send(apart(line, labels, wh=wrong), after=gap, rejected=damaged)]
    said += [line.send(apart(line, labels, wh=true + frame)) for frame in range(8)]
    for label in labels:
        start = int(base[label])
        values = [int(one[label]) - start for one in said if label in one]
        assert set(values) <= {0, *range(true, true + 8)}
        assert values == sorted(values)
        assert values[-4:] == list(range(true + 3, true + 7))
    assert not line.epochs


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize(("base", "labels"), METERS)
def test_the_second_index_after_a_silence_may_be_the_wrong_one(base, labels, gap):
    line = Line(base).settle()
    true = gap * 1500 // 3600
    said = [line.send(apart(line, labels, wh=true), after=gap)]
    said += [line.send(apart(line, labels, wh=wh)) for wh in (true // 3, *range(true + 1, true + 7))]
    # Of a few Wh time cannot tell which were counted.
    possible = {0, *range(true, true + 8)} | ({true // 3} if gap == 15 else set())
    for label in labels:
        values = [int(one[label]) - int(base[label]) for one in said if label in one]
        assert set(values) <= possible
        assert values[-1] == true + 5
    assert not line.epochs


def test_a_wrong_index_of_a_source_whose_frames_are_far_apart_is_taken_back():
    line = Line(EJP)
    line.send()
    assert line.send(EJPHN="004670447", after=900)["EJPHN"] == "004670447"
    assert [line.send(EJPHN=f"{4669547 + wh:09d}", after=900)["EJPHN"] for wh in (0, 50, 99)] == [
        "004669547",
        "004669597",
        "004669646",
    ]
    assert line.causes == [INDEX]


def test_a_line_that_is_heard_once_a_minute_is_believed_in_the_end(ejp):
    said = [ejp.send(EJPHN=f"{4669447 + 20 * frame:09d}", after=60).get("EJPHN") for frame in range(1, 9)]
    assert said == [None] * (FIRM - 1) + [f"{4669447 + 20 * frame:09d}" for frame in range(FIRM, 9)]
    assert not ejp.causes


def test_an_index_that_was_lost_for_a_while_is_no_leap(ejp):
    """At 9 kW; the frame before the loss is said once more, and then the present."""
    for seconds in range(2, 29, 2):
        ejp = Line(EJP).settle()
        for _ in range(seconds - 1):
            ejp.send(without=["EJPHN"], rejected=[Rejected(b"EJPHN 0?4669447 (", "characters")], after=1)
        for more in range(3):
            ejp.send(EJPHN=f"{4669447 + (seconds + more) * 9000 // 3600:09d}", after=1)
        assert not ejp.causes
        assert not ejp.epochs


def test_more_energy_than_the_cut_off_device_lets_through_did_not_flow(ejp):
    ejp.send(EJPHN=f"{4669447 + 30_000:09d}", after=3600)
    assert ejp.causes == [INDEX]


def test_only_the_register_in_force_counts(ejp):
    assert ejp.send(EJPHPM="000476414")["EJPHPM"] == "000476413"
    assert ejp.causes == [CROSS]


def test_a_register_may_complete_its_wh_after_its_period(ejp):
    ejp.send(PTEC="PM..", EJPHN="004669448")
    ejp.base |= {"PTEC": "PM..", "EJPHN": "004669449", "EJPHPM": "000476414"}
    for _ in range(3):
        believed = ejp.send()
    assert believed["EJPHN"] == "004669449"
    assert not ejp.causes


def test_the_registers_add_up_to_their_total(tempo):
    assert tempo.send(EAST="000000073")["EAST"] == "000000063"
    assert tempo.causes == [CROSS]


def test_a_total_that_never_was_the_sum_is_taken_as_it_is():
    line = Line({**TEMPO, "EAST": "000001063"}).settle()
    for wh in range(1, 6):
        line.send(EASF02=f"{42 + wh:09d}", EAST=f"{1063 + wh:09d}")
    assert not line.causes


def test_a_register_that_lied_once_does_not_cast_doubt_on_the_others(tempo):
    tempo.send(EASF05="000000010")
    for wh in range(1, 6):
        tempo.send(EASF02=f"{42 + wh:09d}", EAST=f"{63 + wh:09d}")
    assert tempo.causes == [CROSS]
