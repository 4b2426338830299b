"""The status register, STGE."""

import pytest

from linkymonitor.model.terms import Colour
from linkymonitor.tic.status import CutOff, EuridisOutput, PlcStatus, read_status


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
