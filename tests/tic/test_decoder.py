"""The decoder: its groups, its delimiters, and its three promises."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linkymonitor.model.terms import Mode
from linkymonitor.tic import parity
from linkymonitor.tic.decoder import LONGEST, FrameDecoder
from linkymonitor.tic.encoder import write_frame, write_group
from linkymonitor.tic.frame import BORDER, Frame, InfoGroup, Rejected
from linkymonitor.tic.interpret import interpret

HISTORIQUE, STANDARD = Mode.HISTORIQUE, Mode.STANDARD

EJP = Frame(
    (
        InfoGroup("ADCO", "012345678901"),
        InfoGroup("OPTARIF", "EJP."),
        InfoGroup("ISOUSC", "45"),
        InfoGroup("EJPHN", "000688322"),
        InfoGroup("EJPHPM", "000080072"),
        InfoGroup("PTEC", "HN.."),
        InfoGroup("IINST", "009"),  # its check character is a space
        InfoGroup("PAPP", "02070"),
    )
)
PRODUCER = Frame(
    (
        InfoGroup("ADSC", "021662123456"),
        InfoGroup("VTIC", "02"),
        InfoGroup("DATE", "", "E210603202834"),
        InfoGroup("NGTF", "   PRODUCTEUR   "),
        InfoGroup("EASD01", "000000000"),  # its check character is a space
        InfoGroup("SMAXIN", "03250", "E210603134501"),
        InfoGroup("DPM1", "00", " 210604060000"),
        InfoGroup("STGE", "003AC701"),
    )
)
FRAMES = [pytest.param(HISTORIQUE, EJP, id="historique"), pytest.param(STANDARD, PRODUCER, id="standard")]


def decode(mode: Mode, chunks: Iterable[bytes]) -> list[Frame]:
    """Return all the frames of a stream that comes in *chunks*, the end included."""
    decoder = FrameDecoder(mode)
    frames = [frame for chunk in chunks for frame in decoder.feed(chunk)]
    return frames + decoder.close()


def whole(mode: Mode, wire: bytes) -> list[Frame]:
    """Return the frames of *wire*, all with an unknown parity."""
    return [frame._replace(parity=None) for frame in decode(mode, [wire])]


@pytest.mark.parametrize(("mode", "frame"), FRAMES)
@pytest.mark.parametrize("with_parity", [True, False])
def test_what_the_encoder_writes_comes_back(mode: Mode, frame: Frame, with_parity: bool) -> None:
    assert decode(mode, [write_frame(frame, mode, parity=with_parity)]) == [
        frame._replace(parity=with_parity)
    ]


@pytest.mark.parametrize(("mode", "frame"), FRAMES)
def test_a_frame_read_byte_by_byte_is_the_same(mode: Mode, frame: Frame) -> None:
    wire = write_frame(frame, mode, parity=True) * 2
    assert decode(mode, (wire[at : at + 1] for at in range(len(wire)))) == decode(mode, [wire])


LINE = b"\nPAPP 02070 *\r"


def sealed(text: bytes) -> bytes:
    """Return the line of *text*, label and data, with its right check character."""
    return b"\n%s %c\r" % (text, (sum(text) & 0x3F) + 0x20)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        pytest.param(b"\nPAPP 02070 +\r", "checksum", id="another check character"),
        pytest.param(b"\nPAPP 02170 *\r", "checksum", id="another digit"),
        pytest.param(b"\nPAPP 02070 k\r", "checksum", id="a check character out of range"),
        pytest.param(b"\nPAPP 0207 *\r", "checksum", id="a lost digit"),
        pytest.param(sealed(b"PAPP 0007"), "width", id="a short value whose checksum is right"),
        pytest.param(sealed(b"PAPP 0r030"), "characters", id="bit 6 flipped, which no checksum sees"),
        pytest.param(sealed(b"PTEC HN..").replace(b"HN", b"PM"), "checksum", id="another period"),
        pytest.param(sealed(b"PTEC HN."), "width", id="a period cut, whose checksum is right"),
        pytest.param(b"\nPAPP\r", "shape", id="no separator"),
        pytest.param(b"\n  \r", "shape", id="blanks"),
        pytest.param(sealed(b"?(TARIF HC.."), "label", id="a damaged label"),
    ],
)
def test_a_bad_group_costs_itself_alone_and_says_why(line: bytes, why: str) -> None:
    wire = write_frame(EJP, HISTORIQUE)[:-1] + line + LINE + b"\x03"
    (frame,) = whole(HISTORIQUE, wire)
    assert frame.groups == (*EJP.groups, InfoGroup("PAPP", "02070"))
    assert frame.rejected == (Rejected(line[1:-1], why, "PAPP"),)
    assert frame.complete


@pytest.mark.parametrize(("mode", "frame"), FRAMES)
def test_every_single_flipped_bit_is_caught_by_parity(mode: Mode, frame: Frame) -> None:
    """The checksum alone lets 6.5 % of them through."""
    wire = write_frame(frame, mode, parity=True)
    sent = set(frame.groups)
    start = wire.index(b"\n")
    for at in range(start, len(wire) - 1):
        for bit in range(8):
            noisy = bytearray(wire)
            noisy[at] ^= 1 << bit
            got = {group for one in decode(mode, [bytes(noisy)]) for group in one.groups}
            assert got <= sent, (at, bit)


@pytest.mark.parametrize("with_parity", [True, False])
def test_a_bad_group_has_its_place_in_the_frame(with_parity: bool) -> None:
    lines = [write_group(group, HISTORIQUE) for group in EJP.groups]
    wire = b"\x02\nAD?O 0 E\r" + b"".join(lines[:4]) + b"\n??\r" + b"".join(lines[4:]) + b"\n??\r\x03"
    (frame,) = decode(HISTORIQUE, [parity.add(wire) if with_parity else wire])
    assert [rejected.after for rejected in frame.rejected] == ["", "EJPHN", "PAPP"]


def test_wrong_parity_is_the_cause_it_is_given() -> None:
    wire = bytearray(write_frame(EJP, HISTORIQUE, parity=True))
    wire[wire.index(b"\xa0", 40)] ^= 0x40
    (frame,) = decode(HISTORIQUE, [bytes(wire)])
    assert [rejected.why for rejected in frame.rejected] == ["parity"]
    assert len(frame.groups) == len(EJP.groups) - 1


def test_a_source_that_loses_its_parity_is_noticed_within_a_frame() -> None:
    decoder = FrameDecoder(HISTORIQUE)
    decoder.feed(write_frame(EJP, HISTORIQUE, parity=True))
    assert decoder.parity is True
    (frame,) = decoder.feed(write_frame(EJP, HISTORIQUE))
    assert decoder.parity is False
    assert frame.groups == EJP.groups


def test_a_character_above_127_in_a_stripped_source_costs_its_group() -> None:
    wire = write_frame(EJP, HISTORIQUE).replace(b"OPTARIF", b"\xbfPTARIF")
    (frame,) = whole(HISTORIQUE, wire)
    assert [rejected.why for rejected in frame.rejected] == ["characters"]


@pytest.mark.parametrize(
    ("wire", "complete"),
    [
        pytest.param(b"\x02%s\x03", [True], id="whole"),
        pytest.param(b"%s\x03", [False], id="begun before we listened"),
        pytest.param(b"\x02%s\x04", [False], id="interrupted by EOT"),
        pytest.param(b"\x02%s\x02%s\x03", [False, True], id="an STX inside a frame starts a new one"),
        pytest.param(b"\x02%s\x03%s\x03", [True, False], id="a lost STX"),
        pytest.param(b"\x02%s", [False], id="never ended"),
        pytest.param(b"\x02%s\x03\x02%s\x03", [True, True], id="two"),
        pytest.param(b"\x00\x00\x02%s\x03", [True], id="NULs at the opening of the port"),
    ],
)
def test_only_a_frame_from_stx_to_etx_is_complete(wire: bytes, complete: list[bool]) -> None:
    lines = b"".join(write_group(group, HISTORIQUE) for group in EJP.groups)
    frames = whole(HISTORIQUE, wire.replace(b"%s", lines))
    assert [frame.complete for frame in frames] == complete
    assert all(frame.groups == EJP.groups and not frame.rejected for frame in frames)


def unframed(wire: bytes) -> list[bool]:
    """Return for each frame of *wire* whether it is complete, when a damaged border is allowed."""
    decoder = FrameDecoder(HISTORIQUE, unframed=True)
    frames = [*decoder.feed(wire), *decoder.close()]
    complete = [frame for frame in frames if frame.complete]
    assert decoder.unframed <= len(complete)
    assert all(frame.groups == EJP.groups and not frame.rejected for frame in complete)
    return [frame.complete for frame in frames]


@pytest.mark.parametrize(
    ("wire", "complete"),
    [
        pytest.param(b"\x02%s\x03C%s\x03C%s\x03", [True, True, True], id="STX damaged for ever"),
        pytest.param(b"\x03C\x0f%s\x03", [True], id="STX and the LF after it damaged"),
        pytest.param(b"\x02%s\x43\x02%s\x43\x02%s\x43", [False, True, False], id="ETX damaged for ever"),
        pytest.param(b"\x02%s\x02%s\x02", [False, False], id="ETX lost: it may be cut"),
        pytest.param(b"\x02%s\x04%s\x03", [False, False], id="after EOT"),
        pytest.param(b"\x03C%s\x04\x03", [False], id="up to EOT"),
        pytest.param(b"\x03C%sC%s\x03", [False], id="two run together"),
        pytest.param(b"\x03C" + LINE + b"\x03", [False], id="without the meter's address"),
        pytest.param(b"C%sC%sC", [False], id="no border at all"),
    ],
)
def test_who_asks_for_it_gets_frames_with_one_damaged_border(wire: bytes, complete: list[bool]) -> None:
    lines = b"".join(write_group(group, HISTORIQUE) for group in EJP.groups)
    wire = wire.replace(b"%s", lines)
    assert unframed(wire) == complete


def test_a_border_that_may_have_been_an_alert_of_an_overload_does_not_end_it() -> None:
    """Noise made an ETX within ADIR1: the groups after it look like a frame without its STX, and without an ADIR."""
    decoder = FrameDecoder(HISTORIQUE, unframed=True)
    short = (("ADCO", "022163000001"), ("IINST1", "022"), ("IINST2", "001"), ("IINST3", "000"))
    lines = b"".join(write_group(InfoGroup(*group), HISTORIQUE) for group in short)
    frames = decoder.feed(b"\x02\nADIR1 \x1866\x03+k%b\x03" % lines)
    assert [frame.complete for frame in frames] == [True, True]
    assert [(one.why, one.after) for one in frames[1].rejected] == [(BORDER, "")]
    assert interpret(frames[1], HISTORIQUE, datetime(2026, 1, 13, tzinfo=UTC)).overload is None


def test_frames_with_a_damaged_border_are_not_complete_for_anybody_else() -> None:
    lines = b"".join(write_group(group, HISTORIQUE) for group in EJP.groups)
    frames = whole(HISTORIQUE, b"\x02%b\x03C%b\x03C%b\x03" % (lines, lines, lines))
    assert [frame.complete for frame in frames] == [True, False, False]


@pytest.mark.parametrize(("mode", "frame"), FRAMES)
def test_a_source_with_odd_parity_is_read_all_the_same(mode: Mode, frame: Frame) -> None:
    decoder = FrameDecoder(mode)
    odd = parity.invert(write_frame(frame, mode, parity=True))
    for _ in range(3):
        assert decoder.feed(odd) == [frame._replace(parity=True)]
        assert decoder.inverted
    assert decoder.feed(write_frame(frame, mode, parity=True)) == [frame._replace(parity=True)]
    assert not decoder.inverted
    decoder.feed(odd)
    assert decoder.feed(write_frame(frame, mode)) == [frame._replace(parity=False)]
    assert not decoder.inverted


def test_every_single_flipped_bit_is_caught_by_odd_parity_too() -> None:
    wire = parity.invert(write_frame(EJP, HISTORIQUE, parity=True))
    sent = set(EJP.groups)
    for at in range(1, len(wire) - 1):
        for bit in range(8):
            noisy = bytearray(wire)
            noisy[at] ^= 1 << bit
            got = {group for frame in decode(HISTORIQUE, [bytes(noisy)]) for group in frame.groups}
            assert got <= sent, (at, bit)


@pytest.mark.parametrize(
    ("between", "kept"),
    [
        pytest.param(b"\r\n", 2, id="CR LF"),
        pytest.param(b"\n", 2, id="LF only, after a cooked tty"),
        pytest.param(b"\r", 2, id="CR only"),
        pytest.param(b"\r\x0e", 2, id="LF damaged into a control character"),
        pytest.param(b"\x0c\n", 1, id="CR damaged: what follows the check character is not part of it"),
    ],
)
def test_lf_and_cr_both_end_a_group(between: bytes, kept: int) -> None:
    wire = b"\x02\nPTEC HN.. ^" + between + b"PAPP 02070 *\r\x03"
    (frame,) = whole(HISTORIQUE, wire)
    assert len(frame.groups) == kept


def test_a_cut_first_group_is_no_error() -> None:
    (frame,) = whole(HISTORIQUE, b"RIF EJP. \x22\r" + LINE + b"\x03")
    assert frame == Frame((InfoGroup("PAPP", "02070"),), (), False)


def test_an_unknown_label_with_a_right_checksum_is_a_group() -> None:
    wire = write_frame(
        Frame((InfoGroup("NEUF", "abc"), InfoGroup("NEUFH", "abc", "H260101000000"))), STANDARD
    )
    (frame,) = whole(STANDARD, wire)
    assert frame.groups == (InfoGroup("NEUF", "abc"), InfoGroup("NEUFH", "abc", "H260101000000"))


def test_a_glued_adps_is_read_for_what_it_means() -> None:
    """Some old meters send the value within the label, too."""
    (frame,) = whole(HISTORIQUE, write_frame(Frame((InfoGroup("ADPS047", "047"),)), HISTORIQUE))
    assert frame.groups == (InfoGroup("ADPS", "047"),)


streams = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([b"\x02", b"\x03", b"\x04", b"\n", b"\r", b"\x82", b"\x83", b"\x8d"]),
        st.builds(
            lambda frame, mode, bits: write_frame(frame, mode, parity=bits),
            st.sampled_from([EJP, PRODUCER]),
            st.sampled_from(Mode),
            st.booleans(),
        ),
        st.integers(1, 3).map(lambda times: b"x" * (LONGEST // 2 * times)),
    ),
    max_size=8,
).map(b"".join)


@given(streams, st.sampled_from(Mode))
def test_no_bytes_make_it_raise(stream: bytes, mode: Mode) -> None:
    for frame in decode(mode, [stream]):
        assert frame.groups or frame.rejected


@given(streams, st.sampled_from(Mode), st.data())
@example(b"\x02" + LINE + b"x" * (3 * LONGEST) + LINE + b"\x03", HISTORIQUE, None)
def test_where_the_stream_is_cut_makes_no_difference(
    stream: bytes, mode: Mode, data: st.DataObject | None
) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(stream)))) if data else [10, LONGEST, LONGEST + 5]
    edges = [0, *sorted(cuts), len(stream)]
    chunks = [stream[start:end] for start, end in pairwise(edges)]
    assert decode(mode, chunks) == decode(mode, [stream])


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(b"x" * 4096, id="a line without end"),
        pytest.param(b"ab\r\n" * 64, id="a frame without end"),
        pytest.param(b"\x02\nPAPP %d *\r\x03", id="never twice the same line"),
    ],
)
def test_memory_is_bounded(noise: bytes) -> None:
    decoder = FrameDecoder(HISTORIQUE)

    def feed(count: int) -> None:
        for number in range(count):
            decoder.feed(noise.replace(b"%d", b"%d" % number))

    feed(2000)
    tracemalloc.start()
    feed(2000)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 300_000


def test_parity_add_is_what_an_8_bit_port_hears() -> None:
    assert parity.add(b"\x02\x04\r ") == b"\x82\x84\x8d\xa0"


@pytest.mark.captures
def test_every_capture_has_the_frames_its_index_counts(captures: Path) -> None:
    """Valid groups may differ where docs/protocol.md explains it; frames never do."""
    rows = (captures / "INDEX.tsv").read_text().splitlines()
    header = rows[0].split("\t")
    for row in rows[1:]:
        facts = dict(zip(header, row.split("\t"), strict=True))
        mode = Mode(facts["mode"])
        frames = decode(mode, [(captures / facts["file"]).read_bytes()])
        assert sum(frame.complete for frame in frames) == int(facts["frames"]), facts["file"]
        groups = sum(len(frame.groups) for frame in frames)
        saved = 4 if facts["file"] == "lines_std_corrupted_linkytic.tic" else 0
        assert groups == int(facts["lines_ok"]) + saved, facts["file"]
