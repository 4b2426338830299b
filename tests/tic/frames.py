"""Frames written as text, one group a line, and their readings."""

from datetime import UTC, datetime

from linkymonitor.model.terms import Mode
from linkymonitor.tic.frame import Frame, InfoGroup, Rejected
from linkymonitor.tic.interpret import interpret

NOON = datetime(2025, 3, 7, 12, tzinfo=UTC)
TEMPO_REGISTERS = ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")


def groups_of(text):
    """Read one group a line: ``LABEL data`` or ``LABEL @horodate data``; ``_`` stands for a blank."""
    for line in filter(None, text.splitlines()):
        label, *fields = (field.replace("_", " ") for field in line.split())
        horodate = fields.pop(0)[1:] if fields and fields[0].startswith("@") else None
        yield InfoGroup(label, fields[0] if fields else "", horodate)


def read(mode, text, *, without=(), lost=(), complete=True, **changed):
    """Return the reading of the frame written in *text*, with some groups left out, damaged or changed."""
    groups = [
        group._replace(data=changed[group.label]) if group.label in changed else group
        for group in groups_of(text)
        if group.label not in without and group.label not in lost
    ]
    raws = (raw if isinstance(raw, bytes) else raw.encode() + mode.separator + b"0?" for raw in lost)
    rejected = tuple(Rejected(raw, "checksum") for raw in raws)
    return interpret(Frame(tuple(groups), rejected, complete), mode, NOON)


def historique(text, **options):
    return read(Mode.HISTORIQUE, text, **options)


def standard(text, **options):
    return read(Mode.STANDARD, text, **options)


BASE = """
ADCO 031762123456
OPTARIF BASE
ISOUSC 30
BASE 000190575
PTEC TH..
IINST 003
IMAX 090
PAPP 00670
HHPHC A
MOTDETAT 000000
"""

UNUSED = "_NONUTILE" * 8
STANDARD = f"""
ADSC 021861123456
VTIC 02
DATE @H250307134349
NGTF ______BASE______
LTARF ______BASE______
EAST 011887650
EASF01 011887650
EASF02 000000000
EASF03 000000000
EASF04 000000000
EASF05 000000000
EASF06 000000000
EASF07 000000000
EASF08 000000000
EASF09 000000000
EASF10 000000000
EASD01 011887650
EASD02 000000000
EASD03 000000000
EASD04 000000000
IRMS1 002
URMS1 232
PREF 06
PCOUP 06
SINSTS 00464
SMAXSN @H250307063417 05529
SMAXSN-1 @H250306064903 05473
CCASN @H250307130000 00986
CCASN-1 @H250307123000 00596
UMOY1 @H250307134000 230
STGE 003A0001
MSG1 PAS_DE__________MESSAGE_________
PRM 12345678901234
RELAIS 000
NTARF 01
NJOURF 00
NJOURF+1 00
PJOURF+1 00008001_NONUTILE_NONUTILE{UNUSED}
"""
