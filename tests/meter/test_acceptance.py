"""Acceptance: what it takes for a value to be believed, kind by kind, and what becomes of the frame."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkymonitor.meter.acceptance.agreement import (
    CONTRACT,
    CROSS,
    DOMAIN,
    FIRM,
    INDEX,
    METER,
    MISSING,
    ORDER,
    STALE,
    UNCONFIRMED,
    WAITING,
)
from linkymonitor.meter.acceptance.frames import Acceptance
from linkymonitor.model import epochs
from linkymonitor.model.terms import Ejp, Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup, Rejected
from linkymonitor.tic.interpret import interpret
from linkymonitor.tic.labels import BY_MODE
from tests.support.campaign import Stream, forge_frame
from tests.support.noise import MODELS

HISTORIQUE, STANDARD = Mode.HISTORIQUE, Mode.STANDARD
NOON = datetime(2026, 1, 13, 11, tzinfo=UTC)

EJP = {
    "ADCO": "022162000001",
    "OPTARIF": "EJP.",
    "ISOUSC": "45",
    "EJPHN": "004669447",
    "EJPHPM": "000476413",
    "PTEC": "HN..",
    "IINST": "005",
    "IMAX": "090",
    "PAPP": "01150",
    "HHPHC": "A",
    "MOTDETAT": "000000",
}
TRI = {
    "ADCO": "022163000001",
    "OPTARIF": "BASE",
    "ISOUSC": "20",
    "BASE": "020682581",
    "PTEC": "TH..",
    "IINST1": "005",
    "IINST2": "001",
    "IINST3": "000",
    "IMAX1": "060",
    "IMAX2": "060",
    "IMAX3": "060",
    "PMAX": "04476",
    "PAPP": "01380",
    "PPOT": "00",
}
SHORT = {"ADIR1": "022", "ADCO": "022163000001", "IINST1": "022", "IINST2": "001", "IINST3": "000"}
TEMPO = {
    "ADSC": "022162000001",
    "VTIC": "02",
    "DATE": ("", "H260113120000"),
    "NGTF": "     TEMPO      ",
    "LTARF": "    HP  BLEU    ",
    "EAST": "000000063",
    **{f"EASF{number:02d}": "000000000" for number in range(1, 11)},
    "EASF01": "000000021",
    "EASF02": "000000042",
    "IRMS1": "005",
    "URMS1": "230",
    "PREF": "09",
    "PCOUP": "09",
    "SINSTS": "01150",
    "SMAXSN": ("03411", "H260113070120"),
    "CCASN": ("01200", "H260113113000"),
    "STGE": "013A0401",
    "MSG1": "PAS DE          MESSAGE         ",
    "PRM": "00000000000001",
    "RELAIS": "000",
    "NTARF": "02",
}


class Line:
    """A meter's frames on their way through acceptance, 1.5 s apart."""

    def __init__(self, base, mode=None, *, live=False):
        self.mode = mode or (STANDARD if "ADSC" in base else HISTORIQUE)
        self.base = dict(base)
        self.acceptance = Acceptance(self.mode, live=live)
        self.now = 100.0
        self.causes = []
        #: Indexes that did not go on from the one said before, as the ledger and the report see it.
        self.epochs = []
        self._indexes = {}

    def send(self, changes=None, *, without=(), rejected=(), after=1.5, base=None, **more):
        """Return what is believed of the next frame, by label."""
        self.now += after
        said = {**(base or self.base), **(changes or {}), **more}
        rank = list(BY_MODE[self.mode])
        labels = sorted(
            said.keys() - set(without), key=lambda label: -1 if "ADIR" in label else rank.index(label)
        )
        groups = []
        for label in labels:
            data, horodate = said[label] if isinstance(said[label], tuple) else (said[label], None)
            if label == "DATE" and self.mode is STANDARD and label not in (changes or more):
                at = NOON + timedelta(hours=1, seconds=int(self.now))
                horodate = f"H{at:%y%m%d%H%M%S}"
            groups.append(InfoGroup(label, data, horodate))
        return self.take(Frame(tuple(groups), tuple(rejected)))

    def take(self, frame):
        self.accepted = self.acceptance.accept(frame, self.now)
        self.causes += [held.cause for held in self.accepted.held]
        for name, wh in self.reading.indexes.items():
            before, at = self._indexes.get(name, (wh, self.now))
            if epochs.advance(before, wh) > epochs.most(self.now - at, 9000):
                self.epochs.append(name)
            self._indexes[name] = wh, self.now
        return {group.label: group.data for group in self.accepted.frame.groups}

    def settle(self, **fields):
        for _ in range(4):
            self.send(**fields)
        assert not self.causes
        return self

    @property
    def reading(self):
        return interpret(self.accepted.frame, self.mode, NOON)

    @property
    def why(self):
        """What is known of the groups that were taken out, by label."""
        separator = self.mode.separator
        return {one.raw.split(separator)[0].decode(): one.why for one in self.accepted.frame.rejected}


@pytest.fixture
def ejp():
    return Line(EJP).settle()


@pytest.fixture
def tempo():
    return Line(TEMPO).settle()


@pytest.fixture
def tri():
    return Line(TRI).settle()


# --- Starts ---


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
            assert acceptance.accept(frame, now).frame.complete is (number % 10 != 9)


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
    """It would say the values of the old one once more."""
    line = Line(EJP)
    line.settle()
    another = {**EJP, label: name, "PAPP": "09200", "IINST": "040"}
    for number in range(2 * FIRM - 2):
        assert line.send(base=another, without=[label] if number % 2 else ()) == {}


def test_a_false_name_and_a_lost_one_cost_no_more_than_a_few_frames():
    line = Line(EJP)
    line.settle()
    line.send(ADCO="022162000009")
    believed = [line.send(without=["ADCO"]) for _ in range(10)]
    assert "PAPP" in believed[-1]
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


# --- Powers and currents ---


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


# --- Indexes ---


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


class Thorough(Acceptance):
    """Takes no short way: each power is compared with its currents, each label weighed as if something were open."""

    def _plainly_fits(self, groups):
        return False

    def accept(self, frame, now):
        for judge in self._judge_of.values():
            judge.plain = False
        return super().accept(frame, now)


@pytest.mark.parametrize(
    "spec",
    [
        "hist,hc,at=21:57",
        "hist,base,tri,overload,at=18:55",
        "standard,tempo,at=19:58",
        "standard,hc,producer,day=2026-06-20,at=05:58",
    ],
)
def test_the_short_ways_come_to_the_same(spec):
    stream = Stream(spec, 200)
    short, thorough = Acceptance(stream.mode), Thorough(stream.mode)
    decoder, dice = FrameDecoder(stream.mode), Random(spec)
    models = list(MODELS.values())
    late = 0
    for number, wire in enumerate(stream.wires):
        if dice.random() < 0.2:
            wire = forge_frame(stream, number, dice)
        elif dice.random() < 0.3:
            wire = dice.choice(models)(dice, wire, *dice.choice(stream.lines[number]))
        late += dice.choice((0,) * 20 + (8, 12, 40))
        for frame in decoder.feed(wire):
            if frame.complete:
                at = stream.at[number] + late
                assert short.accept(frame, at) == thorough.accept(frame, at)


# --- What takes agreement ---


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


# --- What is there or not ---


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


# --- Whole frames ---


def test_a_frame_that_was_two_is_refused(ejp):
    first, second = (tuple(InfoGroup(*one) for one in EJP.items()) for _ in range(2))
    ejp.take(Frame(first[:7] + second[3:]))
    assert not ejp.accepted.frame.groups
    assert not ejp.accepted.frame.complete
    assert ejp.causes == [ORDER]


def test_a_group_out_of_order_is_two_frames(ejp):
    groups = [InfoGroup(*one) for one in EJP.items()]
    groups[5], groups[6] = groups[6], groups[5]
    ejp.take(Frame(tuple(groups)))
    assert ejp.causes == [ORDER]


@pytest.mark.parametrize(
    ("label", "data", "cause"), [("ADCO", "022162000009", METER), ("OPTARIF", "BASE", CONTRACT)]
)
def test_a_frame_of_another_meter_or_contract_is_refused_whole(ejp, label, data, cause):
    assert ejp.send({label: data, "PAPP": "09990"}) == {}
    assert ejp.causes == [cause]
    assert ejp.send() == EJP


def test_another_meter_that_insists_opens_an_epoch(ejp):
    new = {**EJP, "ADCO": "022162000009", "EJPHN": "000000012", "EJPHPM": "000000000"}
    for _ in range(FIRM - 1):
        assert ejp.send(base=new) == {}
    assert ejp.send(base=new) == new
    ejp.send(base=new)
    assert ejp.reading.indexes == {"HN": 12, "PM": 0}


def test_four_frames_of_another_contract_are_noise(ejp):
    for _ in range(FIRM - 1):
        ejp.send(OPTARIF="BASE")
    assert ejp.send() == EJP
    assert ejp.send(OPTARIF="BASE") == {}
    assert not ejp.epochs


def test_a_text_that_was_trimmed_on_its_way_is_no_other_contract(tempo):
    assert tempo.send(NGTF="TEMPO")["SINSTS"] == "01150"
    assert not tempo.epochs


def test_of_an_incomplete_frame_nothing_is_believed(ejp):
    assert ejp.take(Frame((InfoGroup("PTEC", "PM.."),), complete=False)) == {}
    assert not ejp.causes


def test_a_frame_that_is_the_same_gets_the_same_answer(ejp):
    frame = Frame(tuple(InfoGroup(*one) for one in EJP.items()))
    ejp.take(frame)
    before = ejp.accepted
    ejp.take(frame)
    assert ejp.accepted is before


def test_damaged_groups_stay_with_the_frame_that_is_passed_on(ejp):
    damaged = Rejected(b"PAPP 0115q (", "characters")
    ejp.send(without=["PAPP"], rejected=[damaged])
    assert damaged in ejp.accepted.frame.rejected


@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from([*BY_MODE[STANDARD], "NEW"]), st.integers(0, 3), st.booleans()),
            max_size=60,
        ),
        max_size=8,
    ),
    st.lists(st.floats(0, 100), min_size=8, max_size=8),
)
def test_nothing_the_decoder_hands_out_makes_it_raise(frames, pauses):
    """Nor does it ever hand on a group that nobody sent, but for a status register made of two."""
    acceptance, now, sent = Acceptance(STANDARD), 0.0, set()
    for labels, pause in zip(frames, pauses, strict=False):
        groups = []
        for label, variant, _ in labels:
            row = BY_MODE[STANDARD].get(label)
            data = row.example if row else "1"
            if data.isdigit():
                data = data[:-1] + str(variant)
            horodate = f"{'HEh '[variant]}260113{variant}20000" if row and row.stamped else None
            groups.append(InfoGroup(label, data, horodate))
        sent |= set(groups)
        now += pause
        accepted = acceptance.accept(
            Frame(tuple(groups), (Rejected(b"?", "shape"),) * (len(groups) % 2)), now
        )
        assert sent.issuperset(accepted.frame.groups)


def test_the_decoder_s_frames_go_through_unchanged():
    decoder, acceptance = FrameDecoder(HISTORIQUE), Acceptance(HISTORIQUE)
    wire = write_frame(Frame(tuple(InfoGroup(*one) for one in EJP.items())), HISTORIQUE, parity=True)
    for count in range(5):
        (frame,) = decoder.feed(wire)
        assert acceptance.accept(frame, 1.4 * count).frame == frame


def shuffled(papp: str = "01150") -> Frame:
    """Return EJP with its labels in alphabetical order, as a program that relays a stream may send them."""
    said = {**EJP, "PAPP": papp}
    return Frame(tuple(InfoGroup(label, said[label]) for label in sorted(said)))


def test_an_order_of_its_own_is_believed_from_the_first_frame_if_nothing_is_damaged():
    acceptance = Acceptance(HISTORIQUE)
    for number in range(20):
        accepted = acceptance.accept(shuffled(), 100.0 + 1.5 * number)
        assert accepted.frame.complete
        assert accepted.held == ()


def test_an_order_that_changes_on_the_way_is_believed_once_it_insists(ejp):
    ejp.send()
    seen = [ejp.acceptance.accept(shuffled(), 200.0 + 1.5 * number).frame.complete for number in range(FIRM)]
    assert seen == [False] * (FIRM - 1) + [True]
    assert ejp.acceptance.accept(shuffled("01160"), 210.0).frame.complete


def test_an_index_that_is_old_bears_nothing_out():
    """One frame, then three hours of silence: what is said next is of now, and the energy of the silence is in it."""
    line, said = Line(EJP, live=True), []
    for after, wh in ((0, 4_000_000), (10_800, 4_006_900), (1.5, 4_006_901), (1.5, 4_006_902)):
        said.append(line.send(EJPHN=f"{wh:09d}", after=after).get("EJPHN"))
    assert said == [None, None, "004006900", "004006901"]
    assert not line.causes


@pytest.mark.parametrize("register", ["EAST", "EASF01"])
def test_a_total_or_register_that_rolls_over_still_agrees_with_the_others(register):
    house = House(parse_spec("standard,base,day=2027-01-13,at=12:00"))
    base = {group.label: group for group in house.frame_at(house.options.start).groups}
    acceptance = Acceptance(STANDARD)
    for number in range(-6, 7):
        wh = {"EAST": 20_000_000 + number, "EASF01": 19_000_000 + number}
        wh[register] = number % 10**9
        groups = tuple(
            group._replace(data=f"{wh[label]:09d}") if label in wh else group for label, group in base.items()
        )
        accepted = acceptance.accept(Frame(groups, (), complete=True), 1000.0 + 1.1 * number)
        assert not accepted.held, number


# --- An index that is heard seldom ---


class Seldom:
    """A meter whose index is damaged in all frames but each *every*th; it counts as its power flows."""

    def __init__(self, base, index, *, every=25, va=1500, share=0.95, traces=True):
        power, current = ("PAPP", "IINST") if "ADCO" in base else ("SINSTS", "IRMS1")
        self.line = Line({**base, power: f"{va:05d}", current: f"{va // 230:03d}"}, live=True)
        self.index, self.every, self.traces = index, every, traces
        self.power, self.current = power, current
        self.va, self.share = va, share
        self.start = int(base[index])
        self.wh, self.frame = float(self.start), 0
        self.dense = 10

    @property
    def now(self) -> int:
        return int(self.wh)

    def frames(self, count, lie=0):
        """Return the true and the believed index of each of *count* frames; a *lie* is added to what is sent."""
        said = []
        for _ in range(count):
            self.frame += 1
            self.wh += self.va * self.share * 1.8 / 3600
            fields = {self.power: f"{self.va:05d}", self.current: f"{self.va // 230:03d}"}
            if self.frame <= self.dense or self.frame % self.every == 0:
                fields[self.index] = f"{self.now + (lie if self.frame > self.dense else 0):09d}"
                believed = self.line.send(fields, after=1.8)
            else:
                damaged = (Rejected(f"{self.index} 00004".encode(), "shape"),) if self.traces else ()
                believed = self.line.send(fields, after=1.8, without=[self.index], rejected=damaged)
            said.append((self.now, int(believed[self.index]) if self.index in believed else None))
        return said

    def hearings(self, count, lie=0):
        """Return the same of *count* frames that have the index."""
        return [self.frames(self.every, lie)[-1] for _ in range(count)]


SELDOM = [
    pytest.param(EJP, "EJPHN", id="historique"),
    pytest.param(TEMPO, "EASF02", id="standard"),
]


def seldom(base, index, **how):
    """Return such a house after its dense beginning."""
    # The other registers stand, and the total of a standard meter goes its own way.
    house = Seldom({label: data for label, data in base.items() if label != "EAST"}, index, **how)
    house.frames(house.every)
    return house


@pytest.mark.parametrize("traces", [True, False], ids=["damaged", "gone without a trace"])
@pytest.mark.parametrize("every", [20, 25, 100])
@pytest.mark.parametrize(("base", "index"), SELDOM)
def test_an_index_that_is_heard_seldom_is_believed_as_the_power_says(base, index, every, traces):
    house = seldom(base, index, every=every, traces=traces)
    house.hearings(2)
    for true, said in house.hearings(8):
        if every > 20 or not traces:
            assert said == true
        else:  # it is heard often enough to be said one hearing late
            assert said is not None
    assert not house.line.causes
    assert not house.line.epochs


def test_between_its_hearings_such_an_index_is_not_said():
    house = seldom(EJP, "EJPHN", every=30)
    house.hearings(3)
    said = [one for _, one in house.frames(300) if one is not None]
    assert len(said) == 10


@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize("lie", [-1000, -27, -9, 9, 90])
@pytest.mark.parametrize(("base", "index"), SELDOM)
def test_a_single_slip_of_digits_in_an_index_that_is_heard_seldom_is_not_believed(base, index, lie, after):
    house = seldom(base, index)
    house.hearings(after)
    ((_, said),) = house.hearings(1, lie)
    assert said is None or said == house.start  # a fall or a leap: what was believed before
    later = house.hearings(12)
    assert all(said is None or abs(said - true) < 9 for true, said in later)
    assert [said for _, said in later[-2:]] == [true for true, _ in later[-2:]]
    assert not house.line.epochs


def test_a_slip_in_a_long_interval_of_a_large_house_is_not_believed_either():
    for lie in (-27, 27, -90, 90):
        house = seldom(EJP, "EJPHN", every=300, va=8000)
        house.hearings(3)
        ((_, said),) = house.hearings(1, lie)
        assert said is None
        assert house.hearings(1)[0][1] == house.now


def test_two_slips_that_are_not_the_same_are_not_believed():
    house = seldom(EJP, "EJPHN")
    house.hearings(4)
    for lie in (-27, -18, 27, -36, 9):
        ((true, said),) = house.hearings(1, lie)
        assert said is None
    true, said = house.hearings(1)[0]
    assert said == true


def test_a_register_that_stands_is_believed_at_once_and_not_two_slips_of_it():
    house = seldom(EJP, "EJPHPM", va=0)
    assert house.hearings(1)[0] == (house.start, house.start)
    for lie in (9, 9, 90, 90, 90):
        assert house.hearings(1, lie)[0][1] != house.start + lie
    assert house.hearings(1)[0] == (house.start, house.start)


def test_a_power_that_changes_between_two_hearings_is_counted_as_it_flowed():
    house = seldom(TEMPO, "EASF02")
    house.hearings(3)
    for va in (300, 4000, 700, 2500):
        house.va = va
        house.frames(10)
        house.va = 1500
        house.frames(house.every - 10)
    assert house.hearings(3)[-1] == (house.now, house.now)
    assert not house.line.epochs


def test_an_index_that_is_heard_seldom_is_not_believed_while_the_power_is_unknown():
    house = seldom(EJP, "EJPHN")
    house.hearings(3)
    line = house.line
    for _ in range(40):
        house.wh += 1500 * 0.95 * 1.8 / 3600
        line.send(without=["EJPHN", "PAPP"], rejected=[Rejected(b"PAPP 0?", "shape")], after=1.8)
    ((_, said),) = house.hearings(1)
    assert said is None
    assert house.hearings(4)[-1][1] == house.now


def test_an_index_that_is_heard_often_again_is_believed_one_frame_late_again():
    house = seldom(EJP, "EJPHN")
    house.hearings(4)
    house.every = 1
    house.frames(2)
    before = house.now
    assert house.frames(1)[0][1] == before
    assert not house.line.causes


def test_a_third_register_that_counts_under_a_contract_of_two_periods_is_believed():
    line = Line({**TEMPO, "NGTF": "H PLEINE/CREUSE ", "LTARF": " HEURE WEEK-END ", "NTARF": "03",
                 "STGE": "003A0801", "EASF03": "000500000", "EAST": "000500063"}, live=True)  # fmt: skip
    for frame in range(40):
        believed = line.send(EASF03=f"{500000 + frame:09d}", EAST=f"{500063 + frame:09d}")
    assert (believed["EASF03"], believed["EAST"]) == ("000500038", "000500101")
    assert (believed["EASF01"], believed["EASF02"]) == (TEMPO["EASF01"], TEMPO["EASF02"])
    assert not line.causes


@pytest.mark.parametrize("label", ["EJPHN", "EJPHPM"])
def test_a_register_that_is_never_read_is_never_said_and_costs_nothing_else(label):
    line = Line(EJP, live=True)
    for _ in range(200):
        believed = line.send(without=[label], rejected=[Rejected(f"{label} 00004".encode(), "shape")])
    assert believed == {one: data for one, data in EJP.items() if one != label}
    assert not line.causes


def test_a_slip_in_a_register_that_is_heard_seldom_is_not_made_good_by_the_hearings_after_it():
    """Where the total slips too, the register is not what is wrong."""
    line = Line(TEMPO, live=True)
    registers = [f"EASF{number:02d}" for number in range(1, 11)]
    damaged = Rejected(b"EASF01\t0000", "shape")
    for hearing, said in enumerate(("000000000", "000000003", *["000000000"] * 4, "000000100")):
        for _ in range(25 if hearing else 0):
            line.send(without=["EAST", *registers], rejected=[damaged], after=1.8)
        for _ in range(1 if hearing else 6):
            total = f"{63 + 100 * hearing * (hearing > 1):09d}"
            believed = line.send(EASF03=said, EAST=total, after=1.8)
        assert believed.get("EASF03") in (None, "000000000")
    assert line.send(after=1.8)["EASF03"] == "000000000"
