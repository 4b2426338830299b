"""Frames of the mode historique and what they mean."""

import pytest

from linkymonitor.model.record import Contract
from linkymonitor.model.terms import Colour, Ejp, Mode
from linkymonitor.tic.frame import Frame, Rejected
from linkymonitor.tic.interpret import interpret
from tests.tic.frames import BASE, NOON, TEMPO_REGISTERS, groups_of, historique

HC = """
ADCO 022861123456
OPTARIF HC..
ISOUSC 45
HCHC 015558379
HCHP 011651341
PTEC HP..
IINST 009
IMAX 090
PAPP 02070
HHPHC A
MOTDETAT 000000
"""
EJP = """
ADCO 012345678901
OPTARIF EJP.
ISOUSC 60
EJPHN 004669447
EJPHPM 000476413
PTEC HN..
IINST 009
IMAX 090
PAPP 02070
HHPHC A
MOTDETAT 000000
"""
NOTICE = EJP.replace("PTEC HN..", "PEJP 30\nPTEC HN..")
PEAK = EJP.replace("PTEC HN..", "PEJP 30\nPTEC PM..")
TEMPO = """
ADCO 012345678901
OPTARIF BBR(
ISOUSC 45
BBRHCJB 012133887
BBRHPJB 038554302
BBRHCJW 002903317
BBRHPJW 003800290
BBRHCJR 001504374
BBRHPJR 000907447
PTEC HPJR
DEMAIN BLAN
IINST 004
IMAX 090
PAPP 01100
HHPHC Y
MOTDETAT 000000
"""


def test_a_base_frame_says_it_all():
    reading = historique(BASE)
    assert reading.taken_at == NOON
    assert reading.mode is Mode.HISTORIQUE
    assert not reading.short
    assert reading.meter == "031762123456"
    assert reading.contract == Contract(
        mode=Mode.HISTORIQUE,
        option="BASE",
        registers=("TH",),
        subscribed_power=6000,
        phases=1,
        producer=None,
        meter="031762123456",
    )
    assert reading.tariff_period == "TH.."
    assert (reading.apparent_power, reading.apparent_power_estimated) == (670, False)
    assert (reading.injected_power, reading.injected_power_estimated) == (0, False)
    assert (reading.currents, reading.voltages) == ((3,), ())
    assert reading.indexes == {"TH": 190575}
    assert (reading.total_index, reading.injected_index) == (None, None)
    assert reading.overload is False
    assert reading.ejp is Ejp.NORMAL
    assert (reading.colour, reading.tomorrow, reading.message) == (None, None, None)
    assert reading.meter_clock is None
    assert reading.values["IMAX"] == 90
    assert reading.values["MOTDETAT"] == "000000"


def test_the_peak_hours_of_an_hc_contract_are_no_mobile_peak():
    reading = historique(HC)
    assert reading.contract.registers == ("HC", "HP")
    assert reading.tariff_period == "HP.."
    assert reading.indexes == {"HC": 15558379, "HP": 11651341}
    assert reading.ejp is Ejp.NORMAL


@pytest.mark.parametrize(
    ("text", "ejp"),
    [
        pytest.param(EJP, Ejp.NORMAL, id="normal"),
        pytest.param(NOTICE, Ejp.NOTICE, id="notice"),
        pytest.param(PEAK, Ejp.PEAK, id="peak"),
        pytest.param(PEAK.replace("PEJP 30\n", ""), Ejp.PEAK, id="peak-without-notice"),
        pytest.param(EJP.replace("PTEC HN..", "PTEC HP.."), Ejp.PEAK, id="another-name-for-the-peak"),
    ],
)
def test_an_ejp_contract_is_followed(text, ejp):
    reading = historique(text)
    assert reading.contract.option == "EJP"
    assert reading.contract.registers == ("HN", "PM")
    assert reading.indexes == {"HN": 4669447, "PM": 476413}
    assert reading.ejp is ejp


@pytest.mark.parametrize(
    ("text", "options", "ejp"),
    [
        pytest.param(EJP, {"without": ["PTEC"]}, Ejp.UNKNOWN, id="no-period"),
        pytest.param(EJP, {"lost": ["PTEC"]}, Ejp.UNKNOWN, id="period-damaged"),
        pytest.param(EJP, {"lost": ["PEJP"]}, Ejp.UNKNOWN, id="notice-damaged"),
        pytest.param(EJP, {"lost": ["ADCO"]}, Ejp.NORMAL, id="another-group-damaged"),
        pytest.param(EJP, {"lost": [b"?PEJ\xb0 30 R"]}, Ejp.UNKNOWN, id="damaged-beyond-knowing"),
        pytest.param(EJP, {"complete": False}, Ejp.UNKNOWN, id="cut"),
        pytest.param(EJP, {"lost": ["OPTARIF"]}, Ejp.NORMAL, id="contract-damaged-normal"),
        pytest.param(NOTICE, {"lost": ["OPTARIF"]}, Ejp.NOTICE, id="contract-damaged-notice"),
        pytest.param(PEAK, {"lost": ["OPTARIF"]}, Ejp.PEAK, id="contract-damaged-peak"),
        pytest.param(PEAK, {"complete": False}, Ejp.PEAK, id="cut-in-a-peak"),
        pytest.param(HC, {"lost": ["OPTARIF"]}, Ejp.UNKNOWN, id="hp-without-contract-is-nothing"),
        pytest.param(TEMPO, {}, Ejp.NORMAL, id="tempo-red-is-no-ejp"),
    ],
)
def test_what_a_frame_has_lost_is_not_guessed(text, options, ejp):
    assert historique(text, **options).ejp is ejp


@pytest.mark.parametrize(
    ("after", "ejp"),
    [
        *((label, Ejp.UNKNOWN) for label in (None, "ADCO", "EJPHPM", "NEUF", "MOTDETAT")),
        *((label, Ejp.NORMAL) for label in ("", "PTEC", "IINST", "PAPP", "HHPHC")),
    ],
)
def test_a_group_that_was_damaged_after_the_period_was_no_notice(after, ejp):
    groups = tuple(group for group in groups_of(EJP) if group.label not in ("EJPHN", "HHPHC"))
    if after == "ADCO":
        groups = tuple(group for group in groups if group.label in ("ADCO", "PTEC", "PAPP"))
    frame = Frame(groups, (Rejected(b"HHHCA ^", "shape", after),))
    assert interpret(frame, Mode.HISTORIQUE, NOON).ejp is ejp


def test_a_group_that_was_damaged_before_the_last_index_was_no_notice():
    frame = Frame(tuple(groups_of(EJP)), (Rejected(b"8322 J", "shape", "ISOUSC"),))
    assert interpret(frame, Mode.HISTORIQUE, NOON).ejp is Ejp.NORMAL


def test_where_groups_come_out_of_order_a_damaged_one_may_have_been_any():
    frame = Frame(tuple(groups_of(EJP))[::-1], (Rejected(b"HHHCA ^", "shape", "PAPP"),))
    assert interpret(frame, Mode.HISTORIQUE, NOON).ejp is Ejp.UNKNOWN


@pytest.mark.parametrize(
    ("period", "colour"),
    [("HCJB", Colour.BLUE), ("HPJB", Colour.BLUE), ("HCJW", Colour.WHITE), ("HPJR", Colour.RED)],
)
def test_a_tempo_period_has_the_colour_of_the_day(period, colour):
    reading = historique(TEMPO, PTEC=period)
    assert reading.colour is colour
    assert reading.tariff_period == period


def test_a_tempo_frame_says_its_six_registers_and_tomorrow():
    reading = historique(TEMPO)
    assert reading.contract.option == "TEMPO"
    assert reading.contract.registers == TEMPO_REGISTERS
    assert tuple(reading.indexes) == TEMPO_REGISTERS
    assert reading.indexes["HPJR"] == 907447
    assert reading.tomorrow is Colour.WHITE
    assert historique(TEMPO, DEMAIN="----").tomorrow is None
    assert historique(TEMPO, OPTARIF="BBR2").contract == reading.contract


@pytest.mark.parametrize(
    ("options", "overload"),
    [
        pytest.param({}, False, id="silence"),
        pytest.param({"lost": ["ADPS"]}, None, id="damaged"),
        pytest.param({"complete": False}, None, id="cut"),
    ],
)
def test_an_overload_ends_only_in_a_frame_that_would_have_said_it(options, overload):
    assert historique(HC, **options).overload is overload


def test_an_overload_is_said_by_adps():
    assert historique(HC + "ADPS 047").overload is True
    assert historique(HC + "ADPS 047", complete=False).overload is True


@pytest.mark.parametrize(
    ("changes", "injected", "estimated"),
    [
        pytest.param({"PAPP": "00000", "IINST": "013"}, 2990, True, id="injecting"),
        pytest.param({"PAPP": "00000", "IINST": "000"}, 0, False, id="nothing-at-all"),
        pytest.param({"PAPP": "00010", "IINST": "001"}, 0, False, id="drawing"),
        pytest.param({"PAPP": "00000", "lost": ["IINST"]}, None, False, id="current-damaged"),
        pytest.param({"lost": ["PAPP"]}, None, False, id="power-damaged"),
        pytest.param({"without": ["PAPP"]}, None, False, id="old-meter"),
    ],
)
def test_a_historique_meter_injects_when_there_is_current_and_no_power(changes, injected, estimated):
    reading = historique(EJP, **changes)
    assert (reading.injected_power, reading.injected_power_estimated) == (injected, estimated)


def test_the_power_of_an_old_meter_is_estimated():
    reading = historique(HC, without=["PAPP"])
    assert (reading.apparent_power, reading.apparent_power_estimated) == (2070, True)
    assert reading.contract.estimated_power


def test_a_damaged_power_is_not_estimated():
    for options in ({"lost": ["PAPP"]}, {"without": ["PAPP"], "complete": False}):
        reading = historique(HC, **options)
        assert (reading.apparent_power, reading.apparent_power_estimated) == (None, False)
        assert reading.contract is None
        assert reading.indexes == {"HC": 15558379, "HP": 11651341}


@pytest.mark.parametrize(
    "options",
    [
        {"lost": ["OPTARIF"]},
        {"without": ["OPTARIF"]},
        {"lost": ["ISOUSC"]},
        {"lost": [b"\x0bISOUSC 45 \x7f"]},
        {"lost": ["IINST", "IMAX"]},
        {"complete": False},
    ],
    ids=str,
)
def test_a_contract_is_said_whole_or_not_at_all(options):
    """A field that is missing for one frame must not look like another contract."""
    if options == {"lost": [b"\x0bISOUSC 45 \x7f"]}:
        options["without"] = ["ISOUSC"]
    assert historique(HC, **options).contract is None


def test_a_group_that_the_contract_does_not_need_may_be_damaged():
    whole = historique(HC).contract
    assert historique(HC, lost=["HCHC", "PTEC", "MOTDETAT"]).contract == whole
    assert historique(HC, lost=["IINST"]).contract == whole


def test_two_groups_run_together_may_hide_any():
    reading = historique(EJP, lost=[b"ADCO 012345678901 E\x0bPEJP 30 R"], without=["ADCO"])
    assert reading.ejp is Ejp.UNKNOWN


def test_a_group_damaged_into_another_may_be_any():
    assert historique(HC, lost=[b"HCHC 015558379 ?"]).overload is None


def test_a_meter_at_rest_says_only_its_address():
    """NOI-CPT_02E §2.3.2: a link that is alive, and no data."""
    reading = historique("ADCO 012345678901")
    assert reading.meter == "012345678901"
    assert not reading.short
    assert reading.contract is None
    assert (reading.ejp, reading.overload) == (Ejp.UNKNOWN, None)
    assert (reading.apparent_power, reading.currents) == (None, ())


TRI = """
ADCO 022176123456
OPTARIF BASE
ISOUSC 25
BASE 013888366
PTEC TH..
IINST1 001
IINST2 009
IINST3 000
IMAX1 060
IMAX2 060
IMAX3 060
PMAX 08611
PAPP 02070
HHPHC A
MOTDETAT 000000
PPOT 00
"""
SHORT = """
ADIR2 031
ADCO 022176123456
IINST1 001
IINST2 031
IINST3 000
"""


def test_a_three_phase_frame_has_three_currents():
    reading = historique(TRI)
    assert reading.contract.phases == 3
    assert reading.contract.subscribed_power == 15000
    assert reading.currents == (1, 9, 0)
    assert (reading.apparent_power, reading.injected_power) == (2070, 0)
    assert reading.overload is False
    assert reading.values["PPOT"] == (True, True, True)
    assert historique(TRI, lost=["IINST2"]).currents == (1, None, 0)


def test_a_three_phase_house_injects_the_sum_of_its_phases():
    reading = historique(TRI, PAPP="00000")
    assert (reading.injected_power, reading.injected_power_estimated) == (2300, True)
    assert historique(TRI, PAPP="00000", lost=["IINST3"]).injected_power is None


def test_an_old_three_phase_meter_has_its_power_estimated():
    reading = historique(TRI, without=["PAPP", "HHPHC"])
    assert (reading.apparent_power, reading.apparent_power_estimated) == (2300, True)
    assert reading.contract.estimated_power


def test_a_short_frame_tells_the_currents_and_the_overload_only():
    reading = historique(SHORT)
    assert reading.short
    assert reading.meter == "022176123456"
    assert reading.contract is None
    assert reading.currents == (1, 31, 0)
    assert reading.overload is True
    assert (reading.apparent_power, reading.injected_power, reading.tariff_period) == (None, None, None)
    assert reading.ejp is Ejp.UNKNOWN
    assert reading.indexes == {}


def test_the_overload_is_over_in_a_short_frame_without_adir():
    assert historique(SHORT, without=["ADIR2"]).overload is False
    assert historique(SHORT, lost=["ADIR2"]).overload is None


def test_the_long_frame_of_an_overload_does_not_end_it():
    """It has no ADIR: the currents stand for it."""
    assert historique(TRI, IINST2="031").overload is True
    assert historique(TRI, IINST2="031", lost=["ISOUSC"]).overload is None
    assert historique(TRI, lost=["IINST3"]).overload is None


def test_a_long_frame_cut_by_an_overload_is_not_a_short_one():
    cut = historique(TRI, without=["IINST2", "IINST3", "IMAX1", "IMAX2", "IMAX3", "PMAX"], complete=False)
    assert not cut.short
    assert cut.contract is None
    assert cut.indexes == {"TH": 13888366}
    assert cut.apparent_power == 2070
    assert not historique(SHORT, complete=False).short
