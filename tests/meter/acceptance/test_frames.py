"""What becomes of a frame as a whole: its order, its meter, its short forms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkymonitor.meter.acceptance.frame import Acceptance
from linkymonitor.meter.acceptance.judge import (
    CONTRACT,
    FIRM,
    METER,
    ORDER,
)
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup, Rejected
from linkymonitor.tic.labels import BY_MODE
from tests.meter.acceptance.lines import EJP, HISTORIQUE, STANDARD, Line


def test_a_frame_that_was_two_is_refused(ejp):
    first, second = (tuple(InfoGroup(*one) for one in EJP.items()) for _ in range(2))
    ejp.take(Frame(first[:7] + second[3:]))
    assert not ejp.accepted.frame.groups
    assert ejp.accepted.refused == ORDER
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


def test_a_frame_that_is_the_same_gets_the_same_answer(ejp):
    frame = Frame(tuple(InfoGroup(*one) for one in EJP.items()))
    ejp.take(frame)
    before = ejp.accepted
    ejp.take(frame)
    assert ejp.accepted == before


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
        assert not accepted.refused
        assert accepted.held == ()


def test_an_order_that_changes_on_the_way_is_believed_once_it_insists(ejp):
    ejp.send()
    seen = [ejp.acceptance.accept(shuffled(), 200.0 + 1.5 * number).refused == "" for number in range(FIRM)]
    assert seen == [False] * (FIRM - 1) + [True]
    assert not ejp.acceptance.accept(shuffled("01160"), 210.0).refused


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
