"""The parity bit of 8-bit characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkymonitor.tic import parity

TEXT = b"\n".join(b"EASF%02d\t000000000\t#\r" % number for number in range(1, 11))


@given(st.binary().map(parity.strip))
def test_parity_once_added_is_even_and_strips_back(text: bytes) -> None:
    wire = parity.add(text)
    assert parity.odd(wire) == 0
    assert parity.strip(wire) == text
    assert parity.strip_checked(wire) == text


@pytest.mark.parametrize("bit", range(8))
def test_any_one_flipped_bit_is_odd(bit: int) -> None:
    wire = bytearray(parity.add(TEXT))
    wire[7] ^= 1 << bit
    assert parity.odd(bytes(wire)) == 1
    assert parity.strip_checked(bytes(wire)) is None


def test_a_source_that_carries_parity_is_told_from_one_that_has_lost_it() -> None:
    assert parity.carries_parity(parity.add(TEXT))
    assert not parity.carries_parity(TEXT)
    assert not parity.carries_parity(b"")


def test_line_feed_and_end_of_text_keep_their_value_with_parity() -> None:
    """The kernel of an 8-bit port ends a read at these two characters."""
    assert parity.add(b"\n\x03") == b"\n\x03"


@pytest.mark.parametrize("wrong", [0, 1, 2, 8])
def test_odd_parity_is_all_of_a_stretch_or_nearly(wrong: int) -> None:
    even = parity.add(TEXT)
    assert not parity.is_inverted(even[:wrong].translate(bytes(b ^ 0x80 for b in range(256))) + even[wrong:])
    odd = parity.invert(even)
    assert parity.is_inverted(even[:wrong] + odd[wrong:])
    assert parity.invert(odd) == even
    assert not parity.is_inverted(TEXT)
    assert not parity.is_inverted(odd[:10])
