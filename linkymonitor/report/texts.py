"""The texts of the pages in French and English, one row each; French spaces are made no-break where they are shown."""

from __future__ import annotations

from collections.abc import Mapping

from linkymonitor.language import Text


class Texts:
    """Words and sentences of the pages. Templates know them by these names, as ``t.calendar``.

    ``{}`` stands for a figure; what stands between stars is shown strong.
    """

    calendar = Text("Calendrier", "Calendar")
    skip = Text("Aller au contenu", "Skip to content")
    days = Text("Jours", "Days")
    consumed = Text("Consommé", "Used")
    cost = Text("Coût du jour", "Cost of the day")
    cost_so_far = Text("Coût à cette heure", "Cost so far")
    cost_known = Text("Coût connu", "Known cost")
    consumed_known = Text("Consommé, connu", "Used, as far as known")
    consumed_share = Text("Consommé, au prorata", "Used, a share by time")
    cost_share = Text("Coût, au prorata", "Cost, a share by time")
    including_subscription = Text("dont abonnement {} €", "including €{} of subscription")
    without_subscription = Text("hors abonnement, non réglé", "subscription not set")
    no_prices = Text("prix non réglés", "prices not set")
    no_price_of = Text("prix non réglé : {}", "price not set: {}")
    price_remedy = Text(
        "À régler dans la section [tariff] de linkymonitor.ini : {}. Puis redessinez ce jour.",
        "To be set in the section [tariff] of linkymonitor.ini: {}. Then draw this day again.",
    )
    injected = Text("Injecté", "Exported")
    injected_estimated = Text("Injecté, estimé", "Exported, estimated")
    injected_least = Text("Injecté, au moins", "Exported, at least")
    injected_while_heard = Text("environ {} pendant l’écoute", "about {} while listening")
    injected_paid = Text("payé {}", "paid {}")
    unheard_once = Text("rien d’entendu de {} à {}", "nothing heard from {} to {}")
    unheard_times = Text("rien d’entendu pendant {}, en {} fois", "nothing heard for {}, in {} silences")
    between = Text("entre {} et {} kWh", "between {} and {} kWh")
    by_index = Text("par l’index du compteur", "from the meter’s register")
    peak = Text("Plus forte puissance", "Highest power")
    peak_at = Text("à {}", "at {}")
    peak_share = Text("{} % de {} kVA", "{}% of {} kVA")
    base_load = Text("Talon de nuit", "Night base load")
    base_year = Text("au plus {} kWh par an", "at most {} kWh a year")
    base_watts = Text("soit {} à {} W, {} kWh par an", "that is {} to {} W, {} kWh a year")
    base_watts_eur = Text("soit {} à {} W : environ {} € par an", "that is {} to {} W: about €{} a year")
    more_than = Text("{} % de plus que {} jours semblables", "{}% more than {} similar days")
    less_than = Text("{} % de moins que {} jours semblables", "{}% less than {} similar days")
    same_as = Text("autant que {} jours semblables", "the same as {} similar days")
    usual_eur = Text("d’ordinaire {}", "usually {}")
    usual_line = Text("Moyenne de {} {}", "Mean of {} {}")
    weekdays = Text("jours {}de semaine{}", "{}weekdays{}")
    weekend_days = Text("jours {}de week-end{}", "{}weekend days{}")
    kind_ejp = Text("EJP ", "EJP ")
    kind_blue = Text("bleus ", "blue ")
    kind_white = Text("blancs ", "white ")
    kind_red = Text("rouges ", "red ")
    kind_no_ejp = Text(" hors EJP", " without EJP")
    left = Text("Jours qui restent", "Days left")
    left_ejp = Text("EJP : {} sur {}", "EJP: {} of {}")
    left_red = Text("rouges : {} sur {}", "red: {} of {}")
    left_white = Text("blancs : {} sur {}", "white: {} of {}")
    say_peak = Text(
        "La pointe de cet EJP, de {} à {}, a coûté *{}* pour *{} kWh*.",
        "The peak of this EJP day, {} to {}, cost *{}* for *{} kWh*.",
    )
    say_left_ejp = Text("Il reste *{} jours EJP* sur {}.", "*{} EJP days* of {} are left.")
    say_left_ejp_one = Text("Il reste *1 jour EJP* sur {}.", "*1 EJP day* of {} is left.")
    say_left_red = Text("Il reste *{} jours rouges* sur {}.", "*{} red days* of {} are left.")
    say_left_red_one = Text("Il reste *1 jour rouge* sur {}.", "*1 red day* of {} is left.")
    chart = Text("Puissance au fil de la journée", "Power through the day")
    chart_hint = Text(
        "Glisser pour agrandir, deux clics pour revenir. Au clavier : flèches, + et −, Échap.",
        "Drag to zoom, double-click to come back. Keyboard: arrows, + and −, Esc.",
    )
    chart_touch = Text(
        "Un doigt lit la courbe, deux doigts l’agrandissent.",
        "One finger reads the curve, two fingers zoom.",
    )
    chart_none = Text(
        "La courbe demande JavaScript et le dossier dygraphs, à côté de cette page ; le tableau heure par "
        "heure dit l’essentiel.",
        "The chart needs JavaScript and the dygraphs folder beside this page; "
        "the hourly table tells most of it.",
    )
    whole_day = Text("Toute la journée", "Whole day")
    zoom_in = Text("Agrandir", "Zoom in")
    zoom_out = Text("Réduire", "Zoom out")
    csv_records = Text("Relevés en CSV", "Records as CSV")
    csv_hours = Text("Heures en CSV", "Hours as CSV")
    csv_local = Text("heure locale", "local time")
    csv_utc = Text("heure UTC", "UTC time")
    csv_power = Text("puissance (VA)", "power (VA)")
    csv_least = Text("minimum (VA)", "lowest (VA)")
    csv_most = Text("maximum (VA)", "highest (VA)")
    csv_total = Text("énergie (kWh)", "energy (kWh)")
    csv_cost = Text("coût (€)", "cost (€)")
    csv_remark = Text("remarque", "remark")
    csv_estimated = Text("partage estimé", "estimated share")
    csv_hours_name = Text("-heures", "-hours")
    series_power = Text("Puissance consommée", "Power used")
    series_injected = Text("Puissance injectée", "Power exported")
    series_injected_estimated = Text("Puissance injectée, estimée", "Power exported, estimated")
    series_current = Text("Intensité", "Current")
    series_index = Text("Index {}", "Index, {}")
    right_axis = Text("Index : kWh depuis minuit.", "Indexes: kWh since midnight.")
    chart_pick = Text(
        "L’énergie et le coût d’une plage agrandie s’affichent ici.",
        "Zoom in on a period to see its energy and its cost here.",
    )
    chart_range = Text("De {} à {}", "From {} to {}")
    money = Text("{} €", "€{}")
    rate = Text("≈ {} €/h", "≈ €{}/h")
    chart_rest = Text(
        "Survoler ou toucher la courbe pour lire ses valeurs.", "Point at the curve to read its values."
    )
    gap = Text("trou", "gap")
    min_max = Text("de {} à {} VA", "{} to {} VA")
    phases_title = Text("Phases", "Phases")
    phases_current = Text("Intensité de chaque phase", "Current of each phase")
    phases_voltage = Text("Tension de chaque phase", "Voltage of each phase")
    voltage = Text("Tension", "Voltage")
    phase = Text("Phase", "Phase")
    mean_current = Text("A, moyenne", "A, mean")
    most_current = Text("A, au plus", "A, highest")
    share = Text("Part", "Share")
    voltage_bounds = Text("V, de–à", "V, from–to")
    voltage_mean = Text("V, moyenne", "V, mean")
    say_imbalance = Text(
        "La phase {} porte *{}* du courant, la phase {} *{}*.",
        "Phase {} carries *{}* of the current, phase {} *{}*.",
    )
    say_balance = Text("Les phases sont également chargées.", "The phases are evenly loaded.")
    say_voltage = Text(
        "La tension est allée de *{} à {} V* ; en moyenne *{} V*.",
        "The voltage ran from *{} to {} V*; its mean is *{} V*.",
    )
    say_voltage_out = Text(
        "La tension est sortie de 207 à 253 V (230 V ± 10 %) : *{} à {} V*.",
        "The voltage left 207 to 253 V (230 V ± 10%): *{} to {} V*.",
    )
    synthesis = Text("Synthèse", "Summary")
    period = Text("Période", "Period")
    index_end = Text("Index, fin", "Last reading")
    kwh = Text("kWh", "kWh")
    price = Text("€/kWh", "€/kWh")
    eur = Text("€", "€")
    subscription = Text("Abonnement, 1/{} de {}", "Subscription, 1/{} of {}")
    total = Text("Total TTC", "Total incl. tax")
    total_known = Text("Total connu, TTC", "Known total incl. tax")
    total_energy = Text("Total TTC, hors abonnement", "Total incl. tax, without subscription")
    injected_line = Text("Injecté, hors total", "Exported, not in the total")
    injected_line_least = Text("Injecté au moins, hors total", "Exported at least, not in the total")
    in_force = Text("en cours", "in force")
    hours = Text("Heure par heure", "Hour by hour")
    hours_label = Text("Énergie de chaque heure, en kWh", "Energy of each hour, in kWh")
    hours_label_eur = Text("Coût de chaque heure, en €", "Cost of each hour, in €")
    hours_unit = Text("Unité des barres", "Unit of the bars")
    hours_table = Text("Le tableau des {} heures", "Table of the {} hours")
    hour = Text("Heure", "Hour")
    dearest = Text("Heure la plus chère", "Dearest hour")
    cheapest = Text("Heure la moins chère", "Cheapest hour")
    hungriest = Text("Heure la plus gourmande", "Hour of highest use")
    soberest = Text("Heure la plus sobre", "Hour of lowest use")
    all_well = Text("complète, rien refusé", "complete, nothing refused")
    quality = Text("Qualité de la mesure", "Measurement quality")
    covered = Text("Journée couverte", "Day covered")
    covered_so_far = Text("Couverte jusqu’à {}", "Covered until {}")
    records = Text("Relevés", "Records")
    frames = Text("Trames reçues", "Frames received")
    rejected = Text("Groupes refusés", "Groups rejected")
    held_domain = Text("de valeur impossible", "of an impossible value")
    held_cross = Text("en désaccord avec leur trame", "at odds with their frame")
    held_index = Text("index en recul, ou en bond", "an index that falls or leaps")
    held_unconfirmed = Text("démentis par la trame suivante", "not borne out by the next frame")
    held_order = Text("trames confondues", "frames run together")
    held_meter = Text("d’un autre compteur", "of another meter")
    held_contract = Text("d’un autre contrat", "of another contract")
    held_other = Text("autres causes", "other causes")
    unreadable = Text("illisibles : somme, parité ou forme", "unreadable: checksum, parity or shape")
    unreadable_or_other = Text("illisibles, ou cause non gardée", "unreadable, or cause not kept")
    gaps = Text("Trous de plus de 5 min", "Gaps longer than 5 min")
    none = Text("aucun", "none")
    gap_known = Text(
        "de {} à {} : {} kWh, connus par l’index", "from {} to {}: {} kWh, known from the register"
    )
    gap_shared = Text(
        "de {} à {} : {} kWh environ (part au prorata du temps)",
        "from {} to {}: about {} kWh (shared out by time)",
    )
    gap_unknown = Text("de {} à {} : énergie inconnue", "from {} to {}: energy unknown")
    gap_before = Text(
        "de {} à {} : avant la première mesure, énergie inconnue",
        "from {} to {}: before the first measurement, energy unknown",
    )
    contract = Text("Contrat du jour", "Contract on this day")
    option = Text("Option", "Option")
    subscribed = Text("Puissance souscrite", "Subscribed power")
    phases = Text("Raccordement", "Connection")
    mono = Text("monophasé", "single-phase")
    tri = Text("triphasé", "three-phase")
    mode = Text("Mode du compteur", "Meter mode")
    historique = Text("historique", "historique")
    standard = Text("standard", "standard")
    producer = Text("Producteur", "Producer")
    off_peak = Text("Heures creuses", "Off-peak hours")
    off_peak_seen = Text("{}, observées", "{}, as observed")
    from_to = Text("{}–{}", "{}–{}")
    off_peak_group = Text("groupe {}", "group {}")
    timetable = Text("Horaires du lendemain", "Tomorrow’s timetable")
    change = Text("{}{} : {} → {}", "{}{}: {} → {}")
    change_at = Text("À {}, ", "At {}, ")
    change_meter = Text("compteur", "meter")
    change_meter_old = Text("l’ancien", "the old one")
    change_meter_new = Text("un autre", "another")
    change_mode = Text("mode", "mode")
    change_option = Text("option", "option")
    change_subscribed_power = Text("puissance souscrite", "subscribed power")
    change_phases = Text("raccordement", "connection")
    change_producer = Text("producteur", "producer")
    change_heures = Text("heures creuses", "off-peak hours")
    change_demain = Text("horaires du lendemain", "tomorrow’s timetable")
    change_noms = Text("nom de {}", "name of {}")
    yes = Text("oui", "yes")
    no = Text("non", "no")
    note_base = Text(
        "En mode historique, un Linky présente la plupart des offres récentes comme BASE (période TH..) : "
        "leurs heures et leurs jours à part n’y sont pas. Le mode standard les donne ; le changement est "
        "gratuit et se demande au fournisseur.",
        "In historique mode a Linky shows most recent offers as BASE (period TH..): their special hours and "
        "days are missing. Standard mode has them; the switch is free, through the supplier.",
    )
    note_estimated = Text(
        "Ce compteur ne donne pas la puissance : elle est estimée depuis l’intensité (I × 230 V).",
        "This meter gives no power: it is estimated from the current (I × 230 V).",
    )
    note_ejp = Text(
        "EJP : préavis non garanti. Un jour EJP va de 7 h à 1 h le lendemain.",
        "EJP: notice not guaranteed. An EJP day runs from 7:00 to 1:00 the next day.",
    )
    note_tempo = Text(
        "Tempo : la couleur d’un jour vaut de 6 h à 6 h le lendemain.",
        "Tempo: the colour of a day holds from 6:00 to 6:00 the next day.",
    )
    note_unpaid = Text(
        "Une injection estimée n’est pas comptée en euros : seul un index d’injection le permet.",
        "Estimated export is not counted in euros: that takes a register of the meter.",
    )
    note_injected = Text(
        "Sans index d’injection, l’injection est estimée : I\u00a0×\u00a0U quand la puissance soutirée est nulle, à un "
        "demi-ampère près.",
        "This meter has no export register, so what the house exports is estimated: I × U while no power is drawn, "
        "to half an ampere.",
    )
    flag_ejp = Text("Jour EJP, 7 h à 1 h", "EJP day, 7:00 to 1:00")
    flag_ejp_tail = Text("Fin de pointe EJP à 1 h", "EJP peak ends at 1:00")
    flag_blue = Text("Jour bleu", "Blue day")
    flag_white = Text("Jour blanc", "White day")
    flag_red = Text("Jour rouge", "Red day")
    flag_so_far = Text("Jusqu’à {}", "Until {}")
    flag_length = Text("Journée de {} h", "{}-hour day")
    flag_partial = Text("Journée partielle", "Partial day")
    flag_empty = Text("Sans mesure", "No data")
    tomorrow_blue = Text("Demain : bleu", "Tomorrow: blue")
    tomorrow_white = Text("Demain : blanc", "Tomorrow: white")
    tomorrow_red = Text("Demain : rouge", "Tomorrow: red")
    blue = Text("bleu", "blue")
    white = Text("blanc", "white")
    red = Text("rouge", "red")
    ejp = Text("EJP", "EJP")
    say_none = Text(
        "*Aucun relevé* pour ce jour : le compteur n’a pas été entendu, ou le journal n’a pas été gardé.",
        "*No record* for this day: the meter was not heard, or the log was not kept.",
    )
    say_silent = Text(
        "*Aucun relevé* pour ce jour ; l’index du compteur connaît l’énergie du silence : la part de ce jour, au "
        "prorata du temps, est de *{} kWh*. Sa forme est inconnue.",
        "*No record* for this day; the meter’s register shows what the whole silence used: the share of this day, by "
        "time, is *{} kWh*. When it was used is not known.",
    )
    say_unread = Text(
        "*Consommation inconnue* : l’index du registre en vigueur, {}, n’a pas été lu.",
        "*Consumption unknown*: the register in force, {}, was not read.",
    )
    say_unread_some = Text(
        "*Consommation inconnue* : les index des registres en vigueur n’ont pas été lus ({}).",
        "*Consumption unknown*: the registers in force were not read ({}).",
    )
    say_elsewhere = Text(
        "Le total du compteur compte *{} kWh* de plus que les registres lus : leur prix est inconnu.",
        "The meter’s total counts *{} kWh* more than the registers that were read: what they cost is not known.",
    )
    say_failed = Text(
        "*Cette journée n’a pas pu être dessinée* ; les autres le sont, et son journal n’a pas changé.",
        "*This day could not be drawn*; the others are, and its log has not changed.",
    )
    failed_cause = Text("Cause : {}", "Cause: {}")
    flag_failed = Text("Non dessinée", "Not drawn")
    cost_unknown = Text("montant inconnu", "amount unknown")
    unread = Text("non lu", "not read")
    at_rest = Text("Index au repos : {}", "Registers at rest: {}")
    elsewhere = Text("Registre non lu", "Register not read")
    supplier_index = Text("Index fournisseur {}", "Supplier index {}")
    say_future = Text("Ce jour n’est pas encore venu.", "This day has not come yet.")
    say_cost = Text("Ce jour a coûté *{} €* pour *{} kWh*", "This day cost *€{}* for *{} kWh*")
    say_cost_so_far = Text(
        "À {}, la journée a coûté *{} €* pour *{} kWh*", "By {} the day cost *€{}* for *{} kWh*"
    )
    say_energy_cost = Text(
        "L’énergie de ce jour a coûté *{} €* pour *{} kWh*", "This day’s energy cost *€{}* for *{} kWh*"
    )
    say_energy_cost_so_far = Text(
        "À {}, l’énergie du jour a coûté *{} €* pour *{} kWh*",
        "By {} the day’s energy cost *€{}* for *{} kWh*",
    )
    say_used = Text("Ce jour a consommé *{} kWh*", "This day used *{} kWh*")
    say_used_so_far = Text("À {}, la journée a consommé *{} kWh*", "By {} the day used *{} kWh*")
    say_of_which = Text(", dont {} € en {}", ", of which €{} in {}")
    say_of_which_kwh = Text(", dont {} kWh en {}", ", of which {} kWh in {}")
    say_load = Text(
        "Une charge de {} environ a duré de {} à {}{}.",
        "A load of about {} ran from {} to {}{}.",
    )
    say_heater = Text(
        "Une charge de {} environ, sans doute le chauffe-eau, a duré de {} à {}{}.",
        "A load of about {}, probably the water heater, ran from {} to {}{}.",
    )
    say_within = Text(", en {}", ", in {}")
    say_over = Text(
        "La puissance a dépassé l’abonnement de {} kVA à {}.", "Power went above the subscribed {} kVA at {}."
    )
    say_injected = Text("La maison a injecté environ *{} kWh*.", "The house exported about *{} kWh*.")
    say_injected_exact = Text("La maison a injecté *{} kWh*.", "The house exported *{} kWh*.")
    say_injected_paid = Text(
        "La maison a injecté *{} kWh*, payés *{}*.", "The house exported *{} kWh*, which earns *{}*."
    )
    say_injected_least = Text(
        "La maison a injecté *au moins {} kWh* ; {}.", "The house exported *at least {} kWh*; {}."
    )
    say_break_contract = Text(
        "À {}, compteur ou contrat ont changé : les index repartent de là.",
        "At {} the meter or the contract changed: the registers start anew.",
    )
    say_break_index = Text(
        "À {}, un index a fait un saut impossible : rien n’est compté à travers.",
        "At {} a register made an impossible leap: nothing is counted across it.",
    )
    say_apart = Text(
        "Les registres et le total du compteur s’écartent de {} Wh : un registre n’est pas lu, ou l’est mal.",
        "The registers and the meter’s total differ by {} Wh: a register was not read, or was misread.",
    )
    say_partial = Text(
        "Il manque {} % de la mesure ; l’énergie connue par les index est comptée.",
        "{}% of the day was not measured; what the meter’s registers show is counted.",
    )
    say_partial_lost = Text(
        "Il manque {} % de la mesure, et l’énergie de ce temps.",
        "{}% of the day was not measured, and its energy is not known.",
    )
    nearly_all = Text("plus de 99", "More than 99")
    say_stopped = Text("*Mesure arrêtée à {}*", "*Measurement stopped at {}*")
    say_started = Text("*Mesure commencée à {}*", "*Measurement began at {}*")
    say_only = Text("*Mesure de {} à {} seulement*", "*Measured from {} to {} only*")
    say_first = Text(
        "C’est le premier jour : ce que le compteur a compté avant {} n’est pas connu, ni donc le coût du jour entier.",
        "This is the first day: the energy before {} is not known, and so the cost of the whole day is not either.",
    )
    say_set_prices = Text(
        "Les coûts viendront avec les prix : « linkymonitor tariffs new » propose les vôtres.",
        "Costs will come with the prices: “linkymonitor tariffs new” proposes yours.",
    )
    say_broken = Text("*Mesure interrompue*", "*Measurement interrupted*")
    say_known = Text("{} : *{} kWh* connus", "{}: *{} kWh* known")
    say_known_eur = Text("{} : *{} kWh* connus, pour *{}* d’énergie", "{}: *{} kWh* known, *{}* of energy")
    say_doubted = Text(
        "*Prix douteux* : {}. Les factures sont en centimes, les réglages en euros.",
        "*Doubtful price*: {}. Bills are in centimes, the settings in euros.",
    )
    doubted_price = Text("{} = {} €/kWh", "{} = {} €/kWh")
    footer_data = Text("Énergie par les index du compteur.", "Energy from the meter’s registers.")
    footer_zone = Text("Heures de {}.", "Times are those of {}.")
    index_title = Text("Calendrier de la consommation", "Electricity, day by day")
    index_none = Text(
        "Aucune page de jour encore : la première viendra avec le premier relevé.",
        "No day yet: the first comes with the first record.",
    )
    index_last = Text(
        "Dernier jour complet, {} : *{} €* pour *{} kWh*.", "Last full day, {}: *€{}* for *{} kWh*."
    )
    index_last_kwh = Text("Dernier jour complet, {} : *{} kWh*.", "Last full day, {}: *{} kWh*.")
    least = Text("Jours les moins chers", "Cheapest days")
    most = Text("les plus chers", "dearest")
    least_kwh = Text("Jours les plus sobres", "Days of lowest use")
    most_kwh = Text("les plus gourmands", "highest")
    index_days = Text("{} jours", "{} days")
    index_day = Text("1 jour", "1 day")
    index_month = Text("{} kWh en {}", "{} kWh in {}")
    index_month_eur = Text("{} €, {} kWh en {}", "€{}, {} kWh in {}")
    index_partial = Text("dont {} en partie", "{} of them in part")
    index_ejp = Text("{} EJP", "{} EJP")
    index_left = Text(
        "Il reste *{} jours EJP* sur {} cet hiver.", "*{} EJP days* of {} are left this winter."
    )
    index_left_one = Text("Il reste *1 jour EJP* sur {} cet hiver.", "*1 EJP day* of {} is left this winter.")
    index_no_data = Text("sans mesure", "no data")
    so_far = Text("en cours", "so far")
    partial = Text("partiel", "partial")


#: The texts by name, for templates.
TEXTS: Mapping[str, Text] = {name: text for name, text in vars(Texts).items() if isinstance(text, Text)}

#: What a register counts, by its code.
PERIOD_NAMES: Mapping[str, Text] = {
    "TH": Text("Toutes heures", "All hours"),
    "HC": Text("Heures creuses", "Off-peak hours"),
    "HP": Text("Heures pleines", "Peak hours"),
    "HN": Text("Heures normales", "Normal hours"),
    "PM": Text("Heures de pointe", "Mobile peak hours"),
    "HCJB": Text("Creuses, jour bleu", "Off-peak, blue day"),
    "HPJB": Text("Pleines, jour bleu", "Peak, blue day"),
    "HCJW": Text("Creuses, jour blanc", "Off-peak, white day"),
    "HPJW": Text("Pleines, jour blanc", "Peak, white day"),
    "HCJR": Text("Creuses, jour rouge", "Off-peak, red day"),
    "HPJR": Text("Pleines, jour rouge", "Peak, red day"),
    "": Text("Tous registres", "All registers"),
}
#: The same in the middle of a sentence, where it is not the same words.
PERIODS_IN_SENTENCE: Mapping[str, Text] = {
    "HCJB": Text("heures creuses bleues", "blue off-peak hours"),
    "HPJB": Text("heures pleines bleues", "blue peak hours"),
    "HCJW": Text("heures creuses blanches", "white off-peak hours"),
    "HPJW": Text("heures pleines blanches", "white peak hours"),
    "HCJR": Text("heures creuses rouges", "red off-peak hours"),
    "HPJR": Text("heures pleines rouges", "red peak hours"),
}
#: Tariff options, by their code.
OPTION_NAMES: Mapping[str, Text] = {
    "BASE": Text("Base", "Base"),
    "HC": Text("Heures creuses", "Off-peak hours"),
    "EJP": Text("EJP", "EJP"),
    "TEMPO": Text("Tempo", "Tempo"),
}
#: The mark of a day in a calendar and beside its date, and the same in one word.
DAY_FLAGS: Mapping[str, Text] = {
    "ejp": Texts.flag_ejp,
    "blue": Texts.flag_blue,
    "white": Texts.flag_white,
    "red": Texts.flag_red,
}
DAY_TAGS: Mapping[str, Text] = {
    "ejp": Texts.ejp,
    "blue": Texts.blue,
    "white": Texts.white,
    "red": Texts.red,
    "partial": Texts.partial,
}
#: The same as an adjective of several days.
KINDS: Mapping[str, Text] = {"blue": Texts.kind_blue, "white": Texts.kind_white, "red": Texts.kind_red}
#: How many days of a kind are left.
LEFT: Mapping[str, Text] = {"ejp": Texts.left_ejp, "red": Texts.left_red, "white": Texts.left_white}
TOMORROW_FLAGS: Mapping[str, Text] = {
    "blue": Texts.tomorrow_blue,
    "white": Texts.tomorrow_white,
    "red": Texts.tomorrow_red,
}
#: What may change of a contract: a field of Contract, else a topic of the line ``Grille:``.
CHANGES: Mapping[str, Text] = {
    "meter": Texts.change_meter,
    "mode": Texts.change_mode,
    "option": Texts.change_option,
    "subscribed_power": Texts.change_subscribed_power,
    "phases": Texts.change_phases,
    "producer": Texts.change_producer,
    "heures": Texts.change_heures,
    "demain": Texts.change_demain,
    "noms": Texts.change_noms,
}
#: Why acceptance held a group back, by its cause in quarantine.log.
HELD_CAUSES: Mapping[str, Text] = {
    "domain": Texts.held_domain,
    "cross": Texts.held_cross,
    "index": Texts.held_index,
    "unconfirmed": Texts.held_unconfirmed,
    "order": Texts.held_order,
    "meter": Texts.held_meter,
    "contract": Texts.held_contract,
}
