"""The texts of the pages of periods in both languages; braces are figures, words between stars are strong."""

from collections.abc import Mapping

from linkymonitor.language import Text

#: Kind of day → such days, in a sentence.
CHANCE_KINDS: Mapping[str, Text] = {
    "ejp": Text("jours EJP", "EJP days"),
    "red": Text("jours rouges", "red days"),
    "white": Text("jours blancs", "white days"),
}


class PeriodTexts:
    """Words and sentences; templates know them by these names, as ``p.account``."""

    periods = Text("Périodes", "Periods")
    calendar = Text("calendrier", "calendar")
    today = Text("aujourd’hui", "today")
    range_title = Text("du {} au {}", "{} to {}")
    range_in_sentence = Text("la période {}", "{}")
    flag_until = Text("jusqu’au {}, {}", "until {}, {}")
    flag_since = Text("mesuré depuis le {}", "measured since {}")
    flag_ejp = Text("{} jours EJP", "{} EJP days")
    flag_ejp_one = Text("1 jour EJP", "1 EJP day")
    flag_red = Text("{} jours rouges", "{} red days")
    flag_red_one = Text("1 jour rouge", "1 red day")
    flag_white = Text("{} blancs", "{} white")
    flag_white_one = Text("1 blanc", "1 white")
    flag_empty = Text("pas de données", "no data")
    say_cost = Text(
        "En {}, la maison a coûté *{}* pour *{} kWh*", "In {0}, the house used *{2} kWh* for *{1}*"
    )
    say_energy = Text("En {}, la maison a utilisé *{} kWh*.", "In {}, the house used *{} kWh*.")
    say_energy_only = Text(
        "En {}, l’énergie a coûté *{}* pour *{} kWh*, hors abonnement",
        "In {0}, the house used *{2} kWh* for *{1}*, without subscription",
    )
    say_unknown = Text(
        "L’énergie de cette période n’est pas connue.", "The energy of this period is not known."
    )
    say_empty = Text("Le journal n’a rien de ces jours.", "The log has nothing of these days.")
    say_days = Text("{} jours", "{} days")
    say_days_one = Text("1 jour", "1 day")
    say_peak = Text(
        " ; la pointe de {} en fait *{}* avec {} de l’énergie",
        "; the peak of {} makes *{}* of it with {} of the energy",
    )
    say_red = Text(" ; {} en font *{}* avec {} de l’énergie", "; {} make *{}* of it with {} of the energy")
    say_more = Text(
        "Face à {}, sur les mêmes {}, c’est *{}* de plus.", "Against {}, over the same {}, that is *{}* more."
    )
    say_less = Text(
        "Face à {}, sur les mêmes {}, c’est *{}* de moins.",
        "Against {}, over the same {}, that is *{}* less.",
    )
    say_as_much = Text(
        "C’est autant qu’en {}, sur les mêmes {}.", "That is as much as in {}, over the same {}."
    )
    say_ends = Text("La période devrait finir vers *{}*.", "The period should end near *{}*.")
    say_ends_month = Text("Le mois devrait finir vers *{}*.", "The month should end near *{}*.")
    say_ends_year = Text("L’année devrait finir vers *{}*.", "The year should end near *{}*.")
    say_missing = Text(
        "De {}, rien ou presque n’est connu : cette énergie n’est dans aucune somme.",
        "Of {}, nothing or hardly anything is known: that energy is in no sum.",
    )
    no_cost = Text("Il n’y a pas de coût : {}.", "There is no cost: {}.")
    no_prices = Text("prix non réglés", "prices not set")
    unread = Text("un registre qui comptait n’a pas été lu", "a register that counted was not read")
    elsewhere = Text(
        "{} kWh sont comptés sans que leur période soit connue",
        "{} kWh were counted and their period is not known",
    )
    consumed = Text("Consommé", "Used")
    consumed_a_day = Text("{} kWh par jour", "{} kWh a day")
    cost = Text("Coût", "Cost")
    cost_so_far = Text("Coût à cette heure", "Cost so far")
    cost_known = Text("Coût connu", "Known cost")
    subscription_part = Text("abonnement {}", "subscription {}")
    cost_a_month = Text("{} par mois", "{} a month")
    peak_cost = Text("Pointe EJP", "EJP peak")
    peak_note = Text("{} de l’énergie, {} par jour EJP", "{} of the energy, {} an EJP day")
    red_cost = Text("Jours rouges", "Red days")
    red_note = Text("{} de l’énergie, {} par jour rouge", "{} of the energy, {} a red day")
    ends = Text("Au {}, estimé", "On {}, estimated")
    ends_bounds = Text("de {} à {}", "{} to {}")
    ends_one_more_ejp = Text("{} avec un jour EJP de plus", "{} with one more EJP day")
    ends_one_more_red = Text("{} avec un jour rouge de plus", "{} with one more red day")
    versus = Text("Face à {}", "Against {}")
    versus_parts = Text("prix {}, usage {}", "prices {}, use {}")
    versus_days = Text("mêmes {}", "same {}")
    injected = Text("Injecté, compté", "Exported, counted")
    injected_estimated = Text("Injecté, estimé", "Exported, estimated")
    injected_least = Text("Injecté, au moins", "Exported, at least")
    injected_given = Text("sans prix de vente", "no price is set for it")
    injected_paid = Text("payés {}", "paid {}")
    injected_between = Text("entre {} et {} kWh", "between {} and {} kWh")
    peak = Text("Plus forte puissance", "Highest power")
    peak_at = Text("le {} à {}", "{} at {}")
    peak_share = Text("{} % de {} kVA", "{}% of {} kVA")
    by_day = Text("Jour par jour", "Day by day")
    by_month = Text("Mois par mois", "Month by month")
    unit = Text("Unité des barres", "Unit of the bars")
    label_eur = Text("Coût par jour, en euros", "Cost of each day, in euros")
    label_kwh = Text("Énergie par jour, en kWh", "Energy of each day, in kWh")
    label_month_eur = Text("Coût par mois, en euros", "Cost of each month, in euros")
    label_month_kwh = Text("Énergie par mois, en kWh", "Energy of each month, in kWh")
    label_injected = Text("Énergie injectée, en kWh", "Energy exported, in kWh")
    key_subscription = Text("abonnement", "subscription")
    key_injected = Text("injecté (kWh)", "exported (kWh)")
    key_ahead = Text("estimé", "estimated")
    key_part = Text("mesuré en partie", "measured in part")
    key_before = Text("même période, {}", "same period, {}")
    hint_open = Text(
        "Toucher un jour ouvre sa page. Fond gris : fin de semaine.",
        "A day opens its page. Grey ground: week-end.",
    )
    hint_open_month = Text("Toucher un mois ouvre sa page.", "A month opens its page.")
    run_ejp = Text("{} jours EJP", "{} EJP days")
    run_red = Text("{} jours rouges", "{} red days")
    hint_ejp = Text(
        "La pointe d’un jour EJP finit à 1 h : le lendemain en porte la dernière heure.",
        "The peak of an EJP day ends at 1:00: the day after has its last hour.",
    )
    table_days = Text("Le tableau des {} jours", "Table of the {} days")
    table_months = Text("Le tableau des {} mois", "Table of the {} months")
    day = Text("Jour", "Day")
    month = Text("Mois", "Month")
    csv = Text("Données en CSV", "Data as CSV")
    account = Text("Le compte", "The account")
    period = Text("Période", "Period")
    mean_price = Text("€/kWh", "€/kWh")
    subscription = Text("Abonnement, {}", "Subscription, {}")
    total = Text("Total TTC", "Total incl. tax")
    total_energy = Text("Total TTC, hors abonnement", "Total incl. tax, without subscription")
    injected_line = Text("Injecté, hors total", "Exported, not in the total")
    before_line = Text("{}, mêmes {}", "{}, same {}")
    not_read = Text("non lu", "not read")
    unknown_period = Text("période inconnue", "unknown period")
    index_on = Text("Index, {}", "Index, {}")
    index_apart = Text(
        "La différence de deux index n’est pas toujours l’énergie : un autre compteur, un autre contrat ou des jours "
        "sans données les séparent.",
        "The difference of two indexes is not always the energy: another meter, another contract or days without "
        "data part them.",
    )
    rounded_once = Text(
        "Chaque ligne est arrondie une fois, au centime ; le total est la somme des lignes.",
        "Each line is rounded once, to the cent; the total is the sum of the lines.",
    )
    several_prices = Text(
        "Là où le prix a changé, le prix du kWh est une moyenne.",
        "Where the price has changed, the price of the kWh is a mean.",
    )
    rounding = Text(
        "Les pages des jours, arrondies ligne par ligne, font {} : l’écart de {} est leur arrondi.",
        "The pages of the days, rounded line by line, add up to {}: the difference of {} is their rounding.",
    )
    apart = Text(
        "Le total a {} pour des jours sans données (abonnement, énergie connue), dont la page n’a pas de coût.",
        "The total has {} for the days without data (subscription, known energy), whose pages show no cost.",
    )
    rounding_none = Text(
        "Les pages des jours font la même somme.", "The pages of the days add up to the same."
    )
    notable = Text("Les jours qui comptent", "Days that stand out")
    dearest = Text("Les plus chers", "The dearest")
    cheapest = Text("Les moins chers", "The cheapest")
    heaviest = Text("Les plus gourmands", "The heaviest")
    lightest = Text("Les plus sobres", "The lightest")
    notable_hint = Text(
        "En kWh, puis en € avec l’abonnement du jour ; jours entiers seulement.",
        "In kWh, then in € with the subscription of the day; whole days only.",
    )
    mean_day = Text("La journée moyenne", "The mean day")
    mean_label = Text("Puissance moyenne de chaque demi-heure, en kW", "Mean power of each half hour, in kW")
    mean_weekday = Text("semaine", "weekdays")
    mean_weekend = Text("fin de semaine", "week-ends")
    mean_ejp = Text("jours EJP", "EJP days")
    mean_red = Text("jours rouges", "red days")
    mean_key = Text("{} ({}, {} kWh)", "{} ({}, {} kWh)")
    mean_peak_ejp = Text("de 7 h à 1 h : pointe des jours EJP", "from 7:00 to 1:00: peak of EJP days")
    mean_peak_red = Text(
        "de 6 h à 22 h : heures pleines des jours rouges", "from 6:00 to 22:00: peak hours of red days"
    )
    mean_hint = Text(
        "En kW, par demi-heure, jours entiers seulement.", "In kW, by half hour, whole days only."
    )
    base = Text("Le talon de nuit", "Night base load")
    base_nights = Text("{} VA, médiane de {} nuits", "{} VA, median of {} nights")
    base_watts = Text("{} à {} W par l’index", "{} to {} W by the index")
    base_share = Text("Part de l’énergie", "Share of the energy")
    base_cost = Text("*{}* en {}", "*{}* in {}")
    base_before = Text("La période d’avant", "The period before")
    base_less = Text("100 W de moins", "100 W less")
    base_hint = Text(
        "Estimé : les watts de la nuit à toute heure, au prix moyen du kWh de ces jours.",
        "Estimated: the watts of the night at every hour, at the mean price of the kWh of these days.",
    )
    phases = Text("Tension et phases", "Voltage and phases")
    phase = Text("Phase", "Phase")
    lowest = Text("V, au plus bas", "V, lowest")
    mean = Text("V, moyenne", "V, mean")
    highest = Text("V, au plus haut", "V, highest")
    current_mean = Text("A, moyenne", "A, mean")
    current_most = Text("A, au plus", "A, highest")
    quality = Text("Qualité de la mesure", "Measurement quality")
    covered = Text("Temps couvert", "Time covered")
    whole_days = Text("Jours entiers", "Whole days")
    of_days = Text("{} sur {}", "{} of {}")
    missing_days = Text("Jours sans données", "Days without data")
    gaps = Text("Trous de plus de 5 min", "Gaps longer than 5 min")
    gaps_known = Text("{}, connus par l’index", "{}, known from the index")
    gaps_lost = Text("{}, dont {} d’énergie inconnue", "{}, {} of them of unknown energy")
    records = Text("Relevés", "Records")
    prices = Text("Prix", "Prices")
    contract = Text("Contrat", "Contract")
    prices_own = Text("les vôtres, sans date", "your own, undated")
    prices_since = Text("les vôtres, depuis le {}", "your own, since {}")
    prices_offer = Text("{}, depuis le {}", "{}, since {}")
    prices_checked = Text("{}, vérifiés le {}", "{}, checked on {}")
    registers_and_total = Text("Registres et total", "Registers and total")
    registers_apart = Text("écart {} Wh", "{} Wh apart")
    none = Text("aucun", "none")
    events = Text("Ce qui a changé", "What has changed")
    event = Text("{} : {}", "{}: {}")
    offer = Text("offre", "offer")
    price_injection = Text("injection", "export")
    squares = Text("Jour par jour", "Day by day")
    squares_eur = Text("Coût de chaque jour : une colonne par semaine", "Cost of each day: a column a week")
    squares_kwh = Text(
        "Énergie de chaque jour : une colonne par semaine", "Energy of each day: a column a week"
    )
    squares_special = Text("jour EJP, ou rouge en Tempo", "EJP day, or red in Tempo")
    squares_white = Text("jour blanc en Tempo", "white day in Tempo")
    up_to = Text("jusqu’à {}", "up to {}")
    from_on = Text("{} et plus", "{} and more")
    ahead_how = Text(
        "L’estimation ajoute à ce qui est compté {}, comme la moyenne des {} de semaine et des {} de fin de "
        "semaine entiers des quatre dernières semaines, au prix de chaque jour à venir ; ses bornes sont celles du "
        "quart des jours le plus léger et du quart le plus lourd.",
        "The estimate adds to what is counted {}, each like the mean of the {} weekdays and the {} week-end "
        "days of the last four weeks that are whole, at the price of each day to come; its bounds are those of the "
        "lightest quarter of the days and of the heaviest.",
    )
    chance = Text(
        "Elle compte d’ici là {1} {0} (de {2} à {3}) : {4}, et tous les jours possibles ont la même chance.",
        "It counts {1} {0} until then ({2} to {3}): {4}, and all days that are possible are equally likely.",
    )
    chance_left = Text("il en reste {} à la saison", "the season has {} left")
    chance_unknown = Text(
        "le journal ne sait pas combien il en reste, comptés comme au début de la saison",
        "the log does not know how many are left, so they are counted as when the season began",
    )
    linkypy = Text(
        "La formule de LinkyPy, la suite du mois au rythme de son début, donne {}.",
        "The formula of LinkyPy, the rest of the month at the pace so far, gives {}.",
    )
    no_estimate = Text("Pas d’estimation : {}.", "No estimate: {}.")
    ahead_days = Text("{} à venir", "{} to come")
    ahead_missing = Text("{} et {} sans données", "{} and {} without data")
    csv_day = Text("jour", "day")
    csv_total = Text("énergie (kWh)", "energy (kWh)")
    csv_cost = Text("coût (€)", "cost (€)")
    csv_injected = Text("injecté (kWh)", "exported (kWh)")
    csv_remark = Text("remarque", "remark")
    remark_so_far = Text("pas encore fini", "not over yet")
    remark_part = Text("mesuré en partie", "measured in part")
    remark_ejp = Text("jour EJP", "EJP day")
    remark_red = Text("jour rouge", "red day")
    remark_white = Text("jour blanc", "white day")
    remark_blue = Text("jour bleu", "blue day")
