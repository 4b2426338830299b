"""What the damage of groups says of the receiver: the answers for the faults of a simulated circuit."""

from __future__ import annotations

import pytest

from linkymonitor.doctor.signal import Meaning, is_inverted, judge
from linkymonitor.model.terms import Mode
from linkymonitor.tic import parity
from tests.support.commands import wire
from tests.support.noise import through_uart
from tests.support.receiver import Receiver

STANDARD = parity.add(wire("standard,seed=3,day=2027-01-13,at=19:00", 0.06))
HISTORIQUE = parity.add(wire("ejp,seed=3,day=2027-01-13,at=19:00", 0.4))
CIRCUITS = [
    pytest.param(Receiver(), Meaning.CLEAN, id="good"),
    pytest.param(Receiver(noise=0.05), Meaning.CLEAN, id="good, with a little noise"),
    pytest.param(Receiver(rise=0.78, noise=0.04), Meaning.SLOW_RISE, id="R2 too high"),
    pytest.param(Receiver(rise=0.82, noise=0.03), Meaning.SLOW_RISE, id="R2 much too high"),
    pytest.param(Receiver(floor=0.4, noise=0.04), Meaning.WEAK_PULL, id="R2 too low"),
    pytest.param(Receiver(floor=0.43, noise=0.035), Meaning.WEAK_PULL, id="R1 too high"),
    pytest.param(Receiver(bursts=0.003), Meaning.INTERFERENCE, id="interference"),
]


@pytest.mark.parametrize(("sent", "mode"), [(STANDARD, Mode.STANDARD), (HISTORIQUE, Mode.HISTORIQUE)])
@pytest.mark.parametrize(("circuit", "meaning"), CIRCUITS)
def test_the_fault_of_a_circuit_is_named(circuit, meaning, sent, mode):
    assert judge(circuit.read(sent), mode).meaning is meaning


def test_a_pin_that_rises_too_late_hurts_a_1_behind_a_0():
    quality = judge(Receiver(rise=0.82, noise=0.03).read(STANDARD), Mode.STANDARD)
    assert sum(quality.down) > 20
    assert sum(quality.up) < sum(quality.down) / 10
    # A digit is 0x30 to 0x39: its bit 4 often stands behind zeros, and its bit 5 always behind bit 4.
    assert quality.down[4] > 3 * quality.down[5]


@pytest.mark.parametrize(("sent", "mode"), [(STANDARD, Mode.STANDARD), (HISTORIQUE, Mode.HISTORIQUE)])
def test_an_inverted_signal_is_recognised_and_no_other_is(sent, mode):
    inverted = Receiver(inverted=True).read(sent)
    assert is_inverted(inverted)
    assert not judge(inverted, mode).groups
    assert not is_inverted(sent)
    assert not is_inverted(Receiver(floor=0.43, noise=0.06).read(sent))


def test_a_wrong_parity_bit_alone_is_named():
    always_set = bytes(byte | 0x80 for byte in STANDARD)
    quality = judge(always_set, Mode.STANDARD)
    assert quality.meaning is Meaning.PARITY_BIT
    assert sum(quality.up[:7]) + sum(quality.down) == 0


def test_stripped_and_odd_parity_are_noted_and_cost_nothing():
    stripped = judge(parity.strip(STANDARD), Mode.STANDARD)
    assert (stripped.parity, stripped.rejected, stripped.meaning) == (False, 0, Meaning.CLEAN)
    odd = judge(parity.invert(STANDARD), Mode.STANDARD)
    assert (odd.odd_parity, odd.rejected, odd.meaning) == (True, 0, Meaning.CLEAN)


def test_lost_characters_are_named():
    kept = bytes(byte for place, byte in enumerate(STANDARD) if place % 37 and place % 41)
    assert judge(kept, Mode.STANDARD).meaning is Meaning.LOST


def test_one_damaged_group_is_ordinary():
    damaged = through_uart(STANDARD, {(STANDARD.index(b"\x8d") - 3) * 10 + 4})
    quality = judge(damaged, Mode.STANDARD)
    assert (quality.rejected, quality.meaning, quality.bad) == (1, Meaning.ORDINARY, False)
