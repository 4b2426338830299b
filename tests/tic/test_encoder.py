"""The encoder, against the check characters of the specification and of real meters."""

from __future__ import annotations

import pytest

from linkymonitor.model.terms import Mode
from linkymonitor.tic.encoder import write_frame, write_group
from linkymonitor.tic.frame import Frame, InfoGroup

HISTORIQUE, STANDARD = Mode.HISTORIQUE, Mode.STANDARD


@pytest.mark.parametrize(
    ("group", "mode", "wire"),
    [
        pytest.param(InfoGroup("ADCO", "012345678901"), HISTORIQUE, b"\nADCO 012345678901 E\r", id="ADCO"),
        pytest.param(InfoGroup("OPTARIF", "EJP."), HISTORIQUE, b'\nOPTARIF EJP. "\r', id="OPTARIF"),
        pytest.param(InfoGroup("PEJP", "30"), HISTORIQUE, b"\nPEJP 30 R\r", id="PEJP"),
        pytest.param(InfoGroup("PTEC", "HP.."), HISTORIQUE, b"\nPTEC HP..  \r", id="a check character that is a space"),
        pytest.param(InfoGroup("VTIC", "02"), STANDARD, b"\nVTIC\t02\tJ\r", id="VTIC"),
        pytest.param(
            InfoGroup("DATE", "", "H250307134349"), STANDARD, b"\nDATE\tH250307134349\t\tJ\r", id="empty data"
        ),
    ],
)  # fmt: skip
def test_a_group_is_written_as_a_meter_writes_it(group: InfoGroup, mode: Mode, wire: bytes) -> None:
    assert write_group(group, mode) == wire


def test_a_frame_goes_from_stx_to_etx() -> None:
    frame = Frame((InfoGroup("PTEC", "PM.."), InfoGroup("IINST", "004")))
    assert write_frame(frame, HISTORIQUE) == b"\x02\nPTEC PM.. %\r\nIINST 004 [\r\x03"


def test_parity_makes_every_character_even() -> None:
    wire = write_frame(Frame((InfoGroup("PTEC", "PM.."),)), HISTORIQUE, parity=True)
    assert all(byte.bit_count() % 2 == 0 for byte in wire)
    assert wire[:1] == b"\x82"
