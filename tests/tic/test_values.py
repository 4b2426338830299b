"""Readers of data, one by one."""

from datetime import UTC, datetime, time

import pytest

from linkymonitor.model.terms import Colour
from linkymonitor.tic.values import (
    Contact,
    CutOff,
    EuridisOutput,
    Horodate,
    PlcStatus,
    normalise,
    read_colour,
    read_day_profile,
    read_horodate,
    read_potentials,
    read_relays,
    read_status,
    tidy,
)

UNUSED = " NONUTILE"


def test_text_is_compared_without_its_padding_and_case():
    assert tidy("     PAS DE          MESSAGE    ") == "PAS DE MESSAGE"
    assert tidy("   HC  bleu    ") == "HC bleu"
    assert normalise("base            ") == normalise("      BASE      ") == "BASE"
    assert normalise(" " * 16) == ""


@pytest.mark.parametrize(
    ("text", "at", "degraded"),
    [
        pytest.param("H250307134349", datetime(2025, 3, 7, 12, 43, 49, tzinfo=UTC), False, id="winter"),
        pytest.param("E240924003000", datetime(2024, 9, 23, 22, 30, tzinfo=UTC), False, id="summer"),
        pytest.param("h081225223518", datetime(2008, 12, 25, 21, 35, 18, tzinfo=UTC), True, id="degraded"),
        pytest.param("e240924003000", datetime(2024, 9, 23, 22, 30, tzinfo=UTC), True, id="degraded-summer"),
        pytest.param(" 250123060000", None, False, id="blank-season"),
        pytest.param("h000000000000", None, True, id="clock-lost"),
        pytest.param("H250230120000", None, False, id="30-february"),
        pytest.param("H250307240000", None, False, id="hour-24"),
    ],
)
def test_a_horodate_is_read(text, at, degraded):
    assert read_horodate(text) == Horodate(text[0], text[1:], at, degraded)


def test_the_hour_that_comes_twice_in_autumn_is_told_by_its_season():
    summer, winter = read_horodate("E241027023000").at, read_horodate("H241027023000").at
    assert (winter - summer).total_seconds() == 3600


@pytest.mark.parametrize("text", ["", "H25030713434", "H2503071343499", "X250307134349", "H25030713434?"])
def test_what_is_no_horodate_is_refused(text):
    with pytest.raises(ValueError, match="season letter and twelve digits"):
        read_horodate(text)


def test_a_tempo_red_day_needs_all_32_bits():
    """9B3A9000: red today = peak 2 running, white tomorrow = notice of peak 1 (captured)."""
    status = read_status("9B3A9000")
    assert status.colour is Colour.RED
    assert status.tomorrow is Colour.WHITE
    assert (status.peak, status.notice) == (2, 1)
    assert (status.supplier_index, status.distributor_index) == (5, 3)
    assert not status.contact_open
    assert status.standard
    assert (status.euridis, status.plc) == (EuridisOutput.ON_SECURED, PlcStatus.NEW_LOCK)
    assert not status.plc_synchronised


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("003A0001", {"contact_open": True, "supplier_index": 1, "producer": False, "injecting": False}),
        ("003A4401", {"supplier_index": 2, "distributor_index": 2}),
        ("003AC701", {"producer": True, "injecting": True, "supplier_index": 2, "distributor_index": 4}),
        ("002A0301", {"producer": True, "injecting": True, "euridis": EuridisOutput.ON_UNSECURED}),
        ("013A0501", {"colour": Colour.BLUE, "producer": True, "injecting": False, "supplier_index": 2}),
        ("463A0800", {"colour": Colour.WHITE, "tomorrow": Colour.BLUE, "peak": 1, "supplier_index": 3}),
        ("010A4601", {"producer": False, "injecting": True, "colour": Colour.BLUE}),
        ("000B0411", {"clock_degraded": True, "cover_open": True, "plc": PlcStatus.NEW_UNLOCK}),
    ],
)
def test_registers_seen_in_the_field(text, expected):
    status = read_status(text)
    assert {name: getattr(status, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("bit", "field"),
    [
        (0, "contact_open"),
        (4, "cover_open"),
        (6, "over_voltage"),
        (7, "overload"),
        (8, "producer"),
        (9, "injecting"),
        (16, "clock_degraded"),
        (17, "standard"),
        (23, "plc_synchronised"),
    ],
)
def test_each_flag_has_its_bit(bit, field):
    nothing = read_status("00000000")
    assert read_status(f"{1 << bit:08X}") == nothing._replace(**{field: True})


@pytest.mark.parametrize(
    ("shift", "field", "values"),
    [
        (1, "cut_off", list(CutOff)),
        (10, "supplier_index", list(range(1, 17))),
        (14, "distributor_index", [1, 2, 3, 4]),
        (19, "euridis", list(EuridisOutput)),
        (21, "plc", list(PlcStatus)),
        (24, "colour", [None, *Colour]),
        (26, "tomorrow", [None, *Colour]),
        (28, "notice", [0, 1, 2, 3]),
        (30, "peak", [0, 1, 2, 3]),
    ],
)
def test_each_field_has_its_bits(shift, field, values):
    nothing = read_status("00000000")
    for number, value in enumerate(values):
        assert read_status(f"{number << shift:08X}") == nothing._replace(**{field: value})


def test_the_unused_bits_say_nothing():
    assert read_status(f"{1 << 5 | 1 << 18:08X}") == read_status("00000000")


@pytest.mark.parametrize("text", ["", "9B3A900", "9B3A90000", "9b3a9000", "+B3A9000", "9B3A_900"])
def test_what_is_no_register_is_refused(text):
    with pytest.raises(ValueError, match="8 hexadecimal digits"):
        read_status(text)


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


def test_the_colour_of_tomorrow_may_not_be_known_yet():
    assert read_colour("----") is None
    assert read_colour("ROUG") is Colour.RED
    with pytest.raises(ValueError):
        read_colour("VERT")
