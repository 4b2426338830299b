"""The message by which Home Assistant makes a device of the box, with an entity for each value of the live message."""

# Strategy
#
# - One message has the whole device ("device discovery", Home Assistant 2024.11 and later).
# - Which entities there are follows from the contract and from the values that were seen under it. An entity that is
#   no longer there stays in the message with its platform alone, which removes it.
# - A value that is null in the live message is the text None to Home Assistant: "unknown".

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from linkymonitor import __version__
from linkymonitor.language import Text
from linkymonitor.model.terms import PERIODS, code

_SENSOR, _BINARY = "sensor", "binary_sensor"
_POWER = {"device_class": "apparent_power", "unit_of_measurement": "VA", "state_class": "measurement"}
_CURRENT = {
    "device_class": "current",
    "unit_of_measurement": "A",
    "suggested_display_precision": 0,
    "state_class": "measurement",
}
_VOLTAGE = {"device_class": "voltage", "unit_of_measurement": "V", "state_class": "measurement"}
_ENERGY = {"device_class": "energy", "unit_of_measurement": "Wh", "state_class": "total_increasing"}
_MONEY = {"device_class": "monetary", "unit_of_measurement": "EUR", "suggested_display_precision": 2}
#: Without last_reset: the Energy dashboard takes the difference of two values.
_COST = {**_MONEY, "state_class": "total"}
_DIAGNOSTIC = {"state_class": "measurement", "entity_category": "diagnostic"}

#: Name in the live message → name for people, and what kind of value it is.
_NUMBERS: Mapping[str, tuple[Text, Mapping[str, object]]] = {
    "power": (Text("Puissance apparente", "Apparent power"), _POWER),
    "injected": (Text("Puissance injectée", "Injected power"), _POWER),
    "current": (Text("Intensité", "Current"), _CURRENT),
    **{
        f"current_{phase}": (Text(f"Intensité phase {phase}", f"Current phase {phase}"), _CURRENT)
        for phase in (1, 2, 3)
    },
    **{
        f"voltage_{phase}": (Text(f"Tension phase {phase}", f"Voltage phase {phase}"), _VOLTAGE)
        for phase in (1, 2, 3)
    },
    "index_total": (Text("Index total", "Total index"), _ENERGY),
    "index_injected": (Text("Index injecté", "Index of injection"), _ENERGY),
    "cost_day": (Text("Coût de l'énergie du jour", "Energy cost of the day"), _MONEY),
    "cost_month": (Text("Coût de l'énergie du mois", "Energy cost of the month"), _MONEY),
    "frames": (Text("Trames du dernier enregistrement", "Frames of the last record"), _DIAGNOSTIC),
    "rejected": (Text("Groupes refusés", "Groups refused"), _DIAGNOSTIC),
}
#: What is no longer true when no live message has come for a while; an index stays true.
_FLEETING = (_POWER, _CURRENT, _VOLTAGE)
_EJP = {
    "normal": Text("normal", "normal"),
    "notice": Text("préavis", "notice"),
    "peak": Text("pointe", "peak"),
}
_COLOURS = {
    "BLEU": Text("bleu", "blue"),
    "BLAN": Text("blanc", "white"),
    "ROUG": Text("rouge", "red"),
}
#: Name in the live message → name for people, and the words of its codes.
_WORDS: Mapping[str, tuple[Text, Mapping[str, Text]]] = {
    "ejp": (Text("EJP", "EJP"), _EJP),
    "colour": (Text("Couleur Tempo", "Tempo colour"), _COLOURS),
    "tomorrow": (Text("Couleur de demain", "Colour of tomorrow"), _COLOURS),
}


#: Every period that a meter may have. Home Assistant may still show a period of the old contract after a change, and
#: logs an error for a state that is no option.
_PERIODS = (
    *(code(period) for periods in PERIODS.values() for period in periods),
    *(f"F{number:02}" for number in range(1, 11)),
)


class Box(NamedTuple):
    """What is announced."""

    id: str
    #: The name of the device for people.
    name: str
    lang: str
    #: The topic of the live message, and that of ``online`` and ``offline``.
    live: str
    status: str
    #: The option of the contract.
    option: str
    #: The mode of the meter.
    mode: str
    #: The names of the live message that were seen under this contract.
    seen: frozenset[str]
    #: The names of the relays.
    relays: tuple[str, ...] = ()
    #: Seconds without a live message after which a power is no longer shown.
    expires: int = 60


def announcement(box: Box, before: Iterable[tuple[str, str]]) -> tuple[bytes, dict[str, str]]:
    """Return the payload that announces *box*, and its entities: their id → their platform.

    Args:
        box: what is announced.
        before: id and platform of each entity that was announced earlier; those that are gone are removed.
    """
    entities: dict[str, dict[str, object]] = {name: {"platform": platform} for name, platform in before}
    for name, entity in _entities(box).items():
        entities[name] = {"unique_id": f"linkymonitor_{box.id}_{name}", **entity}
    document = {
        "device": {
            "identifiers": [f"linkymonitor_{box.id}"],
            "name": box.name,
            "manufacturer": "linkymonitor",
            "model": f"TIC {box.mode}, {box.option}",
            "sw_version": __version__,
        },
        "origin": {"name": "linkymonitor", "sw_version": __version__},
        "state_topic": box.live,
        "availability_topic": box.status,
        "qos": 1,
        "components": entities,
    }
    payload = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return payload, {name: str(entity["platform"]) for name, entity in entities.items()}


def _entities(box: Box) -> dict[str, dict[str, object]]:
    """Return the entities of *box* by the name of their value."""
    found: dict[str, dict[str, object]] = {}
    for name, (title, kind) in _NUMBERS.items():
        if name in box.seen:
            found[name] = _number(box, name, title, kind)
    for name in sorted(box.seen - found.keys()):
        prefix, _, register = name.partition("_")
        if prefix == "index":
            found[name] = _number(box, name, Text(f"Index {register}", f"Index {register}"), _ENERGY)
        elif prefix == "cost":
            found[name] = _number(box, name, Text(f"Coût {register}", f"Cost {register}"), _COST)
    found["period"] = _enumeration(
        box,
        Text("Période tarifaire", "Tariff period"),
        list(_PERIODS),
        "{{ value_json.period or None }}",
    )
    for name, (title, words) in _WORDS.items():
        if name in box.seen:
            texts = {key: text.render(box.lang) for key, text in words.items()}
            pairs = ", ".join(f"'{key}': '{text}'" for key, text in texts.items())
            found[name] = _enumeration(
                box, title, list(texts.values()), f"{{{{ {{{pairs}}}.get(value_json.{name}) }}}}"
            )
    if "ejp" in box.seen:
        found["notice"] = _yes_or_no(
            box, Text("Préavis EJP", "EJP notice"), "{{ value_json.ejp == 'notice' }}"
        )
    found["overload"] = {
        **_yes_or_no(box, Text("Dépassement de puissance", "Power exceeded"), "{{ value_json.overload }}"),
        "device_class": "problem",
    }
    for number, relay in enumerate(box.relays):
        title = Text(f"Relais {relay}", f"Relay {relay}")
        found[f"relay_{_plain(relay, number)}"] = _yes_or_no(
            box, title, f"{{{{ value_json.relays[{json.dumps(relay)}] }}}}"
        )
    return found


def _number(box: Box, name: str, title: Text, kind: Mapping[str, object]) -> dict[str, object]:
    expires = {"expire_after": box.expires} if kind in _FLEETING else {}
    return {
        "platform": _SENSOR,
        "name": title.render(box.lang),
        "value_template": f"{{{{ value_json.{name} }}}}",
        **kind,
        **expires,
    }


def _enumeration(box: Box, title: Text, options: list[str], template: str) -> dict[str, object]:
    return {
        "platform": _SENSOR,
        "name": title.render(box.lang),
        "device_class": "enum",
        "options": options,
        "value_template": template,
    }


def _yes_or_no(box: Box, title: Text, template: str) -> dict[str, object]:
    # A boolean of JSON is True or False in a template.
    return {
        "platform": _BINARY,
        "name": title.render(box.lang),
        "value_template": template,
        "payload_on": "True",
        "payload_off": "False",
    }


def _plain(name: str, number: int) -> str:
    """Return *name* as part of an id; its *number* if it has other characters than ids may have."""
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else str(number)
