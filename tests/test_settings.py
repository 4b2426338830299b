"""The sections of linkymonitor.ini: the shipped file states every default, and faults name place, fault and remedy."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import MISSING, fields, is_dataclass

import pytest

from linkymonitor.outputs.sections import LampSettings, RelaySettings
from linkymonitor.setting_types import fields_of
from linkymonitor.settings import Settings, default_path, load
from linkymonitor.sinks.base import OWN_SHAPE, find
from linkymonitor.system.resources import shipped
from tests.support.ini import faults, parsed

#: Modules that take several milliseconds to import; no command needs them for its settings alone.
SLOW = (
    "_hashlib",
    "difflib",
    "email",
    "fractions",
    "jinja2",
    "json",
    "linkymonitor.money.book",
    "linkymonitor.money.rules",
    "linkymonitor.outputs.base",
    "linkymonitor.sinks.base",
    "logging",
    "lzma",
    "selectors",
    "shutil",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "tomllib",
)


def test_settings_are_read_without_what_only_sinks_and_pages_need():
    code = (
        "import sys; from linkymonitor.settings import default_path, load; load(default_path()); "
        f"print(*sorted(sys.modules.keys() & {set(SLOW)}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime"])
def test_a_zone_that_does_not_exist_is_refused(tmp_path, zone):
    assert len(faults(tmp_path, f"[general]\ntimezone = {zone}\n")) == 1


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
    """Return section → class, ``lamp:`` for [lamp:NAME], without outputs: their ``type`` chooses the class."""
    plain = {field.name: field.type for field in fields(Settings) if is_dataclass(field.type)}
    return plain | {"lamp:": LampSettings, "relay:": RelaySettings}


def sections() -> dict[str, type]:
    """Return the sections of the shipped file, each with its class."""
    found = {
        section: cls
        for section in stated()
        for key, cls in classes().items()
        if section == key or (key.endswith(":") and section.startswith(key))
    }
    sinks = {section: keys for section, keys in stated().items() if section.startswith("sink:")}
    return found | {section: settings_of(keys) for section, keys in sinks.items()}


def settings_of(keys: dict[str, str]) -> type:
    """Return the class of the section of a sink with *keys*."""
    return find(keys["type"], keys.get("shape") or OWN_SHAPE).Settings


def test_every_section_of_the_schema_is_in_the_shipped_file():
    kinds = {section.partition(":")[0] for section in stated()}
    wanted = {key.removesuffix(":") for key in classes()}
    assert kinds == wanted | {"sink"}
    assert sections().keys() == stated().keys()


#: Keys without which their section cannot be read, though another key may stand for them.
EXAMPLES = {("relay", "fail_state"), ("relay", "periods"), ("sink", "url"), ("sink", "idx_energy")}


@pytest.mark.parametrize("section", stated())
def test_the_shipped_file_states_every_key_with_its_default(section):
    """The file has every key of the class, and no other key; a shape has those keys that its type has not."""
    cls, keys = sections()[section], stated()[section]
    readers = {name: reader for name, reader in fields_of(cls).items() if name != "name"}
    if section.startswith("sink:"):
        kind, shape = keys.pop("type"), keys.pop("shape", OWN_SHAPE)
        if shape != OWN_SHAPE:
            plain = fields_of(find(kind).Settings)
            readers = {name: reader for name, reader in readers.items() if name not in plain}
    keys = {getattr(cls, "aliases", {}).get(key, key): value for key, value in keys.items()}
    assert keys.keys() == readers.keys()
    defaults = {field.name: field.default for field in fields(cls)}
    for key, reader in readers.items():
        kind = section.partition(":")[0]
        if defaults[key] is MISSING or (kind, key) in EXAMPLES:
            continue  # there is no default to state: the example shows one that works
        assert reader.read(keys[key]) == defaults[key], f"[{section}] {key}"


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
    settings = parsed(tmp_path, text, Settings)
    assert list(settings.lamp) == ["ejp"]
    assert settings.relay == {}
    lines = [re.sub(r"^#(?=\[|[a-z])", "", line) for line in text.splitlines()]
    settings = parsed(tmp_path, "\n".join(lines), Settings)
    assert list(settings.relay) == ["chauffe-eau"]
    assert all(configured.settings.enabled for configured in settings.sink.values())


def test_every_setting_of_the_shipped_classes_has_a_type_that_can_be_read_and_named():
    for cls in classes().values():
        for key, key_type in fields_of(cls).items():
            assert key_type.expected.fr, (cls, key)
            assert key_type.expected.en, (cls, key)


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
        ("[output:x]\ntype = nothing\n", "[output:x] type = nothing: not known"),
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


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("[general]\nlang = de\ntimezone = Mars/Olympus\n", ["lang = de", "timezone = Mars/Olympus"]),
        ("[meter]\npause = 0s\nsilence = 0s\n", ["pause", "silence"]),
        ("[log]\nframes_per_record = 0\nretention = 1d\n", ["frames_per_record = 0", "retention"]),
        (
            "[display]\naddress = 1\ncontrast = 300\nnight_contrast = -1\npages = now\nrotate_every = 1s\n"
            "button = 99\nnight_start = 22h\n",
            [
                "address = 0x1",
                "contrast = 300",
                "night_contrast = -1",
                "pages = now",
                "button = 99",
                "night_start = 22",
            ],
        ),
        (
            "[relay:tank]\npin = 99\nrule = periods\nperiods = HX, HY\n",
            ["pin = 99", "fail_state", "periods = HX", "periods = HY"],
        ),
        (
            "[relay:tank]\npin = 17\nrule = ejp\nperiods = HC\nfail_state = on\n",
            ["fail_state = on", "periods"],
        ),
        ("[tariff]\nbase = -1\nhc = -2\n", ["base = -1", "hc = -2"]),
        ("[report]\nsections = a b, ../c\n", ["sections = a b", "sections = ../c"]),
    ],
    ids=["general", "meter", "log", "display", "relay periods", "relay ejp", "tariff", "report"],
)
def test_every_fault_of_a_section_is_reported_at_once(tmp_path, text, places):
    section = text.partition("\n")[0]
    reported = faults(tmp_path, text, Settings)
    assert [fault.removeprefix(f"{section} ").partition(":")[0] for fault in reported] == places
