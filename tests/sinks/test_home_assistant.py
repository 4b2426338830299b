"""What Home Assistant is told: the rules of its device discovery, for every contract and language."""

from __future__ import annotations

import json
import re

import pytest

from linkymonitor.sinks.home_assistant import Box, announcement

#: Device class → the units and state classes that Home Assistant 2026.2 takes for a sensor.
RULES = {
    "apparent_power": ({"VA"}, {"measurement"}),
    "current": ({"A"}, {"measurement"}),
    "voltage": ({"V"}, {"measurement"}),
    "energy": ({"Wh"}, {"total", "total_increasing"}),
    "monetary": ({"EUR"}, {"total", None}),
    "enum": ({None}, {None}),
    None: ({None}, {"measurement"}),
}
CONTRACTS = {
    "BASE": {"index_TH"},
    "HC": {"index_HC", "index_HP"},
    "EJP": {"index_HN", "index_PM", "ejp"},
    "TEMPO": {f"index_{code}" for code in ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")}
    | {"colour", "tomorrow"},
    "ZEN FLEX": {f"index_F{number:02}" for number in range(1, 5)},
}
COMMON = {
    "power",
    "injected",
    "current",
    *(f"{name}_{phase}" for name in ("current", "voltage") for phase in (1, 2, 3)),
    "index_total",
    "index_injected",
    "frames",
    "rejected",
    "cost_day",
    "cost_month",
}


def box(option: str, lang: str = "fr", **changes) -> Box:
    seen = COMMON | CONTRACTS[option]
    seen |= {name.replace("index", "cost") for name in CONTRACTS[option] if name.startswith("index")}
    found = Box("a1b2c3d4", "Linky", lang, "l/a/live", "l/a/status", option, "standard", frozenset(seen))
    return found._replace(**changes)


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("option", CONTRACTS)
def test_the_announcement_keeps_the_rules_of_home_assistant(option, lang):
    announced = box(option, lang, relays=("chauffe-eau", "pièce d'eau"))
    payload, entities = announcement(announced, [])
    document = json.loads(payload)
    assert document["device"]["identifiers"] == ["linkymonitor_a1b2c3d4"]
    assert document["origin"]["name"]
    assert (document["state_topic"], document["availability_topic"]) == ("l/a/live", "l/a/status")
    components = document["components"]
    assert {name: one["platform"] for name, one in components.items()} == entities
    assert announced.seen <= components.keys()
    ids = [one["unique_id"] for one in components.values()]
    names = [one["name"] for one in components.values()]
    assert len(set(ids)) == len(set(names)) == len(components)
    for name, one in components.items():
        assert re.fullmatch(r"[a-zA-Z0-9_-]+", name)
        assert one["value_template"].startswith("{{")
        if one["platform"] == "binary_sensor":
            assert one.get("device_class") in (None, "problem")
            assert {one["payload_on"], one["payload_off"]} == {"True", "False"}
            assert "state_class" not in one
            continue
        units, states = RULES[one.get("device_class")]
        assert one.get("unit_of_measurement") in units
        assert one.get("state_class") in states
        assert ("options" in one) == (one.get("device_class") == "enum")
        assert "last_reset" not in json.dumps(one)
    assert len(payload) < 20_000


def test_the_energy_dashboard_takes_indexes_and_costs():
    components = json.loads(announcement(box("EJP"), [])[0])["components"]
    for register in ("HN", "PM"):
        assert components[f"index_{register}"]["state_class"] == "total_increasing"
        assert components[f"cost_{register}"]["state_class"] == "total"
    assert "state_class" not in components["cost_day"]


def test_values_that_pass_expire_and_indexes_do_not():
    components = json.loads(announcement(box("EJP", expires=90), [])[0])["components"]
    assert {one["expire_after"] for one in components.values() if "expire_after" in one} == {90}
    assert "expire_after" in components["voltage_2"]
    assert "expire_after" not in components["index_HN"]


def test_what_is_gone_stays_with_its_platform_alone():
    _, before = announcement(box("EJP"), [])
    payload, now = announcement(box("TEMPO"), before.items())
    components = json.loads(payload)["components"]
    assert components["index_HN"] == {"platform": "sensor"}
    assert components["notice"] == {"platform": "binary_sensor"}
    back = json.loads(announcement(box("EJP"), now.items())[0])["components"]
    assert back["index_HN"]["unique_id"]
    assert back["index_HPJR"] == {"platform": "sensor"}


@pytest.mark.parametrize(("lang", "words"), [("fr", "préavis"), ("en", "notice")])
def test_words_are_in_the_language_of_the_box(lang, words):
    components = json.loads(announcement(box("EJP", lang), [])[0])["components"]
    assert words in components["ejp"]["options"]
    assert f"'notice': '{words}'" in components["ejp"]["value_template"]


def test_templates_give_the_values_of_a_live_message():
    """Home Assistant renders them with Jinja, and reads the text None as unknown."""
    jinja2 = pytest.importorskip("jinja2")
    live = dict.fromkeys(COMMON | CONTRACTS["TEMPO"])
    live |= {"power": 710, "period": "HPJB", "ejp": "unknown", "overload": False}
    live |= {"colour": "BLEU", "cost_day": "1.9312", "relays": {"pièce d'eau": True}}
    components = json.loads(announcement(box("TEMPO", relays=("pièce d'eau",)), [])[0])["components"]
    shown = {
        name: jinja2.Template(one["value_template"]).render(value_json=live)
        for name, one in components.items()
    }
    assert (shown["power"], shown["period"], shown["overload"]) == ("710", "HPJB", "False")
    assert (shown["colour"], shown["tomorrow"], shown["cost_day"]) == ("bleu", "None", "1.9312")
    assert shown["relay_0"] == "True"
    assert shown["index_HCJB"] == "None"
