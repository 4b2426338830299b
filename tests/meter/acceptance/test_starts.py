"""What is believed of the first frames, and of those after a silence."""

from __future__ import annotations

import pytest

from linkymonitor.meter.acceptance.frame import Acceptance
from linkymonitor.meter.acceptance.judge import (
    FIRM,
    WAITING,
)
from linkymonitor.model.terms import Ejp
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup, Rejected
from tests.meter.acceptance.lines import EJP, HISTORIQUE, SHORT, TEMPO, TRI, Line


@pytest.mark.parametrize("base", [EJP, TRI, SHORT, TEMPO], ids=["historique", "tri", "short", "standard"])
def test_one_frame_alone_is_believed(base):
    line = Line(base)
    assert line.send() == {label: data if isinstance(data, str) else data[0] for label, data in base.items()}
    assert not line.accepted.held
    assert not line.accepted.frame.rejected


def test_a_lamp_knows_a_peak_from_the_first_frame_on():
    line = Line({**EJP, "PTEC": "PM.."})
    line.send()
    assert line.reading.ejp is Ejp.PEAK


def test_a_first_frame_is_still_asked_whether_it_is_sound():
    line = Line({**EJP, "IINST": "045"})  # 10 kVA at the least
    believed = line.send()
    assert "PAPP" not in believed
    assert "IINST" not in believed
    assert line.reading.apparent_power is None


def test_a_damaged_first_frame_is_not_silent_about_anything():
    line = Line(EJP)
    line.send(without=["PAPP"], rejected=[Rejected(b"IINAPP 01150 (", "checksum")])
    assert line.reading.contract is None
    assert line.reading.ejp is Ejp.UNKNOWN


@pytest.mark.parametrize(
    ("label", "wrong"), [("PTEC", "PM.."), ("ISOUSC", "40"), ("EJPHN", "004669000"), ("ADCO", "022162000002")]
)
def test_what_only_the_first_frame_said_is_taken_back_when_two_others_disagree(label, wrong):
    line = Line(EJP)
    assert line.send({label: wrong})[label] == wrong
    assert label not in line.send()
    assert line.send()[label] == EJP[label]


def test_a_first_power_is_believed_until_two_others_outvote_it():
    line = Line(EJP)
    assert [line.send(PAPP=papp)["PAPP"] for papp in ("01190", "01150", "01160")] == [
        "01190",
        "01190",
        "01160",
    ]


def test_frames_that_are_minutes_apart_are_taken_as_they_come():
    tempo = Line(TEMPO)
    tempo.send()
    for minutes in range(1, 20):
        wh = 42 + 25 * minutes
        power = 1000 + 7 * minutes
        believed = tempo.send(
            EASF02=f"{wh:09d}", EAST=f"{wh + 21:09d}", SINSTS=f"{power:05d}", MSG1=f"{minutes:032d}", after=60
        )
        assert believed["EASF02"] == f"{wh:09d}"
        assert believed["SINSTS"] == f"{power:05d}"
        assert believed["MSG1"] == f"{minutes:032d}"
    assert not tempo.causes


def test_reading_may_begin_during_an_overload():
    line = Line(TRI)
    for _ in range(20):
        assert line.send(base=SHORT) == SHORT
    assert line.send(IINST1="022", PAPP="05300")["BASE"] == TRI["BASE"]


def test_of_a_live_meter_nothing_is_believed_at_once():
    """What one frame says may be wrong; the next is sure to come."""
    line = Line(EJP, live=True)
    assert line.send() == {}
    assert set(line.why.values()) == {WAITING}
    assert line.reading.contract is None
    assert line.reading.ejp is Ejp.UNKNOWN
    second = line.send(EJPHN="004669450", PAPP="01160")
    assert second == {label: data for label, data in EJP.items() if label not in ("EJPHN", "PAPP")}
    assert line.reading.ejp is Ejp.NORMAL
    third = line.send(EJPHN="004669452", PAPP="01170")
    assert (third["EJPHN"], third["EJPHPM"], third["PAPP"]) == ("004669450", "000476413", "01160")
    assert not line.causes


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_of_the_first_three_indexes_of_a_live_meter_one_may_be_wrong(wrong):
    """A wrong one that fits the time since the last stop would be counted, and taken back by an epoch."""
    for lie in (4_000_777, 4_000_085, 3_999_000, 4_000_080, 4_000_119, 0):
        check_indexes(Line(EJP, live=True), 4_000_100, wrong, lie)


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_of_the_first_three_indexes_after_a_silence_one_may_be_wrong(wrong):
    for lie in (4_669_880, 4_669_897, 4_669_908, 4_679_900, 4_669_447, 4_669_448, 0):
        line = Line(EJP)
        line.settle()
        check_indexes(line, 4_669_900, wrong, lie, silence=7200)


def check_indexes(line, first, wrong, lie, silence=1.5):
    """Of six frames with indexes from *first* on, one is a *lie*; none may be said that was not passed just now."""
    for number in range(6):
        wh = first + 3 * number
        said = line.send(EJPHN=f"{lie if number == wrong else wh:09d}", after=1.5 if number else silence)
        if number < 2:
            assert "EJPHN" not in said
        elif number < 5 and "EJPHN" not in said:
            continue
        else:
            assert wh - 6 <= int(said["EJPHN"]) <= wh


def test_an_index_that_the_second_frame_says_too_needs_no_third():
    line = Line(EJP, live=True)
    line.send()
    assert line.send(EJPHN="004669448")["EJPHN"] == "004669447"
    assert "EJPHN" not in line.send(EJPHN="004670000", after=3600)
    assert line.send(EJPHN="004670001")["EJPHN"] == "004670000"


def test_a_maximum_that_rises_with_each_frame_is_not_said_as_it_was(tempo):
    tempo.settle()
    rising = [tempo.send(SMAXSN=(f"{va:05d}", f"H260113120{va - 4_000:03d}")) for va in range(4_000, 4_006)]
    assert ["SMAXSN" in believed for believed in rising] == [True, True, False, False, False, False]


@pytest.mark.parametrize(("alone", "further"), [(0, 0), (0, 1), (3, 1)])
def test_frames_that_come_in_pairs_have_an_index(alone, further):
    """A bridge that sleeps, or a dongle that listens to several meters in turn."""
    line, wh, said = Line(EJP, live=True), 4_669_447, 0
    for _turn in range(30):
        for after in (35.0,) * (alone + 1) + (1.5,):
            wh += 40 if after > 2 else further
            said += "EJPHN" in line.send(EJPHN=f"{wh:09d}", after=after)
    assert said >= 29
    assert not line.causes


@pytest.mark.parametrize("lost", ["ISOUSC", "PAPP", "BASE", "PTEC"])
def test_the_first_long_frame_of_a_start_in_an_overload_is_only_a_candidate(lost):
    line = Line(TRI, live=True)
    over = {"IINST1": "022", "PAPP": "05300"}
    for _ in range(5):
        line.send(base=SHORT)
    for without in ([lost], [], []):
        first = line.send(over, without=without)
        contract = line.reading.contract
        assert (
            first.keys() <= SHORT.keys()
            if without
            else contract is None or contract.subscribed_power == 12_000
        )
        assert not line.reading.apparent_power_estimated
        assert contract is None or not contract.estimated_power
        assert line.reading.overload is not False
        for _ in range(5):
            line.send(base=SHORT)
    assert contract is not None


@pytest.mark.parametrize(
    "lie", [{"ISOUSC": "15"}, {"PAPP": "01510"}, {"EJPHPM": "000476400"}, {"HHPHC": "C"}]
)
def test_the_first_frame_of_another_meter_is_only_a_candidate(lie):
    line = Line(EJP, live=True)
    line.settle()
    another = {**EJP, "ADCO": "022162000009", "EJPHN": "000000012"}
    for number in range(FIRM):
        line.send(lie if number == FIRM - 1 else {}, base=another)
        assert not line.accepted.frame.groups
    believed = line.send(base=another)
    assert believed["ADCO"] == "022162000009"
    assert {label: believed.get(label) for label in lie} != lie


@pytest.mark.parametrize("live", [False, True])
def test_a_wrong_name_now_and_then_never_insists(live):
    """Between two of them the decoder gives the very groups of the frame before, which nobody looks at again."""
    decoder, acceptance, now = FrameDecoder(HISTORIQUE), Acceptance(HISTORIQUE, live=live), 0.0
    for number in range(20 * FIRM):
        data = {**EJP, "ADCO": "022162000009"} if number % 10 == 9 else EJP
        sent = Frame(tuple(InfoGroup(*one) for one in data.items()), (), complete=True)
        for frame in decoder.feed(write_frame(sent, HISTORIQUE)):
            now += 1.5
            assert bool(acceptance.accept(frame, now).refused) is (number % 10 == 9)


def test_another_meter_and_contract_are_believed_though_lines_are_lost():
    line = Line(EJP)
    line.settle()
    another = {**EJP, "ADCO": "022162000009", "OPTARIF": "BASE", "BASE": "000000012", "PTEC": "TH.."}
    for label in ("EJPHN", "EJPHPM"):
        del another[label]
    for number in range(12):
        line.send(base=another, without=["ADCO"] if number % 2 else ())
    assert line.send(base=another)["BASE"] == "000000012"


@pytest.mark.parametrize(("label", "name"), [("ADCO", "022162000009"), ("OPTARIF", "BASE")])
def test_while_another_meter_insists_a_frame_without_its_name_says_nothing(label, name):
    """It would say the values of the old one once more. A name that came once is more likely a damaged one."""
    line = Line(EJP)
    line.settle()
    another = {**EJP, label: name, "PAPP": "09200", "IINST": "040"}
    assert line.send(base=another) == {}
    assert line.send(base=another, without=[label]).items() <= EJP.items()
    for number in range(2 * FIRM - 4):
        assert line.send(base=another, without=[label] if number % 2 else ()) == {}


def test_one_damaged_name_does_not_keep_the_frames_after_it_from_counting():
    """A frame that lost its name after one with a damaged name is of this meter: its power is heard."""
    line = Line(EJP)
    line.settle()
    line.send(PAPP="01200")
    line.send(PAPP="01200", ADCO="022162000009")
    line.send(PAPP="01200", without=["ADCO"])
    assert line.send(PAPP="01200")["PAPP"] == "01200"


def test_a_false_name_and_a_lost_one_cost_no_more_than_a_few_frames():
    line = Line(EJP)
    line.settle()
    line.send(ADCO="022162000009")
    believed = [line.send(without=["ADCO"]) for _ in range(10)]
    assert all("PAPP" in one for one in believed)
    line.send()  # a name that was gone for so long needs two frames again
    assert line.send()["ADCO"] == EJP["ADCO"]


@pytest.mark.parametrize("pace", [11, 20, 29])
def test_a_live_meter_that_is_slow_is_waited_for(pace):
    """Only where the frame before is too old to compare with is a single one believed."""
    line = Line(EJP, live=True)
    for _ in range(30):
        line.send(after=pace)
    assert "PTEC" not in line.send(PTEC="PM..", after=pace)
    assert line.send(PAPP="01510", after=pace)["PAPP"] == EJP["PAPP"]


@pytest.mark.parametrize("silence", [12, 28, 60])
def test_a_power_from_before_a_silence_is_not_said_after_it(silence):
    line = Line(EJP, live=True)
    line.settle()
    line.send(PAPP="01150")
    said = [
        line.send(IINST="020", PAPP=papp, after=after).get("PAPP")
        for papp, after in (("04600", silence), ("04610", 1.5), ("04620", 1.5))
    ]
    assert said == [None, None, "04610"]


def test_an_empty_house_is_no_meter_whose_frames_come_alone():
    line = Line({**EJP, "PAPP": "00000", "IINST": "000"}, live=True)
    line.settle()
    for _ in range(6):
        line.send(after=40)
        for _ in range(20):
            line.send()
    assert "PTEC" not in line.send(PTEC="PM..", after=40)
