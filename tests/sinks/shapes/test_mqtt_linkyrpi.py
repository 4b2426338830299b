"""MQTT in the shape of LinkyRPi, and a real broker."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from linkymonitor.sinks.base import House
from linkymonitor.sinks.shapes.linkyrpi_names import BY_NAME
from linkymonitor.sinks.shapes.mqtt_linkyrpi import LinkyRPi, Settings
from tests.support.commands import until
from tests.support.mosquitto import mosquitto, subscribed
from tests.support.shape_frames import GOLDEN, NAMES, live_of_frame, number_of

#: What LinkyRPi makes of the status register, which it reads from the wrong end.
OF_STATUS = {
    "ContactSec",
    "OrganeDeCoupure",
    "CacheBorneDistributeur",
    "SurtensionPhase",
    "DepassementPuissanceRef",
    "Fonctionnement",
    "SensEnergieActive",
    "TarifEnCoursF",
    "TarifEnCoursD",
    "HorlogeDegradee",
    "RegistreModeTIC",
    "SortieCommEuridis",
    "StatutCPL",
    "SynchroCPL",
    "CouleurTEMPOJour",
    "CouleurTEMPODemain",
    "CouleurDemain",
    "PreavisPointesMobiles",
    "PointeMobile",
}
#: Frame → what LinkyRPi gets wrong, apart from OF_STATUS, and what is published instead.
RIGHT: dict[str, dict[str, object]] = {
    "historique-tempo": {
        "TarifSouscrit": "TEMPO",
        "PeriodeTarifaireEnCours": "HPJR",
        "IndexHCJB": 5249131,
        "IndexHPJB": 10171446,
        "IndexHCJW": 738106,
        "IndexHPJW": 1385590,
        "IndexHCJR": 628563,
        "IndexHPJR": 748375,
        "IndexTotal": 18921211,
    },
    "standard-hc": {"HorairesHC": "22:00 - 06:00"},
    "standard-tempo-tri": {"HorairesHC": "22:00 - 06:00", "PeriodeTarifaireEnCours": "HPJR"},
}


def box(tmp_path, port: int = 1883, **keys) -> LinkyRPi:
    pytest.importorskip("paho.mqtt.client")
    settings = Settings(**{"name": "house", "host": "127.0.0.1", "port": port, **keys})
    settings.house = House(folder=tmp_path)
    return LinkyRPi(settings)


def sent(name: str, tmp_path) -> dict[str, str]:
    """Return topic → payload of the frame *name*."""
    messages = box(tmp_path, meter_number=number_of(name)).messages(live_of_frame(name, tmp_path))
    found = {message.topic: message.payload.decode() for message in messages}
    assert len(found) == len(messages)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_each_topic_has_what_that_program_publishes(name, tmp_path):
    wanted = json.loads((GOLDEN / f"linkyrpi/{name}.json").read_bytes())
    right = RIGHT.get(name, {})
    for key, value in right.items():
        row = BY_NAME[key]
        document = {"Value": value, "unit_of_measurement": row.unit, "icon": row.icon}
        wanted[f"LinkyRPi/{row.branch}/{key}"] = json.dumps(document, ensure_ascii=False)

    def compared(messages: dict[str, str]) -> dict[str, str]:
        machine = {f"LinkyRPi/Status/{key}" for key in ("Execution", "CpuPercent")}
        return {
            topic: payload
            for topic, payload in messages.items()
            if topic not in machine
            and not topic.startswith(("LinkyRPi/Status/Ram", "LinkyRPi/Status/SD"))
            and (name.startswith("historique") or topic.rpartition("/")[2] not in OF_STATUS)
        }

    found = sent(name, tmp_path)
    assert compared(found) == compared(wanted)
    assert found.keys() >= wanted.keys()


def values(name: str, tmp_path) -> dict[str, object]:
    found = {
        topic.rpartition("/")[2]: json.loads(payload)
        for topic, payload in sent(name, tmp_path).items()
        if payload.startswith("{")
    }
    return {key: document["Value"] for key, document in found.items()}


def test_the_status_register_is_read_from_its_right_end(tmp_path):
    # 833AD401 by NOI-CPT_54E table 6.2.3.14: contact open, register 6 (and 4), standard, colours of Tempo
    found = values("standard-tempo-tri", tmp_path)
    assert {key: found[key] for key in OF_STATUS} == {
        "ContactSec": "Ouvert",
        "OrganeDeCoupure": "Fermé",
        "CacheBorneDistributeur": "Fermé",
        "SurtensionPhase": "Non",
        "DepassementPuissanceRef": "Non",
        "Fonctionnement": "Consommateur",
        "SensEnergieActive": "Positive",
        "TarifEnCoursF": "Energie ventilée sur Index 6",
        "TarifEnCoursD": "Energie ventilée sur Index 4",
        "HorlogeDegradee": "Horloge correcte",
        "RegistreModeTIC": "Standard",
        "SortieCommEuridis": "Activée avec sécurité",
        "StatutCPL": "New/Lock",
        "SynchroCPL": "Non synchronisé",
        "CouleurTEMPOJour": "Rouge",
        "CouleurTEMPODemain": "Pas d'annonce",
        "CouleurDemain": "Pas d'annonce",
        "PreavisPointesMobiles": "Pas de préavis en cours",
        "PointeMobile": "PM2 en cours",
    }


def test_the_figures_of_the_machine_are_plain_numbers(tmp_path):
    found = sent("historique-base", tmp_path)
    status = {topic.rpartition("/")[2]: words for topic, words in found.items() if not words.startswith("{")}
    assert status.keys() == {
        "Execution",
        "CpuPercent",
        "RamAvailable",
        "RamTotal",
        "RamPercent",
        "SDAvailable",
        "SDTotal",
        "SDPercent",
    }
    assert status.pop("Execution") == "ON"
    numbers = {name: float(words) for name, words in status.items()}
    assert 0 <= numbers["CpuPercent"] <= 100
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**2
    assert abs(numbers["RamTotal"] - pages) < 1
    assert abs(numbers["SDTotal"] - shutil.disk_usage("/").total / 1024**3) < 0.1


def test_a_masked_number_says_no_model(tmp_path):
    messages = box(tmp_path, topic="maison/linky").messages(live_of_frame("standard-hc", tmp_path))
    found = {
        message.topic: json.loads(message.payload) for message in messages if message.payload[:1] == b"{"
    }
    assert found["maison/linky/InfoCompteur/AdresseCompteur"]["Value"] == "*********007"
    assert not [topic for topic in found if topic.endswith(("TypeCompteur", "NomCompteur"))]


def test_a_frame_reaches_a_broker_without_retain(tmp_path):
    with mosquitto(tmp_path / "broker") as broker, subscribed(broker.port) as subscriber:
        rpi = box(tmp_path, broker.port)
        rpi.live(live_of_frame("standard-tempo-tri", tmp_path))
        wanted = len(rpi.messages(live_of_frame("standard-tempo-tri", tmp_path)))
        until(lambda: len(subscriber.messages) == wanted)
        assert not any(kept for _, _, kept in subscriber.messages)
        rpi.close()


def test_a_text_with_quotes_is_still_json_and_a_damaged_value_is_left_out(tmp_path):
    reading = live_of_frame("standard-hc", tmp_path)
    raw = {**reading.raw, "MSG1": (None, 'a "quoted" \\ text'), "STGE": (None, "zz"), "EAST": (None, "12 4")}
    del raw["PJOURF+1"]
    messages = box(tmp_path).messages(reading._replace(raw=raw))
    found = {
        message.topic: json.loads(message.payload) for message in messages if message.payload[:1] == b"{"
    }
    assert found["LinkyRPi/Status/MessageCourt"]["Value"] == 'a "quoted" \\ text'
    assert not {"ContactSec", "Index00", "HorairesHC"} & {topic.rpartition("/")[2] for topic in found}
    assert found["LinkyRPi/Index/IndexTotal"]["Value"] == sum(
        int(reading.raw[label][1]) for label in ("EASF01", "EASF02")
    )
