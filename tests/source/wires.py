"""Frames as a meter sends them, and functions that read them."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from linkymonitor.model.terms import Mode
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
GROUPS = {
    Mode.HISTORIQUE: (
        InfoGroup("ADCO", "012345678901"),
        InfoGroup("OPTARIF", "EJP."),
        InfoGroup("EJPHN", "000688322"),
        InfoGroup("PTEC", "HP.."),
        InfoGroup("IINST", "013"),
        InfoGroup("PAPP", "02990"),
    ),
    Mode.STANDARD: (
        InfoGroup("ADSC", "012345678901"),
        InfoGroup("VTIC", "02"),
        InfoGroup("DATE", "", "H261121120000"),
        InfoGroup("NGTF", "      BASE      "),
        InfoGroup("EASD01", "000000000"),
        InfoGroup("SMAXSN1-1", "05230", "H261120120000"),
        InfoGroup("STGE", "003A0001"),
    ),
}
WIRE = {mode: write_frame(Frame(groups), mode, parity=True) for mode, groups in GROUPS.items()}
FRAME = WIRE[Mode.HISTORIQUE]


def hear(source, count: int) -> list[bytes]:
    """Read until *count* bytes have come; fifty reads of 0.1 s without a byte are a failure."""
    chunks, missing, reads = [], count, 0
    while missing > 0:
        assert reads < 50, f"{missing} of {count} bytes did not come"
        if chunk := source.read(0.1):  # a settled port waits for the end of a frame, which may not come
            chunks.append(chunk)
            missing -= len(chunk)
        reads = 0 if chunk else reads + 1
    return chunks


def retry(source, clock) -> None:
    """Let the longest pause between two tries pass, and have *source* opened again."""
    clock.advance(10.0)
    assert source.read(0.0) == b""


def set_rights(path: Path, rights: int, as_root: bool) -> None:
    if as_root:
        os.seteuid(0)
    path.chmod(rights)
    if as_root:
        os.seteuid(65534)
