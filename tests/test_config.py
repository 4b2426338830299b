"""The INI file: every type, every fault at once, and the shipped file states every default."""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkymonitor.config import Chosen, chosen_by, fill, parse
from linkymonitor.errors import BadSetting, ConfigError
from linkymonitor.language import Text
from linkymonitor.setting_types import fields_of
from linkymonitor.settings import General, Settings, default_path, load
from linkymonitor.system.resources import shipped


class Fruit(Enum):
    APPLE = "apple"
    PEAR = "pear"


@dataclass(frozen=True, kw_only=True)
class Everything:  # a part of yours may have a dataclass as well
    text: str = "x"
    whole: int = 0
    real: float = 0.0
    yes: bool = False
    path: Path = Path("/")
    wait: timedelta = timedelta(0)
    price: Decimal = Decimal(0)
    at: time = time(0)
    fruit: Fruit = Fruit.APPLE
    names: tuple[str, ...] = ()
    maybe: Decimal | None = None
    fruit_or_not: Fruit | None = None


@dataclass(frozen=True, kw_only=True)
class Strict:
    pin: int
    name: str = ""

    def __post_init__(self):
        if self.pin > 27:
            raise ValueError(f"pin = {self.pin}: expected 0 to 27")


@dataclass(frozen=True, kw_only=True)
class Typed(Strict):
    type: str


@dataclass(frozen=True, kw_only=True)
class Whole:
    general: General = field(default_factory=General)
    all: Everything = field(default_factory=Everything)
    pin: Mapping[str, Strict] = field(default_factory=dict)


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)


def written(tmp_path, text):
    path = tmp_path / "my.ini"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def parsed(tmp_path, text, whole=Whole):
    """Return what the INI *text* says, as the dataclass *whole*."""
    path = written(tmp_path, text)
    return fill(whole, parse(path), path)[0]


def faults(tmp_path, text, whole=Whole, lang="en") -> list[str]:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        fill(whole, parse(path), path)
    return [fault.render(lang).removeprefix(f"{path}: ") for fault in caught.value.faults]


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
    found = getattr(parsed(tmp_path, f"[all]\n{key} = {text}\n").all, key)
    assert found == value
    assert type(found) is type(value)


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
        ("price", "0.17 €", "a number such as 0.1781"),
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
        "[pin:b] pin: missing",
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
            "[all]\nwhole = 1\nwhole = 2\n", "[all] whole line 3: a second time; keep one", id="a key twice"
        ),
        pytest.param("[all]\n[all]\n", "[all] line 2: a second time; keep one", id="a section twice"),
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
    found = parsed(tmp_path, b"\xef\xbb\xbf[all]\r\nwhole = 7\r\ntext = a b\r\n").all
    assert (found.whole, found.text) == (7, "a b")


def test_a_file_that_is_not_there_names_it_and_the_option(tmp_path):
    with pytest.raises(ConfigError, match=r"gone\.ini: cannot be read .*; name another file with -c"):
        parse(tmp_path / "gone.ini")
    with pytest.raises(ConfigError, match="cannot be read"):
        parse(tmp_path)


def test_sections_without_a_name_exist_even_when_the_file_is_silent(tmp_path):
    found = parsed(tmp_path, "")
    assert found.all == Everything()
    assert found.pin == {}


def test_named_sections_know_their_name_and_keep_their_order(tmp_path):
    found = parsed(tmp_path, "[pin:two]\npin = 2\n[pin:one]\npin = 1\n").pin
    assert list(found) == ["two", "one"]
    assert found["two"].name == "two"
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
    found = parsed(tmp_path, "[part:a]\ntype = strict\npin = 3\n", Choosing)
    assert found.part == {"a": ("strict", Typed(pin=3, type="strict", name="a"))}
    assert faults(tmp_path, "[part:a]\ntype = strict\n", Choosing) == ["[part:a] pin: missing"]
    assert faults(tmp_path, "[part:a]\ntype = x\npin = 3\n", Choosing) == ["[part:a] type = x: unknown"]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime"])
def test_a_zone_that_does_not_exist_is_refused(tmp_path, zone):
    assert len(faults(tmp_path, f"[general]\ntimezone = {zone}\n")) == 1


def told(call) -> tuple[Text, ...]:
    """Return the faults that *call* finds; nothing but a configuration error may come of it."""
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


def stated() -> dict[str, dict[str, str]]:
    """Return section → key → text of the shipped file, commented sections and keys included."""
    found: dict[str, dict[str, str]] = {}
    section = ""
    for line in shipped("etc/linkymonitor.ini").read_text().splitlines():
        if match := re.fullmatch(r"#?\[([^]]+)\]", line):
            section = match[1]
            found[section] = {}
        elif match := re.fullmatch(r"#?([a-z0-9_]+) =(?: (.*))?", line):
            assert match[1] not in found[section], f"[{section}] {match[1]} is stated twice"
            found[section][match[1]] = match[2] or ""
    return found


def classes() -> dict[str, type]:
    """Return the class of each kind of section, ``lamp:`` for [lamp:NAME]; an output picks its own by ``type``."""
    hints = typing.get_type_hints(Settings)
    plain = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    named = {f"{name}:": typing.get_args(hints[name])[1] for name in ("lamp", "relay")}
    return plain | named


def sections() -> dict[str, type]:
    """Return the section of the shipped file that stands for each class, and that class."""
    return {
        section: cls
        for section in stated()
        for key, cls in classes().items()
        if section == key or (key.endswith(":") and section.startswith(key))
    }


def test_every_section_of_the_schema_is_in_the_shipped_file():
    kinds = {section.partition(":")[0] for section in stated()}
    wanted = {key.removesuffix(":") for key in classes()}
    assert kinds == wanted
    assert sections().keys() == stated().keys()


@pytest.mark.parametrize("section", stated())
def test_the_shipped_file_states_every_key_with_its_default(section):
    """Both ways: a key that is not stated is missing, one that no part knows is a lie."""
    cls, keys = sections()[section], stated()[section]
    readers = {
        name: reader for name, reader in fields_of(cls).items() if not (name == "name" and ":" in section)
    }
    keys = {getattr(cls, "aliases", {}).get(key, key): value for key, value in keys.items()}
    assert keys.keys() == readers.keys()
    defaults = {one.name: one.default for one in fields(cls)}
    for key, reader in readers.items():
        if defaults[key] is MISSING or (section.startswith("relay:") and key in ("fail_state", "periods")):
            continue  # there is no default to state: the example shows one that works
        assert reader.read(keys[key]) == defaults[key], f"[{section}] {key}"


def test_two_names_of_one_setting_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"\[display\] type: means the same as chip; keep one"):
        parsed(tmp_path, "[display]\ntype = ssd1306\nchip = sh1106\n", Settings)


def test_a_fault_names_the_key_as_it_was_written(tmp_path):
    with pytest.raises(ConfigError, match=r"\[display\] type = vfd: expected ssd1306 or sh1106"):
        parsed(tmp_path, "[display]\ntype = vfd\n", Settings)


def test_every_key_of_the_shipped_file_has_a_line_of_comment():
    lines = shipped("etc/linkymonitor.ini").read_text().splitlines()
    bare = []
    for number, line in enumerate(lines):
        if re.match(r"#?[a-z0-9_]+ =", line):
            above = lines[number - 1]
            if not above.startswith("# ") and not re.match(r"#?[a-z0-9_]+ =", above):
                bare.append(line)
    assert bare == []


def test_the_shipped_file_reads_as_it_is_and_with_its_examples(tmp_path):
    text = shipped("etc/linkymonitor.ini").read_text()
    found = parsed(tmp_path, text, Settings)
    assert list(found.lamp) == ["ejp"]
    assert found.relay == {}
    lines = [re.sub(r"^#(?=\[|[a-z])", "", line) for line in text.splitlines()]
    found = parsed(tmp_path, "\n".join(lines), Settings)
    assert list(found.relay) == ["chauffe-eau"]


def test_every_setting_of_the_shipped_classes_has_a_type_that_can_be_read_and_named():
    for cls in classes().values():
        for key, one in fields_of(cls).items():
            assert one.expected.fr, (cls, key)
            assert one.expected.en, (cls, key)


@pytest.mark.parametrize(
    ("text", "fr", "en"),
    [
        (
            "[lamp:a]\npin = 99\n",
            "[lamp:a] pin = 99 : on attend un numéro GPIO de 0 à 27",
            "[lamp:a] pin = 99: expected a GPIO number from 0 to 27",
        ),
        (
            "[tariff]\nhc = -1\n",
            "[tariff] hc = -1 : on attend un prix en €/kWh, nul ou positif",
            "[tariff] hc = -1: expected a price in €/kWh, zero or more",
        ),
        (
            "[log]\nretention = 1d\n",
            "[log] retention : on attend au moins 2j",
            "[log] retention: expected at least 2d",
        ),
    ],
)
def test_what_a_setting_cannot_mean_is_said_in_the_language_asked_for(tmp_path, text, fr, en):
    assert faults(tmp_path, text, Settings, "fr") == [fr]
    assert faults(tmp_path, text, Settings, "en") == [en]


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
    found = parsed(tmp_path, "[pin:a]\nneeded = 1\nold_style =\nreverse = 2\n", Yours).pin["a"]
    assert (found.needed, found.words, found.old_style, found.reverse) == (1, (), None, 2)
    assert faults(tmp_path, "[pin:a]\n", Yours) == ["[pin:a] needed: missing"]


def test_whatever_a_class_of_yours_refuses_is_told_beside_the_rest(tmp_path):
    assert faults(tmp_path, "[pin:a]\npin = 99\n[mine]\n[odd]\n", Refusing) == [
        "[pin:a] pin = 99: expected 0 to 27",
        "[mine] limit: too small",
        "[mine] and too big",
        "[odd] Unreadable.strange: no way to read a complex",
    ]


def test_without_a_file_in_the_system_the_shipped_one_is_read(tmp_path):
    assert load(default_path(tmp_path / "none.ini")).meter.port == "/dev/ttyAMA0"
    (tmp_path / "own.ini").write_text("[meter]\nport = /dev/ttyUSB7\n")
    assert load(default_path(tmp_path / "own.ini")).meter.port == "/dev/ttyUSB7"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[meter]\nprot = x\n", "[meter] prot: unknown, did you mean port?"),
        ("[meter]\nmode = fast\n", "[meter] mode = fast: expected auto, historique or standard"),
        (
            "[meter]\nsilence = soon\n",
            "[meter] silence = soon: expected a duration such as 90s, 15m, 2h or 7d",
        ),
        ("[meter]\nspeed = 2400\n", "[meter] speed = 2400: expected auto, 1200 or 9600"),
        ("[log]\nframes_per_record = 0\n", "[log] frames_per_record = 0: expected 1 to 1000"),
        ("[log]\nretention = 1d\n", "[log] retention: expected at least 2d"),
        ("[lampe:ejp]\n", "[lampe:ejp]: unknown, did you mean lamp:NAME?"),
        ("[output:x]\ntype = nothing\n", "[output:x] type = nothing: no such output"),
        ("[output:x]\n", "[output:x] type = "),
        ("[relay:x]\npin = 17\n", "[relay:x] rule: missing"),
        ("[relay:x]\npin = 17\nrule = ejp\n", "[relay:x] fail_state: missing"),
        (
            "[relay:x]\npin = 17\nrule = ejp\nfail_state = on\n",
            "[relay:x] fail_state = on: needs the coil fed",
        ),
        ("[relay:x]\npin = 17\nrule = periods\nfail_state = off\n", "[relay:x] periods: missing"),
        ("[relay:x]\npin = 40\nrule = ejp\nfail_state = off\n", "[relay:x] pin = 40: expected a GPIO number"),
        ("[tariff]\nhp = cher\n", "[tariff] hp = cher: expected a number such as 0.1781"),
    ],
)
def test_faults_of_real_sections_name_place_fault_and_remedy(tmp_path, text, says):
    assert faults(tmp_path, text, Settings)[0].startswith(says)


@pytest.mark.parametrize("key", ["pause", "silence"])
def test_durations_that_would_make_the_daemon_spin_are_refused(tmp_path, key):
    assert faults(tmp_path, f"[meter]\n{key} = 0s\n", Settings) == [f"[meter] {key}: expected at least 1s"]
