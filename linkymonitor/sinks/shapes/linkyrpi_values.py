"""The values of LinkyRPi, by its names: made of one frame, in either mode."""

# Strategy
#
# - Values are what LinkyRPi would have made of the frame, in its words. Where its code is wrong so that the value says
#   nothing true, the value is right here (docs/adr/0036): it reads STGE from the wrong end, knows Tempo in historique
#   mode by no name, takes the hours between the first two switches of a day for the off-peak hours, and names the red
#   peak hours HCJR.
# - A value whose group is missing is left out; LinkyRPi stops at some of them.

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from linkymonitor.model.terms import Colour, Mode
from linkymonitor.sinks.base import Live
from linkymonitor.sinks.shapes.groups import ADDRESSES, data_of, groups_of
from linkymonitor.sinks.shapes.linkyrpi_names import BY_LABEL
from linkymonitor.tic.day_profile import Switch, read_day_profile
from linkymonitor.tic.status import CutOff, EuridisOutput, PlcStatus, StatusRegister, read_status

Values = dict[str, str | float]

#: The option of our contract → its name, and the name of each of its indexes, from Index01 on.
CONTRACTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "BASE": ("Tarif de base", ()),
    "HC": ("Heures Creuses", ("HC", "HP")),
    "EJP": ("EJP", ("EJPNormale", "EJPPointe")),
    "TEMPO": ("TEMPO", ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")),
}
#: Digits 5 and 6 of the address → mono or tri, and the model.
_MODELS = {
    "61": ("MONO", "Compteur monophasé 60 A généralisation Linky G3", "Arrivée puissance haute"),
    "62": ("MONO", "Compteur monophasé 90 A généralisation Linky G1", "Arrivée puissance basse"),
    "63": ("TRI", "Compteur triphasé 60 A généralisation Linky G1", "Arrivée puissance basse"),
    "64": ("MONO", "Compteur monophasé 60 A généralisation Linky G3", "Arrivée puissance basse"),
    "70": ("MONO", "Compteur monophasé Linky 60 A", "Mise au point G3"),
    "71": ("TRI", "Compteur triphasé Linky 60 A", "Mise au point G3"),
    "75": ("MONO", "Compteur monophasé 90 A généralisation Linky G3", "Arrivée puissance basse"),
    "76": ("TRI", "Compteur triphasé 60 A généralisation Linky G3", "Arrivée puissance basse"),
}
_OTHER_MODEL = ("", "Modèle de compteur non référencé", "Enedis-NOI-CPT_54E")
_CUT_OFF = {
    CutOff.CLOSED: "Fermé",
    CutOff.OPEN_OVER_POWER: "Ouvert sur surpuissance",
    CutOff.OPEN_OVER_VOLTAGE: "Ouvert sur surtension",
    CutOff.OPEN_LOAD_SHEDDING: "Ouvert sur délestage",
    CutOff.OPEN_ON_ORDER: "Ouvert sur ordre CPL ou Euridis",
    CutOff.OPEN_OVERHEATING_HIGH_CURRENT: (
        "Ouvert sur une surchauffe avec une valeur du courant supérieure au courant de commutation maximal"
    ),
    CutOff.OPEN_OVERHEATING: (
        "Ouvert sur une surchauffe avec une valeur de courant inférieure au courant de commutation maximal"
    ),
    CutOff.UNDEFINED: "Statut inconnu : 111",
}
_EURIDIS = {
    EuridisOutput.OFF: "Désactivée",
    EuridisOutput.ON_UNSECURED: "Activée sans sécurité",
    EuridisOutput.UNDEFINED: "Statut inconnu : 10",
    EuridisOutput.ON_SECURED: "Activée avec sécurité",
}
_PLC = {
    PlcStatus.NEW_UNLOCK: "New/Unlock",
    PlcStatus.NEW_LOCK: "New/Lock",
    PlcStatus.REGISTERED: "Registered",
    PlcStatus.UNDEFINED: "Statut inconnu : 11",
}
_COLOURS = {None: "Pas d'annonce", Colour.BLUE: "Bleu", Colour.WHITE: "Blanc", Colour.RED: "Rouge"}
#: STGE counts the indexes of the supplier up to so many.
_INDEXES = 10


def values_of(reading: Live, meter_number: str | None) -> Values:
    """Return name → value of *reading*, each number as an int or a float.

    Args:
        reading: the newest reading.
        meter_number: the address of the meter; None: it is masked, and says no model.
    """
    groups = groups_of(reading, meter_number)
    data = data_of(groups)
    values: Values = {}
    for label, text in data.items():
        row = BY_LABEL.get(label)
        if row is None:
            continue
        if not row.number:
            values[row.name] = text
        elif text.isdecimal():
            values[row.name] = int(text)
    values["ModeTIC"] = "Standard" if reading.reading.mode is Mode.STANDARD else "Historique"
    if "ISOUSC" in data and "IntensiteSouscrite" in values:
        values["IntensiteSouscrite"] = int(data["ISOUSC"]) / 5
    if (date := groups.get("DATE")) is not None and date[0]:
        values["DateHeureLinky"] = _date(date[0])
    if data.get("RELAIS", "").isdecimal():
        values["Relais"] = f"{int(data['RELAIS']):08b}"
    if "STGE" in data:
        with suppress(ValueError):
            values |= _of_status(read_status(data["STGE"]))
    for label in ADDRESSES:
        if label in data and data[label].isdecimal():
            values |= _of_address(data[label])
    return values | _of_contract(reading, values, data)


def name_of_contract(option: str, text: str) -> str:
    """Return how LinkyRPi names the contract of our *option*; for one that it does not know, *text* is repeated."""
    return CONTRACTS[option][0] if option in CONTRACTS else f"Tarif inconnu : {text}"


def _date(horodate: str) -> str:
    """Return ``H - 30/10/2022 - 14:29:41``."""
    season, digits = horodate[:1], horodate[1:]
    year, month, day, hour, minute, second = (digits[at : at + 2] for at in range(0, 12, 2))
    return f"{season} - {day}/{month}/20{year} - {hour}:{minute}:{second}"


def _of_address(address: str) -> Values:
    """Return what the address of a meter says of its model."""
    kind = address[4:6]
    phases, model, more = _MODELS.get(kind, _OTHER_MODEL)
    return {
        "TypeCompteur": phases,
        "NomCompteur": f"{kind} - {model}  {more} - Millesime 20{address[2:4]}",
    }


def _of_contract(reading: Live, values: Values, data: Mapping[str, str]) -> Values:
    """Return the name of the contract, its period, its off-peak hours, and its indexes by their own names."""
    contract = reading.reading.contract
    if contract is None:
        return {}
    option = contract.option
    text = data.get("OPTARIF", data.get("NGTF", "")).strip()
    _, registers = CONTRACTS.get(option, ("", ()))
    found: Values = {"TarifSouscrit": name_of_contract(option, text)}
    if registers and reading.period:
        found["PeriodeTarifaireEnCours"] = reading.period
    indexes = [values.get(f"Index{number:02}") for number in range(1, len(registers) + 1)]
    found |= {
        f"Index{register}": index
        for register, index in zip(registers, indexes, strict=True)
        if index is not None
    }
    total = values.get("Index00")
    if option == "BASE" and total is not None:
        found["IndexBase"] = total
    if total is None and registers and None not in indexes:
        total = sum(int(index) for index in indexes if index is not None)
    if option in CONTRACTS and total is not None:
        found["IndexTotal"] = total
    if "PJOURF+1" in data:
        with suppress(ValueError):
            profile = read_day_profile(data["PJOURF+1"], tempo=option == "TEMPO")
            found["HorairesHC"] = "  /  ".join(_off_peak(profile)) if registers != () else ""
    return found


def _off_peak(profile: tuple[Switch, ...]) -> list[str]:
    """Return the hours of the off-peak registers, which are the odd ones: ``22:00 - 06:00``."""
    if len(profile) < 2:
        return []
    pairs = zip(profile, (*profile[1:], profile[0]), strict=True)
    hours = [
        (begin.start, end.start) for begin, end in pairs if begin.supplier_index and begin.supplier_index % 2
    ]
    # The night is one stretch: what ends at the first switch of the day goes on behind it.
    if len(hours) > 1 and hours[0][0] == hours[-1][1]:
        hours = [*hours[1:-1], (hours[-1][0], hours[0][1])]
    return [f"{begin:%H:%M} - {end:%H:%M}" for begin, end in hours]


def _of_status(status: StatusRegister) -> Values:
    """Return what the status register has, in words."""
    index = status.supplier_index
    return {
        "ContactSec": "Ouvert" if status.contact_open else "Fermé",
        "OrganeDeCoupure": _CUT_OFF[status.cut_off],
        "CacheBorneDistributeur": "Ouvert" if status.cover_open else "Fermé",
        "SurtensionPhase": "Oui" if status.over_voltage else "Non",
        "DepassementPuissanceRef": "Oui" if status.overload else "Non",
        "Fonctionnement": "Producteur" if status.producer else "Consommateur",
        "SensEnergieActive": "Négative" if status.injecting else "Positive",
        "TarifEnCoursF": (
            f"Energie ventilée sur Index {index}" if index <= _INDEXES else f"Tarif inconnu : {index - 1:04b}"
        ),
        "TarifEnCoursD": f"Energie ventilée sur Index {status.distributor_index}",
        "HorlogeDegradee": "Horloge en mode dégradée" if status.clock_degraded else "Horloge correcte",
        "RegistreModeTIC": "Standard" if status.standard else "Historique",
        "SortieCommEuridis": _EURIDIS[status.euridis],
        "StatutCPL": _PLC[status.plc],
        "SynchroCPL": "Synchronisé" if status.plc_synchronised else "Non synchronisé",
        "CouleurTEMPOJour": _COLOURS[status.colour],
        "CouleurTEMPODemain": _COLOURS[status.tomorrow],
        "CouleurDemain": _COLOURS[status.tomorrow],
        "PreavisPointesMobiles": (
            f"Préavis PM{status.notice} en cours" if status.notice else "Pas de préavis en cours"
        ),
        "PointeMobile": f"PM{status.peak} en cours" if status.peak else "Pas de pointe mobile",
    }
