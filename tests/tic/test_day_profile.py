"""Day profiles: the switches of a day, and their times."""

from datetime import time

import pytest

from linkymonitor.tic.day_profile import Contact, read_day_profile

UNUSED = " NONUTILE"


def starts(text, *, tempo=False):
    return [switch.start for switch in read_day_profile(text, tempo)]


def test_a_block_says_when_and_what():
    (switch,) = read_day_profile("0D1A8001" + UNUSED * 10)
    assert switch == (time(13, 26), Contact.OPEN, (False,) * 7, 1)


def test_the_fields_of_a_block_do_not_overlap():
    first, second = read_day_profile("0000C7F0 06004012")
    assert first == (time(0), Contact.CLOSED, (True,) * 7, None)
    assert second == (time(6), Contact.TEMPO, (True, *(False,) * 6), 2)


@pytest.mark.parametrize("index", [0, 11, 15])
def test_an_index_out_of_the_ten_leaves_the_tariff_as_it_is(index):
    assert read_day_profile(f"0000000{index:X}")[0].supplier_index is None


@pytest.mark.parametrize(
    ("text", "tempo", "expected"),
    [
        pytest.param("00004001 06004002 22004001", False, [time(0), time(6), time(22)], id="decimal"),
        pytest.param("00004001 06004002 22004001", True, [time(0), time(6), time(22)], id="tempo-decimal"),
        pytest.param("00004001 06004002 16004001", True, [time(0), time(6), time(22)], id="tempo-hex"),
        pytest.param("00004001 06004002 16004001", False, [time(0), time(6), time(16)], id="either"),
        pytest.param("0256C001 08108002", False, [time(2, 56), time(8, 10)], id="minutes-exclude-hex"),
        pytest.param("00008001 0A008002", False, [time(0), time(10)], id="letter-excludes-decimal"),
        pytest.param(
            "00008002 0038C001 07388002 0D1A8001 0E1A8002",
            False,
            [time(0), time(0, 56), time(7, 56), time(13, 26), time(14, 26)],
            id="hex-as-captured",
        ),
        pytest.param("00004001 00004002", False, None, id="no-order"),
        pytest.param("18004001 24004002", False, None, id="no-such-hour"),
    ],
)
def test_the_hour_coding_is_decided_over_the_whole_line(text, tempo, expected):
    if expected is None:
        with pytest.raises(ValueError, match="neither the decimal nor the hexadecimal"):
            read_day_profile(text, tempo)
    else:
        assert starts(text + UNUSED * (11 - len(text.split())), tempo=tempo) == expected


def test_a_profile_may_be_empty_or_cut_by_a_relay():
    assert read_day_profile("NONUTILE" + UNUSED * 10, tempo=True) == ()
    assert starts("00004001 06004002" + UNUSED * 6) == [time(0), time(6)]


@pytest.mark.parametrize("text", ["", "0000400", "00004001 ", "NONUTILE" + UNUSED * 11, "0000400G"])
def test_what_is_no_profile_is_refused(text):
    with pytest.raises(ValueError, match="expected"):
        read_day_profile(text)
