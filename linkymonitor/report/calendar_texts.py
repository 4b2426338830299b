"""The texts of the calendar alone, in both languages."""

from linkymonitor.language import Text


class CalendarTexts:
    """The texts; ``{}`` stands for a figure, and words between stars are shown strong."""

    today = Text("Aujourd’hui", "Today")
    yesterday = Text("Hier", "Yesterday")
    stopped = Text(
        "*Le compteur n’est plus entendu* depuis le {} à {} : vérifiez que le boîtier est sous tension et que son "
        "câble tient au compteur.",
        "*The meter has not been heard* since {} at {}: check that the box is on and its cable fixed to the meter.",
    )
    squares_eur = Text("Coût de chaque jour, en €", "Cost of each day, in €")
    squares_kwh = Text("Énergie de chaque jour, en kWh", "Energy of each day, in kWh")
    legend = Text("Légende", "Key")
    ejp = Text("jour EJP", "EJP day")
    blue = Text("jour bleu", "blue day")
    white = Text("jour blanc", "white day")
    red = Text("jour rouge", "red day")
    partial = Text("mesuré en partie", "measured in part")
    so_far = Text("pas encore fini", "not over yet")
    no_data = Text("sans mesure", "no data")
    counted_ejp_eur = Text("{} EJP (pointe : {} €)", "{} EJP (peak: €{})")
    counted_blue = Text("{} bleus", "{} blue")
    counted_blue_one = Text("1 bleu", "1 blue")
    counted_white = Text("{} blancs", "{} white")
    counted_white_one = Text("1 blanc", "1 white")
    counted_red = Text("{} rouges", "{} red")
    counted_red_one = Text("1 rouge", "1 red")
    cost = Text("Coût", "Cost")
    energy = Text("Consommé", "Used")
    peaks = Text("Pointe EJP", "EJP peak")
    peaks_in = Text("en {} jours", "in {} days")
    peaks_in_one = Text("en 1 jour", "in 1 day")
    injected = Text("Injecté", "Exported")
    about = Text("environ {}", "about {}")
    a_day = Text("Un jour complet, en moyenne", "A full day, on average")
    dearest = Text("Le plus cher", "Dearest")
    hungriest = Text("Le plus gourmand", "Heaviest")
    least = Text("Le moins cher", "Cheapest")
    lightest = Text("Le plus sobre", "Lightest")
