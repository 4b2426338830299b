"""Forges groups and frames digit by digit, with right checksum, width and characters."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from linkymonitor.model.terms import Colour, Mode
from linkymonitor.tic import parity
from linkymonitor.tic.encoder import write_group
from linkymonitor.tic.frame import InfoGroup
from linkymonitor.tic.labels import BY_MODE, DIGITS
from tests.support.streams import Stream


def forge_frame(stream: Stream, number: int, dice: Random) -> bytes:
    """Return frame *number* of *stream* with one group forged."""
    groups = list(stream.frames[number].groups)
    place = dice.randrange(len(groups))
    lie = forge_group(stream.mode, groups[place], dice)
    if stream.mode is Mode.HISTORIQUE and dice.random() < 0.05:
        # A missing group has a meaning, too.
        alert = dice.choice(("PEJP", "ADPS"))
        before = {"PEJP": "PTEC", "ADPS": "IMAX"}[alert]
        labels = [group.label for group in groups]
        if alert not in labels and before in labels:
            groups.insert(labels.index(before), InfoGroup(alert, {"PEJP": "30", "ADPS": "047"}[alert]))
            return _wire(groups, stream.mode)
    if dice.random() < 0.03:
        del groups[place]
        return _wire(groups, stream.mode)
    groups[place] = lie
    return _wire(groups, stream.mode)


def _wire(groups: Sequence[InfoGroup], mode: Mode) -> bytes:
    return parity.add(b"\x02" + b"".join(write_group(group, mode) for group in groups) + b"\x03")


_PERIODS = ("TH..", "HC..", "HP..", "HN..", "PM..", "HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")
_CHOICES = {
    "PTEC": _PERIODS,
    "OPTARIF": ("BASE", "HC..", "EJP.", "BBR(", "BBR2"),
    "DEMAIN": ("----", *(colour.value for colour in Colour)),
    "HHPHC": tuple("ACDEY"),
    "NTARF": tuple(f"{number:02d}" for number in range(1, 11)),
    "NGTF": tuple(f"{text:^16}" for text in ("BASE", "TEMPO", "EJP", "H PLEINE/CREUSE", "PRODUCTEUR")),
    "LTARF": tuple(f"{text:^16}" for text in ("BASE", "HEURE  CREUSE", "HC  ROUGE")),
}


def forge_group(mode: Mode, group: InfoGroup, dice: Random) -> InfoGroup:
    """Return *group* with other data, or another horodate, that the rule of its label allows."""
    row = BY_MODE[mode][group.label]
    for _ in range(100):
        data, horodate = group.data, group.horodate
        if group.label in _CHOICES:
            data = dice.choice(_CHOICES[group.label])
        elif horodate is not None and (not data or dice.random() < 0.3):
            horodate = horodate[0] + _digits(horodate[1:], dice)
        elif group.label == "STGE":
            data = f"{int(data, 16) ^ 1 << dice.randrange(32):08X}"
        elif row.pattern is DIGITS:
            data = _digits(data, dice)
        else:
            letters = list(data)
            letters[dice.randrange(len(letters))] = dice.choice("ABC123 ")
            data = "".join(letters)
        forged = InfoGroup(group.label, data, horodate)
        if forged != group and not row.fault(data):
            return forged
    return group


def _digits(text: str, dice: Random) -> str:
    """Return *text* with two digits changed so that their sum stays, or swapped, or one or all digits changed."""
    digits = list(text)
    first, second = dice.sample(range(len(digits)), 2)
    kind = dice.randrange(4)
    if kind == 0:
        step = dice.choice((-3, -2, -1, 1, 2, 3))
        one, other = int(digits[first]) + step, int(digits[second]) - step
        if 0 <= one <= 9 and 0 <= other <= 9:
            digits[first], digits[second] = str(one), str(other)
    elif kind == 1:
        digits[first], digits[second] = digits[second], digits[first]
    elif kind == 2:
        digits[first] = str(dice.randrange(10))
    else:
        digits = [str(dice.randrange(10)) for _ in digits]
    return "".join(digits)
