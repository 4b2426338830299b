"""The names of LinkyRPi: a row for each value, with its topic, its unit and its icon; and the label that fills it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Name(NamedTuple):
    """One value of LinkyRPi."""

    name: str
    #: The topic above it, below the root.
    branch: str
    unit: str = ""
    #: Whether it is a number.
    number: bool = False
    icon: str = ""
    #: The labels whose data it has, of either mode; none when it is made of other values.
    labels: tuple[str, ...] = ()


def _phases(name: str, branch: str, unit: str, label: str, ending: str = "") -> list[Name]:
    """Return the rows of a value that each phase has: ``namePhase1`` from ``label1ending``, and so on."""
    return [
        Name(f"{name}Phase{phase}", branch, unit, True, labels=(f"{label}{phase}{ending}",))
        for phase in (1, 2, 3)
    ]


_INFO, _STATUS, _CONTRACT, _TEMPO, _EJP = "InfoCompteur", "Status", "Abonnement", "Tempo", "EJP"
_ALERT, _PRODUCTION, _INDEX = "Alerte", "Production", "Index"
_AMPS, _AMPS_MAX = "Mesure/Intensite/Instant", "Mesure/Intensite/Max"
_CURVE, _POWER, _POWER_MAX = "Mesure/Charge", "Mesure/Puissance/Instant", "Mesure/Puissance/Max"
_VOLTS, _VOLTS_MEAN = "Mesure/Tension/Instant", "Mesure/Tension/Moyenne"

NAMES: tuple[Name, ...] = (
    Name("AdresseCompteur", _INFO, icon="mdi:MapMarkerOutline", labels=("ADCO", "ADSC")),
    Name("TypeCompteur", _INFO, icon="mdi:MeterElectricOutline"),
    Name("NomCompteur", _INFO, icon="mdi:MeterElectricOutline"),
    Name("DateHeureLinky", _INFO, icon="mdi:WrenchClock"),
    Name("Fonctionnement", _INFO, icon="mdi:SwapHorizontal"),
    Name("HorairesHC", _INFO, icon="mdi:SunClockOutline", labels=("HHPHC",)),
    Name("NumeroJourCalendrierFournisseur", _INFO, icon="mdi:CalendarAlert", labels=("NJOURF",)),
    Name(
        "NumeroProchainJourCalendrierFournisseur",
        _INFO,
        icon="mdi:CalendarArrowRight",
        labels=("NJOURF+1",),
    ),
    Name("PRM", _INFO, labels=("PRM",)),
    Name("ProfilProchainJourCalendrierFournisseur", _INFO, labels=("PJOURF+1",)),
    Name("RegistreModeTIC", _INFO),
    Name("Relais", _INFO),
    Name("SensEnergieActive", _INFO),
    Name("SortieCommEuridis", f"{_INFO}/Euridis"),
    Name("StatutCPL", f"{_INFO}/CPL"),
    Name("SynchroCPL", f"{_INFO}/CPL"),
    Name("VersionTIC", _INFO, labels=("VTIC",)),
    Name("CacheBorneDistributeur", _STATUS, icon="mdi:door-closed-cancel"),
    Name("ContactSec", _STATUS, icon="mdi:electric-switch"),
    Name("HorlogeDegradee", _STATUS),
    Name("MessageCourt", _STATUS, labels=("MSG1",)),
    Name("MessageUltraCourt", _STATUS, labels=("MSG2",)),
    Name("ModeTIC", _STATUS),
    Name("MotEtat", _STATUS, labels=("MOTDETAT",)),
    Name("OrganeDeCoupure", _STATUS),
    Name("PresenceDesPotentiels", _STATUS, labels=("PPOT",)),
    # In kVA, whatever its name and its unit are.
    Name("IntensiteSouscrite", _CONTRACT, "A", True, labels=("ISOUSC", "PREF")),
    Name("PeriodeTarifaireEnCours", _CONTRACT),
    Name("PuissanceCoupure", _CONTRACT, "kVA", True, labels=("PCOUP",)),
    Name("TarifEnCoursD", _CONTRACT),
    Name("TarifEnCoursF", _CONTRACT),
    Name("TarifSouscrit", _CONTRACT),
    Name("CodeTarifEnCours", _CONTRACT, labels=("PTEC", "NTARF")),
    Name("CouleurDemain", _TEMPO),
    Name("CouleurTEMPODemain", _TEMPO, labels=("DEMAIN",)),
    Name("CouleurTEMPOJour", _TEMPO),
    *(Name(f"DebutPointeMobile{peak}", _EJP, labels=(f"DPM{peak}",)) for peak in (1, 2, 3)),
    *(Name(f"FinPointeMobile{peak}", _EJP, labels=(f"FPM{peak}",)) for peak in (1, 2, 3)),
    Name("PointeMobile", _EJP),
    Name("PreavisPointesMobiles", _EJP),
    Name("ProfilProchainJourPointe", _EJP, labels=("PEJP", "PPOINTE")),
    Name("DepassementPuissance", _ALERT, "A", True, labels=("ADPS",)),
    *_phases("DepassementPuissance", _ALERT, "A", "ADIR"),
    Name("DepassementPuissanceRef", _ALERT, "A"),
    Name("SurtensionPhase", _ALERT),
    Name("EnergieActiveInjectéeTotale", _PRODUCTION, "Wh", True, labels=("EAIT",)),
    *(
        Name(f"EnergieRéactiveQ{quadrant}Totale", _PRODUCTION, "VArh", True, labels=(f"ERQ{quadrant}",))
        for quadrant in (1, 2, 3, 4)
    ),
    Name("Index00", _INDEX, "Wh", True, labels=("BASE", "EAST")),
    Name("Index01", _INDEX, "Wh", True, labels=("HCHC", "EJPHN", "BBRHCJB", "EASF01")),
    Name("Index02", _INDEX, "Wh", True, labels=("HCHP", "EJPHPM", "BBRHPJB", "EASF02")),
    Name("Index03", _INDEX, "Wh", True, labels=("BBRHCJW", "EASF03")),
    Name("Index04", _INDEX, "Wh", True, labels=("BBRHPJW", "EASF04")),
    Name("Index05", _INDEX, "Wh", True, labels=("BBRHCJR", "EASF05")),
    Name("Index06", _INDEX, "Wh", True, labels=("BBRHPJR", "EASF06")),
    *(
        Name(f"Index{number:02}", _INDEX, "Wh", True, labels=(f"EASF{number:02}",))
        for number in (7, 8, 9, 10)
    ),
    *(
        Name(f"Index{register}", _INDEX, "Wh", True)
        for register in (
            "Base",
            "HC",
            "HP",
            "EJPNormale",
            "EJPPointe",
            "HCJB",
            "HPJB",
            "HCJW",
            "HPJW",
            "HCJR",
            "HPJR",
            "Total",
        )
    ),
    *(
        Name(
            f"EnergieActiveSoutireeDistributeurIndex{number}",
            _INDEX,
            "Wh",
            True,
            labels=(f"EASD{number:02}",),
        )
        for number in (1, 2, 3, 4)
    ),
    Name("IntensiteInstantaneePhase1", _AMPS, "A", True, labels=("IINST", "IINST1", "IRMS1")),
    Name("IntensiteInstantaneePhase2", _AMPS, "A", True, labels=("IINST2", "IRMS2")),
    Name("IntensiteInstantaneePhase3", _AMPS, "A", True, labels=("IINST3", "IRMS3")),
    Name("IntensiteMax", _AMPS_MAX, "A", True, labels=("IMAX",)),
    *_phases("IntensiteMax", _AMPS_MAX, "A", "IMAX"),
    Name("PointNCourbeChargeActiveSoutiree", _CURVE, "W", True, labels=("CCASN",)),
    Name("PointN-1CourbeChargeActiveSoutiree", _CURVE, "W", True, labels=("CCASN-1",)),
    Name("PointNCourbeChargeActiveInjectée", _CURVE, "W", True, labels=("CCAIN",)),
    Name("PointN-1CourbeChargeActiveInjectée", _CURVE, "W", True, labels=("CCAIN-1",)),
    Name("PuissanceApparente", _POWER, "VA", True, labels=("PAPP", "SINSTS")),
    *_phases("PuissanceApparente", _POWER, "VA", "SINSTS"),
    Name("PuissanceApparenteInstantanéeInjectée", _POWER, "VA", True, labels=("SINSTI",)),
    Name("PuissanceMaxAtteinte", _POWER_MAX, "VA", True, labels=("PMAX", "SMAXSN")),
    *_phases("PuissanceMaxAtteinte", _POWER_MAX, "VA", "SMAXSN"),
    Name("PuissanceApparenteMaxN-1", _POWER_MAX, "VA", True, labels=("SMAXSN-1",)),
    *_phases("PuissanceApparenteMaxN-1", _POWER_MAX, "VA", "SMAXSN", "-1"),
    Name("PuissanceApparenteMaxInjectée", _POWER_MAX, "VA", True, labels=("SMAXIN",)),
    Name("PuissanceApparenteMaxInjectéeN-1", _POWER_MAX, "VA", True, labels=("SMAXIN-1",)),
    *_phases("TensionEfficace", _VOLTS, "V", "URMS"),
    *_phases("TensionMoyenne", _VOLTS_MEAN, "V", "UMOY"),
)

#: Name → its row.
BY_NAME: Mapping[str, Name] = {row.name: row for row in NAMES}
#: Label → the row that it fills.
BY_LABEL: Mapping[str, Name] = {label: row for row in NAMES for label in row.labels}
