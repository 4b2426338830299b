"""The INI file: every type, and every fault at once."""

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkymonitor.config import Chosen, chosen_by, fill
from linkymonitor.errors import BadSetting, ConfigError
from linkymonitor.ini_file import parse
from linkymonitor.language import Text
from linkymonitor.setting_types import fields_of
from linkymonitor.settings import Settings, load
from tests.support.ini import Everything, Fruit, Strict, Whole, faults, parsed, written


@dataclass(frozen=True, kw_only=True)
class Typed(Strict):
    type: str


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("text", "a = b # c ; d %s %(x)s", "a = b # c ; d %s %(x)s"),
        ("text", "100 %", "100 %"),
        ("text", "é€", "é€"),
        ("whole", "12", 12),
        ("whole", "-3", -3),
        ("whole", "0x3C", 0x3C),
        ("real", "1.5", 1.5),
        ("real", "1,5", 1.5),
        *[("yes", text, True) for text in ("yes", "oui", "1", "on", "True", "VRAI")],
        *[("yes", text, False) for text in ("no", "non", "0", "off", "False", "faux")],
        ("path", "/var/log", Path("/var/log")),
        ("path", "~/x", Path.home() / "x"),
        ("wait", "90s", timedelta(seconds=90)),
        ("wait", "15m", timedelta(minutes=15)),
        ("wait", "15 min", timedelta(minutes=15)),
        ("wait", "2h", timedelta(hours=2)),
        ("wait", "7d", timedelta(days=7)),
        ("wait", "7j", timedelta(days=7)),
        ("wait", "50ms", timedelta(milliseconds=50)),
        ("wait", "1,5h", timedelta(minutes=90)),
        ("wait", "0s", timedelta(0)),
        ("price", "0,1781", Decimal("0.1781")),
        ("price", "0.1781", Decimal("0.1781")),
        ("at", "22:30", time(22, 30)),
        ("at", "7h", time(7)),
        ("at", "7h05", time(7, 5)),
        ("at", "24:00", time(0)),
        ("fruit", "PEAR", Fruit.PEAR),
        ("names", "a, b,,c ", ("a", "b", "c")),
        ("names", "", ()),
        ("maybe", "", None),
        ("maybe", "1", Decimal(1)),
        ("fruit_or_not", "", None),
        ("fruit_or_not", "pear", Fruit.PEAR),
    ],
)
def test_the_type_of_a_field_reads_its_text(tmp_path, key, text, value):
    read = getattr(parsed(tmp_path, f"[all]\n{key} = {text}\n").all, key)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("text", "", "a text"),
        ("whole", "1.5", "a whole number"),
        ("whole", "", "a whole number"),
        ("whole", "0xZZ", "a whole number"),
        ("real", "one", "a number"),
        ("real", "nan", "a number"),
        ("real", "inf", "a number"),
        ("yes", "maybe", "yes or no"),
        ("path", "", "a path"),
        ("wait", "soon", "a duration such as 90s, 15m, 2h or 7d"),
        ("wait", "90", "a duration such as 90s, 15m, 2h or 7d"),
        ("wait", "-1s", "a duration such as 90s, 15m, 2h or 7d"),
        ("wait", "9" * 30 + "d", "a duration such as 90s, 15m, 2h or 7d"),
        ("price", "dear", "a number such as 0.1781"),
        ("price", "NaN", "a number such as 0.1781"),
        ("price", "Infinity", "a number such as 0.1781"),
        ("price", "0.17 €", "a number such as 0.1781; write price = 0.17: without a unit"),
        ("at", "25:00", "a time such as 22:30"),
        ("at", "24:30", "a time such as 22:30"),
        ("at", "22:60", "a time such as 22:30"),
        ("at", "noon", "a time such as 22:30"),
        ("fruit", "plum", "apple or pear"),
        ("fruit", "", "apple or pear"),
        ("fruit_or_not", "plum", "apple or pear"),
    ],
)
def test_what_cannot_be_read_says_what_was_found_and_expected(tmp_path, key, text, expected):
    assert faults(tmp_path, f"[all]\n{key} = {text}\n") == [f"[all] {key} = {text}: expected {expected}"]


def test_all_faults_come_at_once_with_the_word_that_may_be_meant(tmp_path):
    assert faults(
        tmp_path,
        "[all]\nwhol = 1\nwait = soon\nfruit = plum\n[al]\nx = 1\n[pin:a]\npin = 99\n[pin:b]\n[pin]\npin = 1\n"
        "[qqq]\n[general]\nlang = de\n",
    ) == [
        "[all] whol: unknown, did you mean whole?",
        "[all] wait = soon: expected a duration such as 90s, 15m, 2h or 7d",
        "[all] fruit = plum: expected apple or pear",
        "[al]: unknown, did you mean all?",
        "[pin:a] pin = 99: expected 0 to 27",
        "[pin:b] pin: missing; expected a whole number",
        "[pin]: unknown, did you mean pin:NAME?",
        "[qqq]: unknown; expected one of general, all, pin:NAME",
        "[general] lang = de: expected fr or en",
    ]


def test_faults_are_in_the_language_of_the_file_else_of_the_terminal(tmp_path, monkeypatch):
    def printed(text):
        with pytest.raises(ConfigError) as caught:
            load(written(tmp_path, text))
        return str(caught.value)

    text = "[meter]\nprot = 1\n"
    assert printed(text).endswith("[meter] prot: unknown, did you mean port?")
    monkeypatch.setenv("LANG", "C.UTF-8")
    assert printed(text).endswith("[meter] prot : inconnu, vouliez-vous dire port ?")
    assert printed("[general]\nlang = en\n" + text).endswith("did you mean port?")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(
            "[all]\nwhole = 1\nwhole = 2\n", "line 3: [all] whole: a second time; keep one", id="a key twice"
        ),
        pytest.param("[all]\n[all]\n", "line 2: [all]: a second time; keep one", id="a section twice"),
        pytest.param(
            "whole = 1\n", "line 1: in no section; expected a line such as [meter] first", id="no section"
        ),
        pytest.param("[all\nwhole = 1\n", "line 1: in no section", id="no bracket"),
        pytest.param("[all]\nwhole: s3cret\n", "line 2: cannot be read; expected [section]", id="no value"),
        pytest.param(b"[all]\ntext = \xe9t\xe9\n", "UTF-8", id="Latin-1"),
        pytest.param(b"\xff\xfe[\x00", "UTF-8", id="UTF-16"),
    ],
)
def test_a_file_that_is_no_ini_is_one_sentence(tmp_path, text, says):
    (fault,) = faults(tmp_path, text)
    assert says in fault
    assert "\n" not in fault
    assert "s3cret" not in fault


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    read = parsed(tmp_path, b"\xef\xbb\xbf[all]\r\nwhole = 7\r\ntext = a b\r\n").all
    assert (read.whole, read.text) == (7, "a b")


def test_a_file_that_is_not_there_names_it_and_the_option(tmp_path):
    with pytest.raises(ConfigError, match=r"gone\.ini: cannot be read .*; name another file with -c"):
        parse(tmp_path / "gone.ini")
    with pytest.raises(ConfigError, match="cannot be read"):
        parse(tmp_path)


def test_sections_without_a_name_exist_even_when_the_file_is_silent(tmp_path):
    settings = parsed(tmp_path, "")
    assert settings.all == Everything()
    assert settings.pin == {}


def test_named_sections_know_their_name_and_keep_their_order(tmp_path):
    pins = parsed(tmp_path, "[pin:two]\npin = 2\n[pin:one]\npin = 1\n").pin
    assert list(pins) == ["two", "one"]
    assert pins["two"].name == "two"
    assert faults(tmp_path, "[pin:x]\npin = 1\nname = y\n") == ["[pin:x] name: unknown; expected one of pin"]
    assert faults(tmp_path, "[pin:]\npin = 1\n")


def chooser(raw):
    if raw.get("type") != "strict":
        raise BadSetting(Text(f"type = {raw.get('type')} : inconnu", f"type = {raw.get('type')}: unknown"))
    return Chosen(Typed, lambda settings: ("strict", settings))


@dataclass(frozen=True, kw_only=True)
class Choosing:
    part: Mapping[str, object] = chosen_by(chooser)


def test_a_class_may_be_picked_by_the_section_and_its_faults_are_told(tmp_path):
    settings = parsed(tmp_path, "[part:a]\ntype = strict\npin = 3\n", Choosing)
    assert settings.part == {"a": ("strict", Typed(pin=3, type="strict", name="a"))}
    assert faults(tmp_path, "[part:a]\ntype = strict\n", Choosing) == [
        "[part:a] pin: missing; expected a whole number"
    ]
    assert faults(tmp_path, "[part:a]\ntype = x\npin = 3\n", Choosing) == ["[part:a] type = x: unknown"]


def told(call) -> tuple[Text, ...]:
    """Return the faults that *call* raises; it may raise a ConfigError only."""
    try:
        call()
    except ConfigError as error:
        return error.faults
    return ()


@given(st.binary(max_size=300))
def test_no_file_makes_the_reader_raise_anything_but_a_configuration_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.ini"
    path.write_bytes(b"[all]\n" + data)
    assert all("\n" not in str(fault) for fault in told(lambda: fill(Whole, parse(path), path)))


@given(
    st.sampled_from(list(fields_of(Everything))),
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30),
)
def test_no_text_makes_a_field_raise_anything_but_a_configuration_error(tmp_path_factory, key, text):
    path = tmp_path_factory.getbasetemp() / "field.ini"
    path.write_text(f"[all]\n{key} = {text}\n", encoding="utf-8")
    assert len(told(lambda: fill(Whole, parse(path), path))) <= 1


def test_two_names_of_one_setting_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"\[display\] type: means the same as chip; keep one"):
        parsed(tmp_path, "[display]\ntype = ssd1306\nchip = sh1106\n", Settings)


def test_a_fault_names_the_key_as_it_was_written(tmp_path):
    with pytest.raises(ConfigError, match=r"\[display\] type = vfd: expected ssd1306 or sh1106"):
        parsed(tmp_path, "[display]\ntype = vfd\n", Settings)


@dataclass(frozen=True, kw_only=True)
class Postponed:
    fruit: Fruit | None = None
    strange: complex = 0j


def test_a_type_that_nothing_reads_is_a_mistake_of_whoever_wrote_the_class():
    with pytest.raises(TypeError, match=r"Postponed.strange: no way to read a complex"):
        fields_of(Postponed)


def test_a_class_that_is_no_dataclass_is_a_mistake_of_whoever_wrote_it():
    class Plain:
        pin: int = 0

    with pytest.raises(TypeError, match=r"Plain: not a dataclass"):
        fields_of(Plain)


def test_what_cannot_be_read_does_not_hide_what_cannot_be_meant(tmp_path):
    assert faults(tmp_path, "[general]\nlang = en\n[tariff]\nbase = abc\npm = -1\n", Settings) == [
        "[tariff] base = abc: expected a number such as 0.1781",
        "[tariff] pm = -1: expected a price in €/kWh, zero or more",
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slotted:
    needed: int
    words: tuple[str, ...] = field(default_factory=tuple)
    old_style: Optional[int] = None  # noqa: UP045 -- as others write it
    reverse: None | int = None  # noqa: RUF036 -- the same
    LIMIT: typing.ClassVar[int] = 3


@dataclass(frozen=True, kw_only=True)
class Refuses:
    limit: int = 0

    def __post_init__(self) -> None:
        raise ConfigError("limit: too small", "and too big")


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    strange: complex = 0j


@dataclass(frozen=True, kw_only=True)
class Yours:
    pin: Mapping[str, Slotted] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Refusing:
    pin: Mapping[str, Strict] = field(default_factory=dict)
    mine: Refuses = field(default_factory=Refuses)
    odd: Unreadable = field(default_factory=Unreadable)


def test_a_dataclass_of_yours_may_have_slots_factories_and_old_hints(tmp_path):
    section = parsed(tmp_path, "[pin:a]\nneeded = 1\nold_style =\nreverse = 2\n", Yours).pin["a"]
    assert (section.needed, section.words, section.old_style, section.reverse) == (1, (), None, 2)
    assert faults(tmp_path, "[pin:a]\n", Yours) == ["[pin:a] needed: missing; expected a whole number"]


def test_whatever_a_class_of_yours_refuses_is_told_beside_the_rest(tmp_path):
    assert faults(tmp_path, "[pin:a]\npin = 99\n[mine]\n[odd]\n", Refusing) == [
        "[pin:a] pin = 99: expected 0 to 27",
        "[mine] limit: too small",
        "[mine] and too big",
        "[odd] Unreadable.strange: no way to read a complex",
    ]


@pytest.mark.parametrize(
    ("section", "written", "fr", "en"),
    [
        (
            "tariff",
            "hn = 0,1632 # mon prix",
            "écrivez hn = 0,1632 : un commentaire a sa propre ligne",
            "write hn = 0,1632: a comment has its own line",
        ),
        (
            "tariff",
            'hn = "0,1632"',
            "écrivez hn = 0,1632 : sans guillemets",
            "write hn = 0,1632: without quotes",
        ),
        ("tariff", "hn = 0,1632 €", "écrivez hn = 0,1632 : sans unité", "write hn = 0,1632: without a unit"),
        (
            "tariff",
            "hn = 0.1632€/kWh",
            "écrivez hn = 0.1632 : sans unité",
            "write hn = 0.1632: without a unit",
        ),
        (
            "tariff",
            "hn = 16,32 c€/kWh",
            "écrivez hn = 0,1632 : en € et non en centimes",
            "write hn = 0.1632: in €, not in cents",
        ),
        (
            "tariff",
            "hn = « 0,16 € » ; bleu",
            "écrivez hn = 0,16 : un commentaire a sa propre ligne, sans guillemets, sans unité",
            "write hn = 0,16: a comment has its own line, without quotes, without a unit",
        ),
        (
            "display",
            "address = 3C",
            "écrivez address = 0x3C : en hexadécimal",
            "write address = 0x3C: in hexadecimal",
        ),
        (
            "display",
            "contrast = 128 # fort",
            "un commentaire a sa propre ligne",
            "a comment has its own line",
        ),
        (
            "meter",
            "mode = 'auto'",
            "écrivez mode = auto : sans guillemets",
            "write mode = auto: without quotes",
        ),
        ("report", "nothing = 3", "inconnu", "unknown"),
        (
            "tariff",
            "hn = cher # trop",
            "on attend un nombre tel que 0,1781",
            "expected a number such as 0.1781",
        ),
    ],
)
def test_a_common_mistake_is_named_with_the_text_to_write(tmp_path, section, written, fr, en):
    (tmp_path / "my.ini").write_text(f"[{section}]\n{written}\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "my.ini")
    (fault,) = caught.value.faults
    assert fault.fr.endswith(fr) or section == "report"
    assert fault.en.endswith(en) or section == "report"
    assert fr in fault.fr
    assert en in fault.en
