"""What pages say, in French and in English: names, numbers as each language writes them, and sentences."""

# Strategy
#
# - A text is a row, French and English side by side; French no-break spaces are put in by `_typeset`, so that
#   rows read as they are typed.
# - A sentence is earned: it stands only when its figure is known. Its strong words stand between stars;
#   numbers and our own words alone get in, never a text of the meter.

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from linkymonitor.language import Text
from linkymonitor.model.record import Contract
from linkymonitor.model.terms import PERIODS, Mode, code
from linkymonitor.report.figures import ELSEWHERE, DayFigures

_NBSP, _THIN = "\u00a0", "\u202f"

TEXTS: Mapping[str, tuple[str, str]] = {
    "calendar": ("Calendrier", "Calendar"),
    "skip": ("Aller au contenu", "Skip to content"),
    "days": ("Jours", "Days"),
    "consumed": ("Consommé", "Used"),
    "cost": ("Coût du jour", "Cost of the day"),
    "cost_so_far": ("Coût à cette heure", "Cost so far"),
    "including_subscription": ("dont abonnement {} €", "including €{} of subscription"),
    "without_subscription": ("hors abonnement, non réglé", "subscription not set"),
    "no_prices": ("prix non réglés", "prices not set"),
    "injected": ("Injecté", "Injected"),
    "injected_estimated": ("Injecté, estimé", "Injected, estimated"),
    "between": ("entre {} et {} kWh", "between {} and {} kWh"),
    "by_index": ("par l’index du compteur", "by the meter’s index"),
    "peak": ("Plus forte puissance", "Highest power"),
    "peak_at": ("à {}", "at {}"),
    "peak_share": ("{} % de {} kVA", "{}% of {} kVA"),
    "base_load": ("Talon de nuit", "Night base load"),
    "base_year": ("au plus {} kWh par an", "at most {} kWh a year"),
    "more_than": ("{} % de plus que {}", "{}% more than {}"),
    "less_than": ("{} % de moins que {}", "{}% less than {}"),
    "same_as": ("autant que {}", "the same as {}"),
    "chart": ("Puissance au fil de la journée", "Power through the day"),
    "chart_hint": (
        "Glisser pour agrandir, deux clics pour revenir. Au clavier : flèches, + et −, Échap.",
        "Drag to zoom, double click to come back. Keyboard: arrows, + and −, Esc.",
    ),
    "chart_none": (
        "La courbe demande JavaScript et le dossier dygraphs, à côté de cette page ; le tableau heure par "
        "heure dit l’essentiel.",
        "The chart needs JavaScript and the dygraphs folder beside this page; "
        "the hourly table tells most of it.",
    ),
    "whole_day": ("Toute la journée", "Whole day"),
    "zoom_in": ("Agrandir", "Zoom in"),
    "zoom_out": ("Réduire", "Zoom out"),
    "csv": ("Données en CSV", "Data as CSV"),
    "csv_head": (
        "heure UTC;heure locale;puissance VA;minimum VA;maximum VA",
        "UTC time;local time;power VA;lowest VA;highest VA",
    ),
    "series_power": ("Puissance consommée", "Power used"),
    "series_injected": ("Puissance injectée", "Power injected"),
    "series_injected_estimated": ("Puissance injectée, estimée", "Power injected, estimated"),
    "series_current": ("Intensité", "Current"),
    "series_index": ("Index {}", "Index, {}"),
    "right_axis": ("Échelle de droite : A, kWh depuis minuit.", "Right scale: A, kWh since midnight."),
    "chart_rest": (
        "Survoler ou toucher la courbe pour lire ses valeurs.",
        "Point at the curve to read its values.",
    ),
    "gap": ("trou", "gap"),
    "min_max": ("de {} à {} VA", "{} to {} VA"),
    "synthesis": ("Synthèse", "Summary"),
    "period": ("Période", "Period"),
    "index_end": ("Index, fin", "Index, end"),
    "kwh": ("kWh", "kWh"),
    "price": ("€/kWh", "€/kWh"),
    "eur": ("€", "€"),
    "subscription": ("Abonnement, 1/{} de {}", "Subscription, 1/{} of {}"),
    "total": ("Total TTC", "Total incl. tax"),
    "total_energy": ("Total TTC, hors abonnement", "Total incl. tax, without subscription"),
    "injected_line": ("Injecté, hors total", "Injected, not in the total"),
    "eve_line": ("{}, pour mémoire", "{}, for comparison"),
    "in_force": ("en cours", "in force"),
    "hours": ("Heure par heure", "Hour by hour"),
    "hours_label": ("Énergie de chaque heure, en kWh", "Energy of each hour, in kWh"),
    "hours_table": ("Le tableau des {} heures", "Table of the {} hours"),
    "hour": ("Heure", "Hour"),
    "dearest": ("Heure la plus chère", "Dearest hour"),
    "cheapest": ("Heure la moins chère", "Cheapest hour"),
    "hungriest": ("Heure la plus gourmande", "Hungriest hour"),
    "soberest": ("Heure la plus sobre", "Most frugal hour"),
    "spread": ("réparti, forme inconnue", "shared out, shape unknown"),
    "quality": ("Qualité de la mesure", "Quality of the measure"),
    "covered": ("Journée couverte", "Day covered"),
    "covered_so_far": ("Couverte jusqu’à {}", "Covered until {}"),
    "records": ("Relevés", "Records"),
    "frames": ("Trames reçues", "Frames received"),
    "rejected": ("Groupes refusés", "Groups rejected"),
    "held_domain": ("de valeur impossible", "of an impossible value"),
    "held_cross": ("en désaccord avec leur trame", "at odds with their frame"),
    "held_index": ("index en recul, ou en bond", "an index that falls or leaps"),
    "held_unconfirmed": ("démentis par la trame suivante", "not borne out by the next frame"),
    "held_order": ("trames confondues", "frames run together"),
    "held_meter": ("d’un autre compteur", "of another meter"),
    "held_contract": ("d’un autre contrat", "of another contract"),
    "held_other": ("autres causes", "other causes"),
    "unreadable": ("illisibles : somme, parité ou forme", "unreadable: checksum, parity or shape"),
    "unreadable_or_other": ("illisibles, ou cause non gardée", "unreadable, or cause not kept"),
    "gaps": ("Trous de plus de 5 min", "Gaps longer than 5 min"),
    "none": ("aucun", "none"),
    "gap_known": (
        "de {} à {} : {} kWh, connus par l’index",
        "from {} to {}: {} kWh, known by the index",
    ),
    "gap_shared": (
        "de {} à {} : {} kWh environ (part au prorata du temps)",
        "from {} to {}: about {} kWh (shared out by time)",
    ),
    "gap_unknown": ("de {} à {} : énergie inconnue", "from {} to {}: energy unknown"),
    "contract": ("Contrat du jour", "Contract of the day"),
    "option": ("Option", "Option"),
    "subscribed": ("Puissance souscrite", "Subscribed power"),
    "phases": ("Raccordement", "Connection"),
    "mono": ("monophasé", "single-phase"),
    "tri": ("triphasé", "three-phase"),
    "mode": ("Mode du compteur", "Mode of the meter"),
    "historique": ("historique", "historique"),
    "standard": ("standard", "standard"),
    "producer": ("Producteur", "Producer"),
    "off_peak": ("Heures creuses", "Off-peak hours"),
    "off_peak_group": ("groupe {}", "group {}"),
    "timetable": ("Horaires du lendemain", "Timetable of tomorrow"),
    "change": ("{}{} : {} → {}", "{}{}: {} → {}"),
    "change_at": ("À {}, ", "At {}, "),
    "change_meter": ("compteur", "meter"),
    "change_meter_old": ("l’ancien", "the old one"),
    "change_meter_new": ("un autre", "another"),
    "change_mode": ("mode", "mode"),
    "change_option": ("option", "option"),
    "change_subscribed_power": ("puissance souscrite", "subscribed power"),
    "change_phases": ("raccordement", "connection"),
    "change_producer": ("producteur", "producer"),
    "change_heures": ("heures creuses", "off-peak hours"),
    "change_demain": ("horaires du lendemain", "timetable of tomorrow"),
    "change_noms": ("nom de {}", "name of {}"),
    "yes": ("oui", "yes"),
    "no": ("non", "no"),
    "note_base": (
        "En mode historique, un Linky présente la plupart des offres récentes comme BASE (période TH..) : "
        "leurs heures et leurs jours à part n’y sont pas. Le mode standard les donne ; le changement est "
        "gratuit et se demande au fournisseur.",
        "In historique mode a Linky shows most recent offers as BASE (period TH..): their special hours and "
        "days are missing. Standard mode has them; the switch is free, through the supplier.",
    ),
    "note_estimated": (
        "Ce compteur ne donne pas la puissance : elle est estimée depuis l’intensité (I × 230 V).",
        "This meter gives no power: it is estimated from the current (I × 230 V).",
    ),
    "note_ejp": (
        "EJP : préavis non garanti. Un jour EJP va de 7 h à 1 h le lendemain.",
        "EJP: notice not guaranteed. An EJP day runs from 7:00 to 1:00 the next day.",
    ),
    "note_tempo": (
        "Tempo : la couleur d’un jour vaut de 6 h à 6 h le lendemain.",
        "Tempo: the colour of a day holds from 6:00 to 6:00 the next day.",
    ),
    "note_injected": (
        "Sans index d’injection, l’injection est estimée : I\u00a0×\u00a0U quand la puissance soutirée est nulle, à un "
        "demi-ampère près.",
        "Without an injection index, injection is estimated: I × U while no power is drawn, "
        "to half an ampere.",
    ),
    "flag_ejp": ("Jour EJP, 7 h à 1 h", "EJP day, 7:00 to 1:00"),
    "flag_ejp_tail": ("Fin de pointe EJP à 1 h", "EJP peak ends at 1:00"),
    "flag_blue": ("Jour bleu", "Blue day"),
    "flag_white": ("Jour blanc", "White day"),
    "flag_red": ("Jour rouge", "Red day"),
    "flag_so_far": ("Jusqu’à {}", "Until {}"),
    "flag_length": ("Journée de {} h", "Day of {} h"),
    "flag_partial": ("Journée partielle", "Partial day"),
    "flag_empty": ("Sans mesure", "No data"),
    "tomorrow_blue": ("Demain : bleu", "Tomorrow: blue"),
    "tomorrow_white": ("Demain : blanc", "Tomorrow: white"),
    "tomorrow_red": ("Demain : rouge", "Tomorrow: red"),
    "blue": ("bleu", "blue"),
    "white": ("blanc", "white"),
    "red": ("rouge", "red"),
    "ejp": ("EJP", "EJP"),
    "say_none": (
        "*Aucun relevé* pour ce jour : le compteur n’a pas été entendu, ou le journal n’a pas été gardé.",
        "*No record* for this day: the meter was not heard, or the log was not kept.",
    ),
    "say_silent": (
        "*Aucun relevé* pour ce jour ; l’index du compteur connaît l’énergie du silence : la part de ce jour, au "
        "prorata du temps, est de *{} kWh*. Sa forme est inconnue.",
        "*No record* for this day; the energy of the silence is known by the index: the share of this day, by time, is "
        "*{} kWh*. Its shape is unknown.",
    ),
    "say_unread": (
        "*Consommation inconnue* : l’index du registre en vigueur, {}, n’a pas été lu.",
        "*Consumption unknown*: the index of the register in force, {}, was not read.",
    ),
    "say_unread_some": (
        "*Consommation inconnue* : les index des registres en vigueur n’ont pas été lus ({}).",
        "*Consumption unknown*: the indexes of the registers in force were not read ({}).",
    ),
    "say_elsewhere": (
        "Le total du compteur compte *{} kWh* de plus que les registres lus : leur prix est inconnu.",
        "The total of the meter counts *{} kWh* more than the registers that are read: their price is unknown.",
    ),
    "say_failed": (
        "*Cette journée n’a pas pu être dessinée* ; les autres le sont, et son journal n’a pas changé.",
        "*This day could not be drawn*; the others are, and its log has not changed.",
    ),
    "failed_cause": ("Cause : {}", "Cause: {}"),
    "flag_failed": ("Non dessinée", "Not drawn"),
    "cost_unknown": ("montant inconnu", "amount unknown"),
    "unread": ("non lu", "not read"),
    "elsewhere": ("Registre non lu", "Register not read"),
    "say_future": ("Ce jour n’est pas encore venu.", "This day has not come yet."),
    "say_cost": ("Ce jour a coûté *{} €* pour *{} kWh*", "This day cost *€{}* for *{} kWh*"),
    "say_cost_so_far": (
        "À {}, la journée a coûté *{} €* pour *{} kWh*",
        "By {} the day cost *€{}* for *{} kWh*",
    ),
    "say_energy_cost": (
        "L’énergie de ce jour a coûté *{} €* pour *{} kWh*",
        "Energy cost *€{}* for *{} kWh*",
    ),
    "say_energy_cost_so_far": (
        "À {}, l’énergie du jour a coûté *{} €* pour *{} kWh*",
        "By {} energy cost *€{}* for *{} kWh*",
    ),
    "say_used": ("Ce jour a consommé *{} kWh*", "This day used *{} kWh*"),
    "say_used_so_far": ("À {}, la journée a consommé *{} kWh*", "By {} the day used *{} kWh*"),
    "say_of_which": (", dont {} € en {}", ", of which €{} in {}"),
    "say_of_which_kwh": (", dont {} kWh en {}", ", of which {} kWh in {}"),
    "say_load": (
        "Une charge de {} environ a duré de {} à {}, en {}.",
        "A load of about {} lasted from {} to {}, in {}.",
    ),
    "say_over": (
        "La puissance a dépassé l’abonnement de {} kVA à {}.",
        "Power went above the subscribed {} kVA at {}.",
    ),
    "say_injected": (
        "La maison a injecté environ *{} kWh*.",
        "The house injected about *{} kWh*.",
    ),
    "say_injected_exact": ("La maison a injecté *{} kWh*.", "The house injected *{} kWh*."),
    "say_break_contract": (
        "À {}, compteur ou contrat ont changé : les index repartent de là.",
        "At {} the meter or the contract changed: indexes start anew.",
    ),
    "say_break_index": (
        "À {}, un index a fait un saut impossible : rien n’est compté à travers.",
        "At {} an index made an impossible leap: nothing is counted across it.",
    ),
    "say_apart": (
        "Les registres et le total du compteur s’écartent de {} Wh : un registre n’est pas lu, ou l’est mal.",
        "The registers and the total of the meter differ by {} Wh: a register is not read, or misread.",
    ),
    "say_partial": (
        "Il manque {} % de la mesure ; l’énergie connue par les index est comptée.",
        "{}% of the measure is missing; energy known by the indexes is counted.",
    ),
    "nearly_all": ("plus de 99", "More than 99"),
    "footer_data": ("Énergie par les index du compteur.", "Energy by the indexes of the meter."),
    "footer_zone": ("Heures de {}.", "Times of {}."),
    "index_title": ("Calendrier de la consommation", "Calendar of electricity used"),
    "index_none": (
        "Aucune page de jour encore : la première viendra avec le premier relevé.",
        "No day page yet: the first will come with the first record.",
    ),
    "index_last": (
        "Dernier jour complet, {} : *{} €* pour *{} kWh*.",
        "Last full day, {}: *€{}* for *{} kWh*.",
    ),
    "index_last_kwh": ("Dernier jour complet, {} : *{} kWh*.", "Last full day, {}: *{} kWh*."),
    "least": ("Jours les moins chers", "Cheapest days"),
    "most": ("les plus chers", "dearest"),
    "least_kwh": ("Jours les plus sobres", "Most frugal days"),
    "most_kwh": ("les plus gourmands", "hungriest"),
    "index_days": ("{} jours", "{} days"),
    "index_day": ("1 jour", "1 day"),
    "index_month": ("{} kWh en {}", "{} kWh in {}"),
    "index_month_eur": ("{} €, {} kWh en {}", "€{}, {} kWh in {}"),
    "index_partial": ("dont {} en partie", "{} of them in part"),
    "index_ejp": ("{} EJP", "{} EJP"),
    "index_left": (
        "Il reste *{} jours EJP* sur {} cet hiver.",
        "*{} EJP days* of {} are left this winter.",
    ),
    "index_left_one": ("Il reste *1 jour EJP* sur {} cet hiver.", "*1 EJP day* of {} is left this winter."),
    "index_no_data": ("sans mesure", "no data"),
    "so_far": ("en cours", "so far"),
    "partial": ("partiel", "partial"),
}

_PERIOD_NAMES: Mapping[str, tuple[str, str]] = {
    "TH": ("Toutes heures", "All hours"),
    "HC": ("Heures creuses", "Off-peak hours"),
    "HP": ("Heures pleines", "Peak hours"),
    "HN": ("Heures normales", "Normal hours"),
    "PM": ("Heures de pointe", "Mobile peak hours"),
    "HCJB": ("Creuses, jour bleu", "Off-peak, blue day"),
    "HPJB": ("Pleines, jour bleu", "Peak, blue day"),
    "HCJW": ("Creuses, jour blanc", "Off-peak, white day"),
    "HPJW": ("Pleines, jour blanc", "Peak, white day"),
    "HCJR": ("Creuses, jour rouge", "Off-peak, red day"),
    "HPJR": ("Pleines, jour rouge", "Peak, red day"),
    "": ("Tous registres", "All registers"),
}
#: The same in the middle of a sentence.
_IN_SENTENCE: Mapping[str, tuple[str, str]] = {
    "HCJB": ("heures creuses bleues", "blue off-peak hours"),
    "HPJB": ("heures pleines bleues", "blue peak hours"),
    "HCJW": ("heures creuses blanches", "white off-peak hours"),
    "HPJW": ("heures pleines blanches", "white peak hours"),
    "HCJR": ("heures creuses rouges", "red off-peak hours"),
    "HPJR": ("heures pleines rouges", "red peak hours"),
}
_OPTIONS: Mapping[str, tuple[str, str]] = {
    "BASE": ("Base", "Base"),
    "HC": ("Heures creuses", "Off-peak hours"),
    "EJP": ("EJP", "EJP"),
    "TEMPO": ("Tempo", "Tempo"),
}
_WEEKDAYS = (
    ("lundi", "Monday"),
    ("mardi", "Tuesday"),
    ("mercredi", "Wednesday"),
    ("jeudi", "Thursday"),
    ("vendredi", "Friday"),
    ("samedi", "Saturday"),
    ("dimanche", "Sunday"),
)
_MONTHS = (
    ("janvier", "January"),
    ("février", "February"),
    ("mars", "March"),
    ("avril", "April"),
    ("mai", "May"),
    ("juin", "June"),
    ("juillet", "July"),
    ("août", "August"),
    ("septembre", "September"),
    ("octobre", "October"),
    ("novembre", "November"),
    ("décembre", "December"),
)
#: Codes that have a colour of their own; the others share one.
_KNOWN = frozenset(code(period) for periods in PERIODS.values() for period in periods)
#: The period worth a word in the first sentence: the dear one of each option.
_DEAR = ("PM", "HPJR", "HPJW", "HP")
#: Causes that a page tells apart.
_CAUSES_SHOWN = 3
_TYPESET = re.compile(r" ([;!?])")


def _typeset(text: str) -> str:
    """Return the French *text* with its no-break spaces (Lexique de l'Imprimerie nationale)."""
    text = _TYPESET.sub(_THIN + r"\1", text.replace(" :", _NBSP + ":"))
    for unit in ("kWh", "Wh", "kVA", "VA", "€", "h", "min", "%"):
        text = text.replace(f"}} {unit}", f"}}{_NBSP}{unit}").replace(f"}}* {unit}", f"}}*{_NBSP}{unit}")
    return re.sub(r"(\d) (h|min)\b", rf"\1{_NBSP}\2", text)


class _Texts(dict[str, str]):
    """The texts of one language by name, made when they are wanted: a page says a third of them."""

    def __init__(self, french: bool) -> None:
        self._french = french

    def __missing__(self, name: str) -> str:
        french, english = TEXTS[name]
        text = self[name] = _typeset(french) if self._french else english
        return text


class Words:
    """One language, and the time zone that its clocks are read in."""

    def __init__(self, lang: str, tz: ZoneInfo) -> None:
        self.lang = lang
        self.french = lang != "en"
        self._tz = tz
        at = 0 if self.french else 1
        self.text: Mapping[str, str] = _Texts(self.french)
        self._at = at

    # Numbers ------------------------------------------------------------------------------------

    def number(self, value: Decimal | float, places: int = 0) -> str:
        """Return *value* rounded half up to *places*, as the language writes it."""
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
        text = f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f}"
        return text.translate({ord(","): _THIN, ord("."): ","}) if self.french else text

    def kwh(self, wh: int, places: int = 3) -> str:
        """Return *wh* as kWh."""
        return self.number(Decimal(wh) / 1000, places)

    def eur(self, amount: Decimal) -> str:
        """Return *amount* to the cent, without its sign."""
        return self.number(amount, 2)

    def price(self, amount: Decimal) -> str:
        """Return a price of the kWh, with as many figures as it was given, four at least."""
        exponent = amount.as_tuple().exponent
        return self.number(amount, max(4, -exponent if isinstance(exponent, int) else 4))

    def register(self, wh: int) -> str:
        """Return an index as the meter shows it, in groups of three."""
        return f"{wh:011,}".replace(",", _NBSP)

    def percent(self, share: float, places: int = 1) -> str:
        """Return *share* of one as a percentage; never 100 when something is missing."""
        rounded = self.number(Decimal(str(share)) * 100, places if share < 1 else 0)
        if share < 1 and rounded == self.number(100, places):
            rounded = self.number(Decimal(100) - Decimal(1).scaleb(-places), places)
        return f"{rounded}{_NBSP}%" if self.french else f"{rounded}%"

    def kva(self, va: int) -> str:
        """Return a subscribed power, in kVA."""
        return self.number(Decimal(va) / 1000, 0 if va % 1000 == 0 else 1)

    def power(self, va: int) -> tuple[str, str]:
        """Return a power and its unit, with three figures at most."""
        if va < 1000:
            return str(va), "VA"
        return self.number(Decimal(va) / 1000, 2 if va < 10000 else 1), "kVA"

    # Time ---------------------------------------------------------------------------------------

    def clock(self, when: float, seconds: bool = False) -> str:
        """Return the time on the wall at *when*."""
        local = datetime.fromtimestamp(when, self._tz)
        if not self.french:
            return local.strftime("%H:%M:%S" if seconds else "%H:%M")
        text = f"{local.hour}{_NBSP}h"
        return f"{text}{_NBSP}{local.minute:02d}" if local.minute else text

    def hour(self, hour: int) -> str:
        """Return a whole hour."""
        return f"{hour}{_NBSP}h" if self.french else f"{hour:02d}:00"

    def end_clock(self, when: float, day: DayFigures) -> str:
        """Return the time on the wall at *when*; the midnight that ends the day is 24 h."""
        return self.hour(24) if when >= day.end else self.clock(when)

    def offset(self, seconds: int) -> str:
        """Return an offset from UTC: what tells the hour that comes twice."""
        sign, (hours, rest) = "+" if seconds >= 0 else "−", divmod(abs(seconds), 3600)
        return f"UTC{sign}{hours}" + (f":{rest // 60:02d}" if rest else "")

    def weekday(self, day: date) -> str:
        """Return the name of the weekday."""
        return _WEEKDAYS[day.weekday()][self._at]

    def weekdays(self) -> list[str]:
        """Return the first letters of the week, Monday first."""
        return [names[self._at][:1].upper() for names in _WEEKDAYS]

    def month(self, month: int) -> str:
        """Return the name of a month, 1 to 12."""
        return _MONTHS[month - 1][self._at]

    def long_date(self, day: date) -> str:
        """Return a date in full, with a capital: the title of a page."""
        first = "1ᵉʳ" if day.day == 1 and self.french else str(day.day)
        text = f"{self.weekday(day)} {first}{_NBSP}{self.month(day.month)} {day.year}"
        return text[0].upper() + text[1:]

    # Names --------------------------------------------------------------------------------------

    def period(self, name: str) -> str:
        """Return what register *name* counts."""
        if name in _PERIOD_NAMES:
            return _PERIOD_NAMES[name][self._at]
        if name == ELSEWHERE:
            return self.text["elsewhere"]
        if name[:1] == "F" and name[1:].isdecimal():
            return f"{Text('Index fournisseur', 'Supplier index')} {int(name[1:])}"
        return name

    def in_period(self, name: str) -> str:
        """Return the period as the middle of a sentence says it."""
        if name in _IN_SENTENCE:
            return _IN_SENTENCE[name][self._at]
        text = self.period(name)
        return text[:1].lower() + text[1:] if name in _PERIOD_NAMES else text

    def kind(self, name: str) -> str:
        """Return the style that draws register *name*: a word of ours, whatever the meter says."""
        return (
            name.lower() if name in _KNOWN else "f" + str(int(name[1:]) % 4) if name[1:].isdecimal() else "th"
        )

    def option(self, contract: Contract) -> str:
        """Return the name of the option."""
        row = _OPTIONS.get(contract.option)
        return row[self._at] if row else contract.option

    # Sentences ----------------------------------------------------------------------------------

    def say(self, name: str, *values: object) -> str:
        """Return the text *name* filled with *values*."""
        return self.text[name].format(*values)

    def flags(self, day: DayFigures) -> list[tuple[str, str]]:
        """Return the marks beside the date: style and words."""
        found = []
        if day.ejp:
            found.append(("peak", self.text["flag_ejp"]))
        elif day.ejp_tail:
            found.append(("plain", self.text["flag_ejp_tail"]))
        if day.colour:
            found.append((day.colour, self.text[f"flag_{day.colour}"]))
        if day.tomorrow and day.so_far:
            found.append((f"{day.tomorrow} outline", self.text[f"tomorrow_{day.tomorrow}"]))
        if day.length != 24:
            found.append(("plain", self.say("flag_length", day.length)))
        if day.empty:
            found.append(("plain", self.text["flag_empty"]))
        elif day.so_far:
            found.append(("plain", self.say("flag_so_far", self.clock(day.until))))
        elif day.partial:
            found.append(("plain", self.text["flag_partial"]))
        return found

    def compared(self, day: DayFigures) -> str | None:
        """Return the day beside the one before, when both are whole."""
        if not day.eve or day.consumed is None or day.so_far:
            return None
        if day.partial and any(gap.wh is None for gap in day.quality.gaps):
            return None
        name = self.weekday(day.date - timedelta(days=1))
        change = round(100 * (day.consumed - day.eve) / day.eve)
        if change == 0:
            return self.say("same_as", name)
        return self.say("more_than" if change > 0 else "less_than", self.number(abs(change)), name)

    def answer(self, day: DayFigures) -> list[str]:
        """Return the sentences that open the page."""
        if day.empty:
            if day.consumed is not None:
                return [self.say("say_silent", self.kwh(day.consumed, 1 if day.consumed >= 1000 else 3))]
            return [self.text["say_future" if day.until <= day.start else "say_none"]]
        found = []
        if day.unread:
            names = ", ".join(f"{self.period(name)} ({name})" for name in day.unread)
            found.append(self.say("say_unread_some" if len(day.unread) > 1 else "say_unread", names))
        if day.consumed is not None:
            used = self.kwh(day.consumed, 1 if day.consumed >= 1000 else 3)
            clock = (self.clock(day.until),) if day.so_far else ()
            suffix = "_so_far" if day.so_far else ""
            dear = next((line for name in _DEAR for line in day.lines if line.code == name and line.wh), None)
            alone = sum(1 for line in day.lines if line.wh) < 2
            if day.shown_cost is not None:
                name = "say_cost" if day.total is not None else "say_energy_cost"
                text = self.say(name + suffix, *clock, self.eur(day.shown_cost), used)
                if dear and not alone and dear.eur is not None:
                    text += self.say("say_of_which", self.eur(dear.eur), self.in_period(dear.code))
            else:
                text = self.say("say_used" + suffix, *clock, used)
                if dear and not alone:
                    text += self.say("say_of_which_kwh", self.kwh(dear.wh or 0, 1), self.in_period(dear.code))
            found.append(text + ".")
        for moment in day.breaks:
            name = "say_break_contract" if moment.contract else "say_break_index"
            found.append(self.say(name, self.clock(moment.at)))
        elsewhere = next((line.wh for line in day.lines if line.code == ELSEWHERE), None)
        if elsewhere:
            found.append(self.say("say_elsewhere", self.kwh(elsewhere)))
        elif day.apart:
            found.append(self.say("say_apart", self.number(abs(day.apart))))
        subscribed = day.contract.subscribed_power if day.contract else None
        if subscribed and day.peak and day.peak > subscribed and day.peak_at:
            found.append(self.say("say_over", self.kva(subscribed), self.clock(day.peak_at)))
        if not day.so_far and day.partial:
            missing = self.number((1 - day.quality.coverage) * 100)
            found.append(self.say("say_partial", self.text["nearly_all"] if missing == "100" else missing))
        if len(found) < 3 and day.load and len(day.load.codes) == 1:
            load = day.load
            amount = _NBSP.join((self.number(Decimal(load.va) / 1000, 1), "kVA"))
            found.append(
                self.say(
                    "say_load",
                    amount,
                    self.clock(load.start),
                    self.end_clock(load.end, day),
                    self.in_period(load.codes[0]),
                )
            )
        if len(found) < 3 and day.injected and day.injected.wh >= 100:
            name = "say_injected" if day.injected.estimated else "say_injected_exact"
            found.append(self.say(name, self.kwh(day.injected.wh, 1)))
        return found

    def notes(self, day: DayFigures) -> list[str]:
        """Return what the reader should know of this contract."""
        found = []
        contract = day.contract
        if contract is not None:
            if contract.mode is Mode.HISTORIQUE and contract.option == "BASE":
                found.append(self.text["note_base"])
            if contract.option == "EJP":
                found.append(self.text["note_ejp"])
            if contract.option == "TEMPO":
                found.append(self.text["note_tempo"])
            if contract.estimated_power:
                found.append(self.text["note_estimated"])
        if day.injected is not None and day.injected.estimated:
            found.append(self.text["note_injected"])
        return found

    def changes(self, day: DayFigures) -> list[str]:
        """Return what changed of the contract: when, what, from and to."""
        found = []
        for change in day.changes:
            what, _, register = change.what.partition(" ")
            if f"change_{what}" not in TEXTS:
                continue  # a topic of a newer version
            name = self.say(f"change_{what}", self.period(register))
            before, after = (
                (self.text["change_meter_old"], self.text["change_meter_new"])
                if what == "meter"
                else (self._told(what, value) for value in (change.before, change.after))
            )
            found.append(
                self.say("change", self.say("change_at", self.clock(change.at)), name, before, after)
            )
        return found

    def _told(self, what: str, value: object) -> str:
        if what == "producer":
            return self.text["yes" if value else "no"]
        if what == "phases":
            return self.text["mono" if value == 1 else "tri"]
        if isinstance(value, Mode):
            return self.text[value.value]
        if isinstance(value, int):
            return f"{self.kva(value)}{_NBSP}kVA"
        text = str(value)
        if what == "option":
            row = _OPTIONS.get(text)
            return row[self._at] if row else text
        if what == "heures":
            return self.say("off_peak_group", text)
        return self.timetable(text) if what == "demain" else text

    def timetable(self, text: str) -> str:
        """Return the switches of a day, ``06:00 HP; 22:00 HC``, for people."""
        found = []
        for switch in text.split("; "):
            clock, _, register = switch.partition(" ")
            hour, _, minute = clock.partition(":")
            shown = f"{hour.lstrip('0') or '0'}{_NBSP}h" + (f"{_NBSP}{minute}" if minute != "00" else "")
            found.append(f"{shown if self.french else clock} {self.in_period(register)}")
        return ", ".join(found)

    def refused(self, day: DayFigures) -> list[tuple[str, str]]:
        """Return why groups were refused, and how many for each reason; nothing when that is not known."""
        quality = day.quality
        if quality.held is None or not quality.rejected:
            return []
        held = sorted(quality.held.items(), key=lambda one: (-one[1], one[0]))
        known = [(f"held_{cause}", count) for cause, count in held if f"held_{cause}" in TEXTS]
        rows, others = known[:_CAUSES_SHOWN], known[_CAUSES_SHOWN:]
        unreadable = quality.rejected - sum(quality.held.values())
        if unreadable > 0:
            rows.insert(0, ("unreadable" if quality.held_whole else "unreadable_or_other", unreadable))
        more = (
            sum(quality.held.values()) - sum(count for _, count in known) + sum(count for _, count in others)
        )
        if more:
            rows.append(("held_other", more))
        return [(self.text[name], self.number(count)) for name, count in rows]

    def gap(self, gap: object, day: DayFigures) -> str:
        """Return what is known of a gap."""
        start, end, wh, shared = (getattr(gap, name) for name in ("start", "end", "wh", "shared"))
        begin, stop = self.clock(start), self.end_clock(end, day)
        if wh is None:
            return self.say("gap_unknown", begin, stop)
        return self.say("gap_shared" if shared else "gap_known", begin, stop, self.kwh(wh))

    def hours_of(self, day: DayFigures) -> list[str]:
        """Return the name of each hour; the one that comes twice says which."""
        twice = {hour.hour for at, hour in enumerate(day.hours) if at and day.hours[at - 1].hour == hour.hour}
        return [
            self.hour(hour.hour) + (f" ({self.offset(hour.offset)})" if hour.hour in twice else "")
            for hour in day.hours
        ]
