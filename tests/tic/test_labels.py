"""The label table: the example of every row is its test."""

from datetime import UTC, datetime

import pytest

from linkymonitor.model.reading import Reading
from linkymonitor.model.terms import Mode
from linkymonitor.tic.content import StampedValue
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup
from linkymonitor.tic.interpret import interpret
from linkymonitor.tic.labels import BY_MODE, LABELS

NOON = datetime(2025, 3, 7, 12, tzinfo=UTC)
STAMP = "H250307134349"
STAMPED_AT = datetime(2025, 3, 7, 12, 43, 49, tzinfo=UTC)
HISTORIQUE, STANDARD = BY_MODE[Mode.HISTORIQUE], BY_MODE[Mode.STANDARD]


def name_of(label):
    return label.name


@pytest.mark.parametrize("label", LABELS, ids=name_of)
def test_every_label_survives_the_wire(label):
    """The example of each row is written as a meter writes it, decoded and interpreted."""
    group = InfoGroup(label.name, label.example, STAMP if label.stamped else None)
    (frame,) = FrameDecoder(label.mode).feed(write_frame(Frame((group,)), label.mode))
    assert frame.groups == (group,)
    value = interpret(frame, label.mode, NOON).values[label.name]
    if label.name == "DATE":
        assert value == STAMPED_AT
    elif label.stamped:
        assert value == StampedValue(label.read(label.example), STAMPED_AT, STAMP)
    else:
        assert value == label.read(label.example)


@pytest.mark.parametrize("label", LABELS, ids=name_of)
def test_every_row_holds_together(label):
    assert label.fault(label.example) is None
    assert label.fault(label.example + "0") == "width"
    assert 2 <= len(label.name) <= 9
    assert label.fills is None or label.fills in Reading._fields
    if label.unit:
        assert isinstance(label.read(label.example), int)


@pytest.mark.parametrize("label", [label for label in LABELS if label.unit], ids=name_of)
def test_a_number_has_its_exact_width_and_nothing_but_digits(label):
    assert label.width == len(label.example)
    assert label.fault(label.example[1:]) == "width"
    # First data with a right checksum, where a flipped bit 6 made a q of a 1; then data that int() would accept.
    for wrong in "pq?² +-_":
        assert label.fault(wrong + label.example[1:]) == "characters"


def test_a_label_is_there_once_in_its_mode():
    assert sum(map(len, BY_MODE.values())) == len(LABELS)
    assert not HISTORIQUE.keys() & STANDARD.keys()


@pytest.mark.parametrize(
    ("label", "good", "bad"),
    [
        ("OPTARIF", ["BASE", "HC..", "EJP.", "BBR(", "BBR2", "BBR "], ["HC.,", "BBS(", "TH..", "BBR\x07"]),
        (
            "PTEC",
            ["TH..", "HC..", "HP..", "HN..", "PM..", "HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR"],
            ["HX..", "HP.,", "HNJB", "pm..", "HPJX"],
        ),
        ("DEMAIN", ["----", "BLEU", "BLAN", "ROUG"], ["VERT", "---.", "bleu"]),
        ("HHPHC", ["A", "C", "D", "E", "Y"], ["a", "1", " "]),
        ("MOTDETAT", ["000000", "400000"], ["00000G", "00000o"]),
        ("ADCO", ["012345678901", "XXXXXXXXXXXX"], ["02187653q000", "0218765 4321"]),
    ],
)
def test_historique_enumerations_take_what_is_documented(label, good, bad):
    row = HISTORIQUE[label]
    assert [row.fault(data) for data in good] == [None] * len(good)
    assert [row.fault(data) for data in bad] == ["characters"] * len(bad)


@pytest.mark.parametrize(
    ("label", "good", "bad"),
    [
        ("STGE", ["9B3A9000"], ["9B3A900G", "9b3a9000"]),
        ("RELAIS", ["000", "199", "249", "255"], ["256", "300", "1A0"]),
        ("NTARF", ["01", "10"], ["00", "11", "0A"]),
        (
            "PJOURF+1",
            ["00004001", "00004001" + " NONUTILE" * 10, "NONUTILE" + " NONUTILE" * 7],
            ["00004001  0600400", "NONUTILF", "00004001 NONUTIL", "0000400G"],
        ),
        ("NGTF", ["", "PRODUCTEUR", "   PRODUCTEUR   ", "H PLEINE/CREUSE "], ["BASE\x1b", "BASE\x7f"]),
    ],
)
def test_standard_enumerations_take_what_is_documented(label, good, bad):
    row = STANDARD[label]
    assert [row.fault(data) for data in good] == [None] * len(good)
    assert [row.fault(data) for data in bad] == ["characters"] * len(bad)


@pytest.mark.parametrize(
    ("label", "data", "fault"),
    [
        pytest.param("MSG1", "PAS DE          MESSAGE", None, id="trimmed on its right"),
        pytest.param("NGTF", "PRODUCTEUR", None, id="trimmed on both sides"),
        pytest.param("NGTF", "", None, id="all blanks, trimmed"),
        pytest.param("MSG1", "PAS DE      MESSAGE         ", "width", id="four blanks lost on the line"),
        pytest.param("LTARF", " HEURE  CUSE  ", "width", id="two letters lost on the line"),
        pytest.param("MSG1", "x" * 33, "width", id="longer than the specification"),
        pytest.param("DATE", "0", "width", id="a text in a group that has none"),
        pytest.param("LTARF", "`HEURE  CREUSE  ", "characters", id="a blank whose bit 6 has flipped"),
    ],
)
def test_a_text_is_whole_or_trimmed(label, data, fault):
    assert STANDARD[label].fault(data) == fault
