"""Numbers, texts, contacts and colours of groups."""

import pytest

from linkymonitor.model.terms import Colour
from linkymonitor.tic.values import normalise, read_colour, read_potentials, read_relays, tidy


def test_text_is_compared_without_its_padding_and_case():
    assert tidy("     PAS DE          MESSAGE    ") == "PAS DE MESSAGE"
    assert tidy("   HC  bleu    ") == "HC bleu"
    assert normalise("base            ") == normalise("      BASE      ") == "BASE"
    assert normalise(" " * 16) == ""


def test_relays_are_read_from_a_decimal_byte():
    closed = [number for number, state in enumerate(read_relays("140"), 1) if state]
    assert closed == [3, 4, 8]  # the example of NOI-CPT_54E §6.2.3.19
    assert read_relays("000") == (False,) * 8


@pytest.mark.parametrize("text", ["256", "14", "1400", "1A0", "+14", "²00"])
def test_what_is_no_byte_is_refused(text):
    with pytest.raises(ValueError, match="000 to 255"):
        read_relays(text)


def test_potentials_say_which_phases_have_their_voltage():
    assert read_potentials("00") == (True, True, True)
    assert read_potentials("02") == (False, True, True)
    assert read_potentials("0C") == (True, False, False)
    with pytest.raises(ValueError, match="2 hexadecimal digits"):
        read_potentials("0")


def test_the_colour_of_tomorrow_may_not_be_known_yet():
    assert read_colour("----") is None
    assert read_colour("ROUG") is Colour.RED
    with pytest.raises(ValueError):
        read_colour("VERT")
