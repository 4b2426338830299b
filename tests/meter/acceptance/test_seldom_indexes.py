"""An index that a damaged line lets through each minute or so is borne out by the power."""

from __future__ import annotations

import pytest

from linkymonitor.tic.frame import Rejected
from tests.meter.acceptance.lines import EJP, TEMPO, Line


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
