"""Writes frames as a meter does: the mirror of the decoder, for tests and the simulator."""

from __future__ import annotations

from linkymonitor.model.terms import Mode
from linkymonitor.tic import parity as parity_bits
from linkymonitor.tic.frame import Frame, InfoGroup


def checksum(line: bytes, mode: Mode) -> int:
    """Return the check character of *line*, which ends with the separator before it (NOI-CPT_54E §5.3.6).

    In historique mode the sum stops before that last separator; in standard mode the sum includes it.
    """
    total = sum(line) if mode is Mode.STANDARD else sum(line) - line[-1]
    return (total & 0x3F) + 0x20


def write_group(group: InfoGroup, mode: Mode) -> bytes:
    """Return *group* on the wire, from its LF to its CR, in 7-bit characters.

    Raises:
        UnicodeEncodeError: the label or the data are not ASCII.
    """
    separator = mode.separator
    fields = [group.label] if group.horodate is None else [group.label, group.horodate]
    line = separator.join(field.encode("ascii") for field in [*fields, group.data]) + separator
    return b"\n%b%c\r" % (line, checksum(line, mode))


def write_frame(frame: Frame, mode: Mode, parity: bool = False) -> bytes:
    """Return *frame* from STX to ETX; with *parity*, bit 7 of each byte carries the even parity."""
    wire = b"\x02" + b"".join(write_group(group, mode) for group in frame.groups) + b"\x03"
    return parity_bits.add(wire) if parity else wire
