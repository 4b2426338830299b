"""The texts of the page of a bill, in French and English."""

from __future__ import annotations

from linkymonitor.language import Text


class BillTexts:
    """The texts of the page."""

    title = Text("Facture, {}", "Bill, {}")
    checked = Text("contrôlée", "checked")
    say = Text(
        "Pour {} jours, les index du compteur donnent *{}* TTC.",
        "For {} days, the meter’s indexes give *{}* with taxes.",
    )
    say_paper = Text(
        "Pour {} jours, les index du compteur donnent *{}* ; le fournisseur demande *{}*, soit {} de {}.",
        "For {} days, the meter’s indexes give *{}*; the supplier asks *{}*, {} {}.",
    )
    say_equal = Text(
        "Pour {} jours, les index du compteur donnent *{}*, comme la facture du fournisseur.",
        "For {} days, the meter’s indexes give *{}*, as the supplier’s bill does.",
    )
    bought = Text(
        "Pour {} jours, les index du compteur donnent *{}* ; l'acheteur paie *{}*, soit {} de {}.",
        "For {} days, the meter’s indexes give *{}*; the buyer pays *{}*, {} {}.",
    )
    bought_equal = Text(
        "Pour {} jours, les index du compteur donnent *{}*, que paie l'acheteur.",
        "For {} days, the meter’s indexes give *{}*, which the buyer pays.",
    )
    say_none = Text(
        "Pour {} jours, le total n'est pas connu : une ligne manque.",
        "For {} days, the total is not known: a line is missing.",
    )
    more, less = Text("plus", "more"), Text("moins", "less")
    energy_card, total_card = Text("Énergie", "Energy"), Text("Total TTC", "Total with taxes")
    gap_card, price_card = (
        Text("Écart du fournisseur", "The supplier’s difference"),
        Text("Prix moyen", "Mean price"),
    )
    a_day = Text("{} par jour", "{} a day")
    of_the_bill = Text("{} de la facture", "{} of the bill")
    of_revenue = Text("{} du revenu", "{} of the revenue")
    all_in = Text("abonnement et taxes compris", "subscription and taxes included")
    peak_share = Text("pointe {} kWh, soit {}", "peak {} kWh, {}")
    meter, paper, gap = Text("Compteur", "Meter"), Text("Facture", "Bill"), Text("Écart", "Difference")
    unit_ht, unit_ttc = Text("€ hors TVA", "€ without TVA"), Text("€ TTC", "€ with taxes")
    subscription, energy = Text("Abonnement", "Subscription"), Text("Consommation", "Consumption")
    taxes = Text("Taxes et contributions", "Taxes")
    credits = Text("Avoirs", "Credits")
    total_ht, total_ttc = Text("Total hors TVA", "Total without TVA"), Text("Total TTC", "Total with taxes")
    injection = Text("Énergie injectée", "Injected energy")
    revenue_of = Text("Revenu de l'injection, {}", "Revenue of injection, {}")
    buyers_gap = Text("Écart de l'acheteur", "The buyer’s difference")
    tva, of_which = Text("TVA {}", "TVA {}"), Text("dont TVA {}", "of which TVA {}")
    revenue = Text("Revenu de l'injection", "Revenue of injection")
    revenue_title = Text(
        "Revenu de l'injection : un document à part, jamais déduit",
        "Revenue of injection: a document of its own",
    )
    tva_follows = Text("La TVA de ces écarts : {}", "The TVA of those differences: {}")
    notes_title = Text("Les écarts, expliqués", "The differences, explained")
    prices_title = Text("Prix employés", "Prices used")
    warnings_title = Text("À savoir", "To be known")
    estimated = Text(
        "index du {} à 0 h estimé entre deux relevés", "index of {} at 00:00 estimated between two readings"
    )
    no_amount = Text("pas de montant : {}", "no amount: {}")
    days = Text("{}, {} jours", "{}, {} days")
    one_day = Text("{}, 1 jour", "{}, 1 day")
    from_day = Text("dès le {}", "from {}")
    new_prices = Text("{}, nouveaux prix", "{}, new prices")
    picture = Text("Les jours de la facture, {}", "The days of the bill, {}")
    one_rounding = Text("une ligne, un arrondi", "one line, one rounding")
    offer = Text("offre {}", "offer {}")
