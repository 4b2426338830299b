"""Frames and what they mean, whatever the mode."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkymonitor.model.terms import Ejp, Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.frame import Frame, InfoGroup, Rejected
from linkymonitor.tic.interpret import interpret
from linkymonitor.tic.labels import BY_MODE, LABELS
from tests.tic.frames import BASE, NOON, STANDARD, historique, standard


def test_reading_again_gives_the_same():
    """What is remembered from frame to frame is never what a frame said."""
    first = standard(STANDARD)
    other = standard(STANDARD, NGTF="     TEMPO      ", STGE="9B3A9000", IRMS1="009")
    assert standard(STANDARD) == first
    assert other != first


def test_what_is_remembered_is_bounded():
    for index in range(3000):
        assert historique(BASE, BASE=f"{index:09d}").indexes == {"TH": index}


@pytest.mark.parametrize("spec", ["historique,hc", "standard,tempo,tri"])
def test_a_contract_is_one_object_while_nothing_of_it_changes(spec):
    options = parse_spec(spec)
    house = House(options)
    later = [house.frame_at(options.start + timedelta(hours=hours)) for hours in range(12)]
    first, *others = [interpret(frame, options.mode, NOON).contract for frame in later]
    assert first is not None
    assert all(contract is first for contract in others)


GROUPS = st.builds(
    InfoGroup,
    st.sampled_from([label.name for label in LABELS]),
    st.one_of(st.sampled_from([label.example for label in LABELS]), st.text(max_size=16)),
    st.sampled_from([None, "H250307134349", " 250230123456", "h000000000000"]),
)
FRAMES = st.builds(
    Frame,
    st.lists(GROUPS, max_size=12).map(tuple),
    st.lists(st.builds(Rejected, st.binary(max_size=20), st.just("shape")), max_size=2).map(tuple),
    st.booleans(),
)


@pytest.mark.parametrize("mode", Mode)
@given(frame=FRAMES)
def test_no_frame_makes_it_raise(mode, frame):
    reading = interpret(frame, mode, NOON)
    assert reading.values.keys() <= BY_MODE[mode].keys()
    assert reading.contract is None or frame.complete


CAPTURES = os.environ.get("LINKYMONITOR_CAPTURES")
#: Lines which the 6-bit checksum alone would lose or keep, and we do not: docs/protocol.md explains each.
DIFFERENCES = {"lines_std_corrupted_linkytic.tic": 4}


def captures():
    if not CAPTURES:
        return []
    rows = (Path(CAPTURES) / "INDEX.tsv").read_text().splitlines()
    names = rows[0].split("\t")
    return [dict(zip(names, row.split("\t"), strict=True)) for row in rows[1:]]


@pytest.mark.captures
@pytest.mark.skipif(not CAPTURES, reason="LINKYMONITOR_CAPTURES is not set")
@pytest.mark.parametrize("capture", captures(), ids=lambda capture: capture["file"])
def test_every_capture_is_read_and_interpreted(capture):
    decoder = FrameDecoder(Mode(capture["mode"]))
    raw = (Path(CAPTURES) / capture["file"]).read_bytes()
    frames = decoder.feed(raw) + decoder.close()
    groups = sum(len(frame.groups) for frame in frames)
    assert groups == int(capture["lines_ok"]) + DIFFERENCES.get(capture["file"], 0)
    assert sum(frame.complete for frame in frames) == int(capture["frames"])
    readings = [interpret(frame, decoder.mode, NOON) for frame in frames]
    contracts = [reading.contract for reading in readings if reading.contract]
    options = {"BASE": "BASE", "HC": "HC", "EJP": "EJP", "Tempo": "TEMPO", "PRODUCTEUR": "PRODUCTEUR"}
    assert {contract.option for contract in contracts} <= {options.get(capture["contract"])}
    assert {contract.phases for contract in contracts} <= {3 if capture["phases"] == "tri" else 1}
    if decoder.mode is Mode.STANDARD:
        assert {contract.producer for contract in contracts} <= {capture["producer"] == "yes"}
    if "ejp_notice" in capture["file"]:
        assert [reading.ejp for reading in readings] == [Ejp.NOTICE]
    elif capture["contract"] != "EJP":
        assert {reading.ejp for reading in readings} <= {Ejp.NORMAL, Ejp.UNKNOWN}
