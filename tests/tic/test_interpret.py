"""Frames and what they mean, in both modes."""

import os
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkymonitor.model.record import Contract
from linkymonitor.model.terms import Colour, Ejp, Mode
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.frame import Frame, InfoGroup, Rejected
from linkymonitor.tic.interpret import UNNAMED, Stamped, interpret
from linkymonitor.tic.labels import BY_MODE, LABELS
from linkymonitor.tic.values import StatusRegister

NOON = datetime(2025, 3, 7, 12, tzinfo=UTC)
TEMPO_REGISTERS = ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")


def groups_of(text):
    """Read one group a line: ``LABEL data`` or ``LABEL @horodate data``; ``_`` stands for a blank."""
    for line in filter(None, text.splitlines()):
        label, *fields = (field.replace("_", " ") for field in line.split())
        horodate = fields.pop(0)[1:] if fields and fields[0].startswith("@") else None
        yield InfoGroup(label, fields[0] if fields else "", horodate)


def read(mode, text, *, without=(), lost=(), complete=True, **changed):
    """Return what the frame written in *text* says, some groups left out, damaged or changed."""
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


# --- Historique, one phase ---

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


# --- Historique, three phases ---

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


# --- Standard ---

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
HC_NAMES = {"NGTF": "H PLEINE/CREUSE ", "LTARF": "  HEURE  PLEINE ", "NTARF": "02", "EASF02": "000000002"}
TRI_GROUPS = """
IRMS2 003
IRMS3 004
URMS2 233
URMS3 234
SINSTS1 00464
SINSTS2 00699
SINSTS3 00936
SMAXSN2 @H250307063417 01529
"""
PRODUCER = "EAIT 007472722\nSINSTI 01253\nERQ1 000000000\nSMAXIN @H250307063417 01423\n"
PEAKS = "DPM1 @_250308060000 00\nFPM1 @_250309060000 00\n"


def test_a_standard_frame_says_it_all():
    reading = standard(STANDARD)
    assert reading.mode is Mode.STANDARD
    assert reading.contract == Contract(
        mode=Mode.STANDARD,
        option="BASE",
        registers=("TH",),
        subscribed_power=6000,
        phases=1,
        producer=False,
        meter="021861123456",
    )
    assert reading.tariff_period == "TH.."
    assert (reading.apparent_power, reading.apparent_power_estimated) == (464, False)
    assert (reading.injected_power, reading.injected_power_estimated) == (0, False)
    assert (reading.currents, reading.voltages) == ((2,), (232,))
    assert reading.indexes == {"TH": 11887650}
    assert (reading.total_index, reading.injected_index) == (11887650, None)
    assert reading.overload is False
    assert reading.ejp is Ejp.NORMAL
    assert (reading.colour, reading.tomorrow, reading.message) == (None, None, None)
    assert reading.meter_clock == datetime(2025, 3, 7, 12, 43, 49, tzinfo=UTC)
    assert not reading.meter_clock_degraded
    assert not reading.short


def test_standard_values_are_typed():
    values = standard(STANDARD + PEAKS).values
    assert values["DATE"] == datetime(2025, 3, 7, 12, 43, 49, tzinfo=UTC)
    assert values["SMAXSN"] == Stamped(5529, datetime(2025, 3, 7, 5, 34, 17, tzinfo=UTC), "H250307063417")
    assert values["DPM1"] == Stamped(0, None, " 250308060000")
    assert values["NGTF"] == "BASE"
    assert values["RELAIS"] == (False,) * 8
    assert isinstance(values["STGE"], StatusRegister)
    assert values["PRM"] == "12345678901234"


@pytest.mark.parametrize("name", ["H PLEINE/CREUSE ", "H PLEINE-CREUSE ", "hphc", "  HC  "])
def test_the_names_of_peak_and_off_peak_hours_are_one_contract(name):
    reading = standard(STANDARD, **{**HC_NAMES, "NGTF": name})
    assert reading.contract.option == "HC"
    assert reading.contract.registers == ("HC", "HP")
    assert reading.tariff_period == "HP.."
    assert reading.indexes == {"HC": 11887650, "HP": 2}
    assert reading.ejp is Ejp.NORMAL


@pytest.mark.parametrize(
    ("status", "tariff", "period", "ejp"),
    [
        pytest.param("003A0001", "01", "HN..", Ejp.NORMAL, id="normal"),
        pytest.param("103A0001", "01", "HN..", Ejp.NOTICE, id="notice"),
        pytest.param("403A0400", "02", "PM..", Ejp.PEAK, id="peak"),
        pytest.param("503A0400", "02", "PM..", Ejp.PEAK, id="peak-and-notice-of-the-next"),
        pytest.param("003A0400", "02", "PM..", Ejp.PEAK, id="peak-by-its-register"),
        pytest.param("403A0000", "01", "HN..", Ejp.PEAK, id="peak-by-the-status"),
    ],
)
def test_an_ejp_contract_is_followed_in_standard(status, tariff, period, ejp):
    reading = standard(STANDARD, NGTF="      EJP       ", STGE=status, NTARF=tariff)
    assert reading.contract.registers == ("HN", "PM")
    assert reading.tariff_period == period
    assert reading.ejp is ejp


@pytest.mark.parametrize(
    ("options", "ejp"),
    [
        pytest.param({"lost": ["STGE"]}, Ejp.UNKNOWN, id="status-damaged"),
        pytest.param({"lost": ["STGE"], "NTARF": "02"}, Ejp.PEAK, id="the-register-is-enough-for-a-peak"),
        pytest.param({"lost": ["NGTF"], "STGE": "403A0000"}, Ejp.UNKNOWN, id="name-damaged"),
        pytest.param({"lost": ["ADSC"]}, Ejp.NORMAL, id="another-group-damaged"),
        pytest.param({"complete": False}, Ejp.NORMAL, id="cut-but-clear"),
    ],
)
def test_a_damaged_ejp_frame_is_not_guessed(options, ejp):
    assert standard(STANDARD, **{"NGTF": "EJP", **options}).ejp is ejp


def test_a_market_offer_with_peak_days_has_peaks():
    """Any name but Tempo's: the peak bits are then what they are called (NOI-CPT_54E §6.2.3.14)."""
    names = {"NGTF": "ZEN FLEX, = x   ", "NTARF": "03", "EASF02": "000000002"}
    reading = standard(STANDARD, **names, STGE="403A0800")
    assert reading.contract.option == "ZEN FLEX X"
    assert reading.contract.registers == ("F01", "F02", "F03")
    assert reading.tariff_period == "F03"
    assert reading.indexes == {"F01": 11887650, "F02": 2, "F03": 0}
    assert reading.ejp is Ejp.PEAK
    assert standard(STANDARD, **names, STGE="103A0800").ejp is Ejp.NOTICE
    assert standard(STANDARD, **names).ejp is Ejp.NORMAL


@pytest.mark.parametrize("name", ["     TEMPO      ", "AUTRE TEMPO", None])
def test_tempo_days_are_no_mobile_peaks(name):
    """White and red set the peak bits; the colour tells them from EJP, whatever the contract is called."""
    options = {"without": ["NGTF"]} if name is None else {"NGTF": name}
    reading = standard(STANDARD, STGE="9B3A9000", NTARF="05", **options)
    assert (reading.colour, reading.tomorrow) == (Colour.RED, Colour.WHITE)
    assert reading.ejp is Ejp.NORMAL


def test_a_tempo_red_day_in_standard():
    reading = standard(STANDARD + PEAKS, NGTF="     TEMPO      ", STGE="9B3A9000", NTARF="05", RELAIS="001")
    assert reading.contract.option == "TEMPO"
    assert reading.contract.registers == TEMPO_REGISTERS
    assert tuple(reading.indexes) == TEMPO_REGISTERS
    assert reading.tariff_period == "HCJR"
    assert reading.values["STGE"].distributor_index == 3
    assert reading.values["STGE"].contact_open is not reading.values["RELAIS"][0]


def test_a_peak_without_a_name_nor_a_colour_is_a_peak():
    """No name, no colour, but a peak: an offer with peak days whose name was never programmed."""
    reading = standard(STANDARD, without=["NGTF", "LTARF"], STGE="403A0000")
    assert reading.contract.option == UNNAMED
    assert reading.contract.registers == ("F01",)
    assert reading.tariff_period == "F01"
    assert reading.ejp is Ejp.PEAK


@pytest.mark.parametrize("name", ["", " " * 16, ",="])
def test_a_blank_name_is_no_name(name):
    assert standard(STANDARD, NGTF=name).contract.option == UNNAMED


@pytest.mark.parametrize(
    ("tempo", "hour"), [pytest.param("     TEMPO      ", 22, id="tempo"), pytest.param("BASE", 16, id="base")]
)
def test_the_hours_of_a_day_profile_depend_on_the_contract(tempo, hour):
    profile = "00004001 06004002 16004001" + " NONUTILE" * 8
    reading = standard(STANDARD, **{"NGTF": tempo, "PJOURF+1": profile})
    assert [switch.start for switch in reading.values["PJOURF+1"]] == [time(0), time(6), time(hour)]


def test_a_hexadecimal_day_profile():
    profile = "00008002 0038C001 07388002 0D1A8001 0E1A8002" + " NONUTILE" * 6
    switch = standard(STANDARD, **{"PJOURF+1": profile}).values["PJOURF+1"][3]
    assert (switch.start, switch.supplier_index) == (time(13, 26), 1)


def test_data_that_mean_nothing_leave_no_value():
    values = standard(STANDARD + "NOUVEAU 12", **{"PJOURF+1": "00004001 00004001"}).values
    assert "PJOURF+1" not in values
    assert "NOUVEAU" not in values


# --- Standard: injection ---


def test_a_producer_says_what_it_injects():
    reading = standard(STANDARD + PRODUCER, SINSTS="00000", STGE="003A0301")
    assert reading.contract.producer is True
    assert (reading.injected_power, reading.injected_power_estimated) == (1253, False)
    assert reading.injected_index == 7472722


def test_a_consumer_that_injects_is_told_by_its_direction():
    """STGE 010A4601 was seen on a house without a producer contract."""
    reading = standard(STANDARD, STGE="010A4601", SINSTS="00000")
    assert reading.contract.producer is False
    assert (reading.injected_power, reading.injected_power_estimated) == (464, True)


@pytest.mark.parametrize(
    ("options", "injected"),
    [
        pytest.param({"SINSTS": "00000"}, 0, id="nothing-at-all"),
        pytest.param({"SINSTS": "00000", "STGE": "003A0201", "IRMS1": "000"}, 0, id="less-than-an-ampere"),
        pytest.param({"SINSTS": "00010", "STGE": "003A0201"}, 0, id="drawing"),
        pytest.param({"SINSTS": "00000", "lost": ["STGE"]}, None, id="status-damaged"),
        pytest.param({"SINSTS": "00000", "STGE": "003A0201", "lost": ["IRMS1"]}, None, id="current-damaged"),
        pytest.param({"SINSTS": "00000", "STGE": "003A0201", "lost": ["SINSTI"]}, None, id="power-damaged"),
        pytest.param({"SINSTS": "00010", "lost": ["SINSTI"]}, 0, id="drawing-for-certain"),
        pytest.param({"lost": ["SINSTS"]}, None, id="drawn-power-damaged"),
    ],
)
def test_injection_without_sinsti(options, injected):
    reading = standard(STANDARD, **options)
    assert (reading.injected_power, reading.injected_power_estimated) == (injected, False)


def test_a_pilot_meter_has_its_power_estimated():
    reading = standard(STANDARD, without=["SINSTS"])
    assert (reading.apparent_power, reading.apparent_power_estimated) == (464, True)
    assert reading.contract.estimated_power
    assert standard(STANDARD, without=["SINSTS"], STGE="003A0201").apparent_power == 0
    assert standard(STANDARD, lost=["SINSTS"]).apparent_power is None


# --- Standard: the rest ---


def test_three_phases_are_told_by_more_than_one_label():
    reading = standard(STANDARD + TRI_GROUPS)
    assert reading.contract.phases == 3
    assert reading.currents == (2, 3, 4)
    assert reading.voltages == (232, 233, 234)
    damaged = standard(STANDARD + TRI_GROUPS, lost=["IRMS2", "IRMS3"])
    assert damaged.contract.phases == 3
    assert damaged.currents == (2, None, None)


def test_a_three_phase_consumer_injects_the_sum_of_its_phases():
    reading = standard(STANDARD + TRI_GROUPS, STGE="003A0201", SINSTS="00000")
    assert reading.injected_power == 2 * 232 + 3 * 233 + 4 * 234


def test_the_clock_may_be_degraded():
    by_season = standard(STANDARD.replace("@H250307134349", "@h081225223518"))
    assert by_season.meter_clock_degraded
    assert by_season.meter_clock == datetime(2008, 12, 25, 21, 35, 18, tzinfo=UTC)
    assert standard(STANDARD, STGE="003B0001").meter_clock_degraded
    lost = standard(STANDARD.replace("@H250307134349", "@h000000000000"))
    assert lost.meter_clock_degraded
    assert lost.meter_clock is None
    assert "DATE" not in lost.values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PAS DE          MESSAGE         ", None),
        ("     PAS DE          MESSAGE    ", None),
        (" " * 32, None),
        ("  COUPURE   DEMAIN  ", "COUPURE DEMAIN"),
    ],
)
def test_a_message_is_one_when_it_says_something(text, message):
    assert standard(STANDARD, MSG1=text).message == message


def test_the_status_says_the_overload():
    assert standard(STANDARD, STGE="003A0081").overload is True
    assert standard(STANDARD, lost=["STGE"]).overload is None


def test_the_register_in_force_is_also_in_the_status():
    reading = standard(STANDARD, **{**HC_NAMES, "STGE": "003A4401"}, lost=["NTARF"])
    assert reading.tariff_period == "HP.."
    assert standard(STANDARD, STGE="003A3C01", lost=["NTARF"]).tariff_period is None


def test_a_register_that_the_contract_does_not_name_keeps_its_number():
    assert standard(STANDARD, NTARF="02").tariff_period == "F02"


@pytest.mark.parametrize("label", ["NGTF", "PREF", "SINSTS", "STGE", "EAIT"])
def test_a_standard_contract_is_said_whole_or_not_at_all(label):
    assert standard(STANDARD, lost=[label]).contract is None


@pytest.mark.parametrize("label", ["NTARF", "EASF02", "EASF10"])
def test_an_unnamed_contract_needs_its_registers(label):
    assert standard(STANDARD, lost=[label]).contract is not None
    assert standard(STANDARD, NGTF="HC ET WEEK-END  ", lost=[label]).contract is None


def test_a_producer_is_known_by_either_sign():
    assert standard(STANDARD + PRODUCER, lost=["STGE"]).contract.producer is True
    assert standard(STANDARD, STGE="003A0101").contract.producer is True


def test_a_cut_standard_frame_gives_what_it_has():
    head = "\n".join(STANDARD.strip().splitlines()[:7])
    reading = standard(head, complete=False)
    assert reading.contract is None
    assert reading.indexes == {"TH": 11887650}
    assert (reading.currents, reading.voltages, reading.overload) == ((), (), None)
    assert reading.ejp is Ejp.UNKNOWN
    assert standard("EASF01 011887650", complete=False).indexes == {}
    assert standard("EASF01 011887650\nNTARF 01", complete=False).tariff_period is None
    assert standard("ADSC 021861123456", lost=["IRMS1", "URMS1"]).contract is None


# --- What was read before ---


def test_reading_again_gives_the_same():
    """What is remembered from frame to frame is never what a frame said."""
    first = standard(STANDARD)
    other = standard(STANDARD, NGTF="     TEMPO      ", STGE="9B3A9000", IRMS1="009")
    assert standard(STANDARD) == first
    assert other != first


def test_what_is_remembered_is_bounded():
    for index in range(3000):
        assert historique(BASE, BASE=f"{index:09d}").indexes == {"TH": index}


# --- Whatever comes ---

GROUPS = st.builds(
    InfoGroup,
    st.sampled_from([label.name for label in LABELS]),
    st.one_of(st.sampled_from([label.example for label in LABELS]), st.text(max_size=16)),
    st.sampled_from([None, "H250307134349", " 250230123456", "h000000000000"]),
)
FRAMES = st.builds(
    Frame,
    st.lists(GROUPS, max_size=12).map(tuple),
    st.lists(st.builds(Rejected, st.binary(max_size=20), st.just("shape")), max_size=2).map(tuple),
    st.booleans(),
)


@pytest.mark.parametrize("mode", Mode)
@given(frame=FRAMES)
def test_no_frame_makes_it_raise(mode, frame):
    reading = interpret(frame, mode, NOON)
    assert reading.values.keys() <= BY_MODE[mode].keys()
    assert reading.contract is None or frame.complete


# --- The real captures ---

CAPTURES = os.environ.get("LINKYMONITOR_CAPTURES")
#: Lines which the 6-bit checksum alone would lose or keep, and we do not: docs/protocol.md explains each.
DIFFERENCES = {"lines_std_corrupted_linkytic.tic": 4}


def captures():
    if not CAPTURES:
        return []
    rows = (Path(CAPTURES) / "INDEX.tsv").read_text().splitlines()
    names = rows[0].split("\t")
    return [dict(zip(names, row.split("\t"), strict=True)) for row in rows[1:]]


@pytest.mark.captures
@pytest.mark.skipif(not CAPTURES, reason="LINKYMONITOR_CAPTURES is not set")
@pytest.mark.parametrize("capture", captures(), ids=lambda capture: capture["file"])
def test_every_capture_is_read_and_interpreted(capture):
    decoder = FrameDecoder(Mode(capture["mode"]))
    raw = (Path(CAPTURES) / capture["file"]).read_bytes()
    frames = decoder.feed(raw) + decoder.close()
    groups = sum(len(frame.groups) for frame in frames)
    assert groups == int(capture["lines_ok"]) + DIFFERENCES.get(capture["file"], 0)
    assert sum(frame.complete for frame in frames) == int(capture["frames"])
    readings = [interpret(frame, decoder.mode, NOON) for frame in frames]
    contracts = [reading.contract for reading in readings if reading.contract]
    options = {"BASE": "BASE", "HC": "HC", "EJP": "EJP", "Tempo": "TEMPO", "PRODUCTEUR": "PRODUCTEUR"}
    assert {contract.option for contract in contracts} <= {options.get(capture["contract"])}
    assert {contract.phases for contract in contracts} <= {3 if capture["phases"] == "tri" else 1}
    if decoder.mode is Mode.STANDARD:
        assert {contract.producer for contract in contracts} <= {capture["producer"] == "yes"}
    if "ejp_notice" in capture["file"]:
        assert [reading.ejp for reading in readings] == [Ejp.NOTICE]
    elif capture["contract"] != "EJP":
        assert {reading.ejp for reading in readings} <= {Ejp.NORMAL, Ejp.UNKNOWN}
