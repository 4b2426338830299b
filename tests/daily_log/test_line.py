"""A line has the values of its record, and a torn line is not accepted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.line import STAMP, format_record
from linkymonitor.daily_log.reader import Entry, LineReader
from linkymonitor.daily_log.statements import format_contract, parse_contract
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import PERIODS, Colour, Ejp, Mode, code

AT = datetime(2026, 2, 20, 19, 10, 22, tzinfo=UTC)
SALT = "0123456789abcdef"
FORERUNNER = "Periode=HN.., IndexHN=000688322, IndexHPM=000080072, PuissConsommee=00000, IConsommee=013"


def contract(option: str = "EJP", mode: Mode = Mode.HISTORIQUE, **fields) -> Contract:
    registers = tuple(map(code, PERIODS.get(option, ("F01", "F03"))))
    return Contract(**{"mode": mode, "option": option, "registers": registers, **fields})


def record(under: Contract | None = None, **fields) -> Record:
    fields = {
        "started_at": AT,
        "ended_at": AT,
        "contract": under or contract(),
        "tariff_period": "HN..",
        "apparent_power": 0,
        "current": 13,
        "indexes": {"HN": 688322, "PM": 80072},
        **fields,
    }
    return Record(**fields)


def line(text: str, status: str = "DATA") -> bytes:
    return f"{AT.strftime(STAMP)}\t{status}\t{text}\n".encode()


def alone(data: bytes) -> Entry | None:
    """Return the record of the line *data*, the only line of its file."""
    return LineReader().parse(data.removesuffix(b"\n"))


def test_the_first_five_fields_under_ejp_are_the_forerunners():
    assert format_record(record()) == (
        FORERUNNER + ", PuissMin=, PuissMax=, PuissInjectee=, IndexInjecte=, I1=, I2=, I3=, U1=, U2=, U3=, "
        "Couleur=, Demain=, Trames=0000, Rejets=0000, Ejp=, Depassement=0"
    )


def test_a_whole_record_fills_every_field():
    whole = record(
        contract("TEMPO", Mode.STANDARD),
        tariff_period="HPJB",
        apparent_power=1234,
        power_min=1000,
        power_max=2345,
        injected_power=0,
        current=6,
        currents=(1, 2, 3),
        voltages=(230, 231, 232),
        indexes=dict(zip(map(code, PERIODS["TEMPO"]), range(1, 7), strict=True)),
        total_index=21,
        injected_index=7,
        colour=Colour.BLUE,
        tomorrow=Colour.RED,
        frames=8,
        rejected=1,
        ejp=Ejp.NOTICE,
        overload=True,
    )
    assert format_record(whole) == (
        "Periode=HPJB, IndexHCJB=000000001, IndexHPJB=000000002, IndexHCJW=000000003, IndexHPJW=000000004, "
        "IndexHCJR=000000005, IndexHPJR=000000006, PuissConsommee=01234, IConsommee=006, IndexTotal=000000021, "
        "PuissMin=01000, PuissMax=02345, PuissInjectee=00000, IndexInjecte=000000007, I1=001, I2=002, I3=003, "
        "U1=230, U2=231, U3=232, Couleur=BLEU, Demain=ROUG, Trames=0008, Rejets=0001, "
        "Ejp=notice, Depassement=1"
    )


NAMES = [
    pytest.param(contract("BASE"), "IndexBase", id="base"),
    pytest.param(contract("HC"), "IndexHC, IndexHP", id="hc"),
    pytest.param(contract("EJP"), "IndexHN, IndexHPM", id="ejp"),
    pytest.param(
        contract("TEMPO"),
        "IndexHCJB, IndexHPJB, IndexHCJW, IndexHPJW, IndexHCJR, IndexHPJR",
        id="tempo",
    ),
    pytest.param(contract("OFFRE"), "IndexEASF01, IndexEASF03", id="supplier's"),
]


@pytest.mark.parametrize(("under", "names"), NAMES)
def test_registers_are_named_after_their_contract(under, names):
    fields = re.findall(r"(\w+)=", format_record(record(under, indexes={}, tariff_period=None)))
    assert fields[:-16] == ["Periode", *names.split(", "), "PuissConsommee", "IConsommee"]


def test_a_value_that_no_meter_can_send_is_left_empty():
    text = format_record(record(apparent_power=100_000, current=-1, indexes={"HN": 10**9, "PM": 1}))
    assert text.startswith(
        "Periode=HN.., IndexHN=, IndexHPM=000000001, PuissConsommee=, IConsommee=, PuissMin"
    )


def test_an_ejp_line_keeps_its_places_when_a_register_is_missing():
    text = format_record(record(contract(registers=("HN",)), indexes={"HN": 1}))
    assert text.startswith(
        "Periode=HN.., IndexHN=000000001, IndexHPM=, PuissConsommee=00000, IConsommee=013, "
    )


registers_of = st.sampled_from(["BASE", "HC", "EJP", "TEMPO", "OFFRE"])


def numbers(limit: int) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(0, limit - 1)


@st.composite
def all_records(draw) -> tuple[Contract, Record]:
    option = draw(registers_of)
    mode = draw(st.sampled_from(Mode))
    phases = draw(st.sampled_from([1, 3]))
    under = contract(
        option,
        mode,
        subscribed_power=draw(st.none() | st.integers(0, 36000)),
        phases=phases,
        producer=draw(st.sampled_from([None, True, False])),
        meter=draw(st.none() | st.from_regex(r"[0-9]{12}", fullmatch=True)),
        estimated_power=draw(st.booleans()),
    )
    indexes = {register: value for register in under.registers if (value := draw(numbers(10**9))) is not None}
    currents = draw(st.tuples(*[st.integers(0, 999)] * phases) | st.just(()))
    colours = st.sampled_from([None, *Colour])
    return under, Record(
        started_at=AT,
        ended_at=AT,
        contract=under,
        tariff_period=draw(st.sampled_from([None, *PERIODS.get(option, ("F01", "F10"))])),
        apparent_power=draw(numbers(10**5)),
        power_min=draw(numbers(10**5)),
        power_max=draw(numbers(10**5)),
        injected_power=draw(numbers(10**5)),
        current=draw(numbers(1000)),
        currents=currents,
        voltages=draw(st.tuples(*[st.integers(0, 999)] * phases) | st.just(())),
        indexes=indexes,
        total_index=draw(numbers(10**9)) if mode is Mode.STANDARD else None,
        injected_index=draw(numbers(10**9)),
        colour=draw(colours),
        tomorrow=draw(colours),
        frames=draw(st.integers(0, 9999)),
        rejected=draw(st.integers(0, 9999)),
        ejp=draw(st.sampled_from(Ejp)),
        overload=draw(st.booleans()),
    )


@given(all_records())
def test_every_record_survives_the_log(given_record):
    under, written = given_record
    reader = LineReader()
    entry = reader.parse(line(format_contract(under, SALT), "INFO")[:-1])
    read = reader.parse(line(format_record(written))[:-1])
    hashed = entry.contract.meter
    assert (hashed is None) == (under.meter is None)
    assert hashed != under.meter or under.meter is None
    assert read.record == written._replace(contract=under._replace(meter=hashed))


@given(all_records())
def test_a_line_by_itself_tells_the_option_by_its_registers(given_record):
    under, written = given_record
    read_back = alone(line(format_record(written))).record
    assert read_back.indexes == written.indexes
    assert read_back.contract.registers == under.registers
    assert read_back.contract.option == (under.option if under.option in PERIODS else "")


@given(st.text(), st.text(), st.integers(0, 99999))
def test_no_contract_can_break_its_line(option, meter, power):
    under = contract(option, meter=meter, subscribed_power=power)
    text = format_contract(under, SALT)
    assert len(text.splitlines()) == 1
    found = parse_contract(text)
    assert found is not None
    assert found.subscribed_power == power


def test_the_address_of_the_meter_is_hashed_with_the_salt():
    under = contract(meter="021861123456", subscribed_power=9000, phases=1)
    one, other = format_contract(under, SALT), format_contract(under, SALT[::-1])
    assert one.startswith(
        "Contrat: mode=historique, option=EJP, puissance=9000, phases=1, producteur=, compteur="
    )
    assert one != other
    assert "123456" not in one + other


def test_an_old_meter_is_said_to_have_its_power_estimated():
    text = format_contract(contract(estimated_power=True), SALT)
    assert text.endswith("compteur=, papp=estimee")
    assert parse_contract(text).estimated_power


READ = [
    pytest.param(FORERUNNER, id="the forerunner's"),
    pytest.param("Periode=, IndexHN=, IndexHPM=, PuissConsommee=, IConsommee=", id="the forerunner's first"),
    pytest.param(format_record(record()), id="ours"),
    pytest.param(format_record(record()).partition(", Ejp=")[0], id="an older version's"),
    pytest.param(format_record(record()) + ", Cosinus=0.9", id="a later version's"),
    pytest.param(format_record(record()) + ", I4=1, Serie=x, Ejp2=", id="three fields of a later version"),
    pytest.param("Periode=HN.., Nouveau=x, " + format_record(record())[14:], id="a field in between"),
]


@pytest.mark.parametrize("text", READ)
def test_these_are_read(text):
    assert alone(line(text)).record is not None


def test_a_line_of_an_older_version_says_neither_a_peak_nor_an_overload():
    older = format_record(record(ejp=Ejp.PEAK, overload=True)).partition(", Ejp=")[0]
    assert older.endswith("Rejets=0000")
    found = alone(line(older)).record
    assert (found.ejp, found.overload) == (Ejp.UNKNOWN, None)


def test_the_forerunners_line_is_read_in_full():
    entry = alone(line(FORERUNNER))
    assert entry.record == record(
        Contract(mode=Mode.HISTORIQUE, option="EJP", registers=("HN", "PM")),
    )


REFUSED = [
    pytest.param(line(FORERUNNER + "\r"), id="CR LF"),
    pytest.param(line(FORERUNNER[:-1]), id="two digits of three"),
    pytest.param(line(FORERUNNER + "0"), id="four digits of three"),
    pytest.param(line(FORERUNNER.replace("IndexHN=0006", "IndexHN=-006")), id="a sign"),
    pytest.param(line(FORERUNNER.replace("HN..", "HN")), id="a period cut"),
    pytest.param(line(FORERUNNER.replace(", ", ",")), id="other separators"),
    pytest.param(line(FORERUNNER.replace("0688322", "٠688322")), id="digits of another script"),
    pytest.param(line(format_record(record()).partition(", Trames")[0]), id="the last fields missing"),
    pytest.param(line(FORERUNNER + ", PuissMin="), id="all but the first of the last fields missing"),
    pytest.param(line(FORERUNNER + ", " + FORERUNNER), id="fields twice"),
    pytest.param(line(format_record(record()).partition(", Depassement")[0]), id="the very last missing"),
    pytest.param(line(format_record(record())[:-1]), id="no digit of an overload"),
    pytest.param(line(format_record(record())[:-1] + "2"), id="an overload that is 2"),
    pytest.param(line(format_record(record()).replace("Ejp=", "Ejp=maybe")), id="a state that is none"),
    pytest.param(line(FORERUNNER + ", Ejp=, Depassement=0"), id="only the last two of the last fields"),
    pytest.param(line(FORERUNNER).replace(b"02/20", b"02/30"), id="30 February"),
    pytest.param(line(FORERUNNER).replace(b"19:10", b"24:10"), id="24 h 10"),
    pytest.param(line(FORERUNNER).replace(b"\tDATA", b" DATA"), id="a blank for a tab"),
    pytest.param(line("x", "FATAL"), id="another status"),
    pytest.param(line(FORERUNNER)[:40] + b"\0" + line(FORERUNNER)[40:], id="NUL within"),
    pytest.param(b"\n", id="an empty line"),
]


@pytest.mark.parametrize("data", REFUSED)
def test_these_are_refused(data):
    assert alone(data) is None


def test_of_a_line_with_nul_bytes_what_follows_the_last_is_read():
    assert alone(b"2026/02/20 19:1\0\0\0" + line(FORERUNNER)).record == alone(line(FORERUNNER)).record


def test_notes_are_read_whatever_they_say():
    entry = alone(line("Arrêt : a=b, c\td", "WARN"))
    assert (entry.at, entry.status, entry.text, entry.record) == (AT, "WARN", "Arrêt : a=b, c\td", None)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_raise(data):
    for entry in (alone(data), alone(line(FORERUNNER)[:26] + data + b"\n")):
        assert entry is None or isinstance(entry, Entry)


def test_a_record_is_taken_to_start_where_the_one_before_it_ended():
    reader = LineReader()

    def read(seconds: float) -> Record:
        stamp = (AT + timedelta(seconds=seconds)).strftime(STAMP)
        return reader.parse(f"{stamp}\tDATA\t{FORERUNNER}".encode()).record

    assert read(0).started_at == AT
    assert read(12).started_at == AT
    late = read(3600)
    assert late.started_at == late.ended_at, "nothing is known of the hour"


def drawn(log: str) -> tuple[list[str], list[list[str]]]:
    """Return the labels and rows of LinkyGraphCreate.pl's graph.

    Its rule: it takes the blanks out of a DATA line, splits the line at commas, then at the equals sign, and
    keeps the values with a digit or a dash, after the stamp and in their order. The names come from the
    first line alone, and every row must have the same names.
    """
    labels: list[str] = []
    rows = []
    for text in log.splitlines():
        match = re.match(r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)\tDATA\t(.*)", text)
        if match is None:
            continue
        pairs = [pair.split("=") for pair in re.sub(r"\s", "", match[2]).split(",")]
        kept = [(name, value) for name, value in pairs if re.search(r"[\d-]", value)]
        labels = labels or ["Date", *(name for name, _ in kept)]
        rows.append([match[1], *(value for _, value in kept)])
    return labels, rows


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("more", [(), ("F03",)], ids=["two registers", "a third one"])
def test_the_forerunners_script_draws_our_ejp_log(mode, more):
    under = contract("EJP", mode, registers=("HN", "PM", *more))
    text = ""
    for n in range(50):
        written = record(
            under,
            tariff_period="PM.." if n > 25 else "HN..",
            apparent_power=1000 + n,
            current=n,
            power_min=900,
            power_max=1100 + n,
            injected_power=0,
            currents=(n,),
            voltages=(231,) if mode is Mode.STANDARD else (),
            indexes={"HN": 688322 + n, "PM": 80072 + 2 * n, **dict.fromkeys(more, 7)},
            total_index=900000 + n if mode is Mode.STANDARD else None,
            frames=8,
            ejp=(Ejp.UNKNOWN, Ejp.NORMAL, Ejp.NOTICE, Ejp.PEAK)[n % 4],
            overload=n % 3 == 0,
        )
        text += line(format_record(written)).decode()
    labels, rows = drawn(text)
    assert labels[:5] == ["Date", "IndexHN", "IndexHPM", "PuissConsommee", "IConsommee"]
    assert {len(row) for row in rows} == {len(labels)}
    for n, row in enumerate(rows):
        assert list(map(int, row[1:5])) == [688322 + n, 80072 + 2 * n, 1000 + n, n]


def offer_line(*registers: tuple[str, int]) -> str:
    """Return a line with these registers of a supplier."""
    codes = tuple(name for name, _ in registers)
    under = contract("OFFRE", Mode.STANDARD, registers=codes)
    return format_record(record(under, tariff_period="F01", indexes=dict(registers)))


def everything(lines: list[bytes]) -> dict[str, list[Record | None]]:
    """Return the records of *lines*, read by each of the readers."""
    reader = LineReader()
    at_once: list[Record | None] = []
    for batch in LineReader().batches(lines):
        at_once += batch.rows() if isinstance(batch, Columns) else [None]
    return {
        "one by one": [entry and entry.record for entry in map(reader.parse, lines)],
        "batches": at_once,
    }


def test_registers_whose_names_differ_in_a_digit_are_told_apart():
    one, other = offer_line(("F01", 1), ("F02", 2)), offer_line(("F01", 3), ("F03", 4))
    lines = [line(text)[:-1] for text in (one, one, other, other, one)]
    first, second = {"F01": 1, "F02": 2}, {"F01": 3, "F03": 4}
    for way, records in everything(lines).items():
        assert [one.indexes for one in records] == [first, first, second, second, first], way
        assert [one.contract.registers for one in records] == [tuple(one.indexes) for one in records], way


@pytest.mark.parametrize(
    "names", ["I1=001, I1=002, I3=003", "I1=001, I2=002, I2=003", "I2=001, I1=002, I3=003"]
)
def test_a_line_that_names_a_phase_twice_is_not_believed_after_one_that_does_not(names):
    right = format_record(record(currents=(1, 2, 3)))
    wrong = right.replace("I1=001, I2=002, I3=003", names)
    lines = [line(text)[:-1] for text in (right, wrong, right)]
    for way, records in everything(lines).items():
        assert [one.currents for one in records if one] == [(1, 2, 3), (1, 2, 3)], way
    assert [batch is None for batch in LineReader().batches(lines)] == [False, True, False]
