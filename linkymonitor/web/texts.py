"""The texts of the pages that `serve` makes itself."""

from __future__ import annotations

from linkymonitor.language import Text

HOUSE = Text("Compteur de la maison", "Meter of the house")
SIGN_IN = Text("Se connecter", "Sign in")
SIGN_OUT = Text("Se déconnecter", "Sign out")
PASSWORD = Text("Mot de passe", "Password")
ASKED = Text(
    "Les pages du compteur demandent le mot de passe de la maison.",
    "The pages of the meter ask for the password of the house.",
)
WRONG = Text("Ce n’est pas le mot de passe.", "That is not the password.")
SIGNED_IN = Text("Cet appareil est connecté.", "This device is signed in.")
CALENDAR = Text("Voir le calendrier", "See the calendar")
NO_PASSWORD = Text(
    "Le mot de passe ne peut pas être lu ; les messages du service disent pourquoi "
    "(journalctl -u linkymonitor-serve).",
    "The password cannot be read; the messages of the service say why (journalctl -u linkymonitor-serve).",
)

#: Status → title and sentence of the page that is answered.
STATUS = {
    400: (
        Text("Demande illisible", "Request not understood"),
        Text("Ce n’est pas ce qu’un navigateur envoie.", "This is not what a browser sends."),
    ),
    403: (
        Text("Refusé", "Refused"),
        Text(
            "Le formulaire vient d’une autre page ; ouvrez celle du compteur et recommencez.",
            "The form comes from another page; open that of the meter and try again.",
        ),
    ),
    404: (
        Text("Pas de page ici", "No page here"),
        Text(
            "Il n’y a pas de page à cette adresse : ce jour n’est pas dessiné, ou l’adresse est mal écrite.",
            "There is no page at this address: that day is not drawn, or the address is misspelt.",
        ),
    ),
    405: (
        Text("Lecture seule", "Read-only"),
        Text("Ces pages se lisent et ne se changent pas.", "These pages can be read, and not changed."),
    ),
    408: (
        Text("Demande trop lente", "Request too slow"),
        Text("La demande n’est pas arrivée en entier à temps.", "The request did not arrive whole in time."),
    ),
    413: (
        Text("Demande trop longue", "Request too long"),
        Text("Rien d’aussi long n’est attendu ici.", "Nothing that long is expected here."),
    ),
    414: (
        Text("Adresse trop longue", "Address too long"),
        Text("Aucune page n’a une adresse aussi longue.", "No page has an address that long."),
    ),
    421: (
        Text("Autre nom de machine", "Another name of a machine"),
        Text(
            "Cette machine ne répond pas sous ce nom ; si c’est bien le sien, ajoutez-le à [serve] hosts.",
            "This machine does not answer to that name; if it is its own, add it to [serve] hosts.",
        ),
    ),
    431: (
        Text("En-têtes trop longs", "Headers too long"),
        Text(
            "Le navigateur envoie trop de choses ; effacez les cookies de cette adresse.",
            "The browser sends too much; delete the cookies of this address.",
        ),
    ),
    501: (
        Text("Demande illisible", "Request not understood"),
        Text("Ce n’est pas ce qu’un navigateur envoie.", "This is not what a browser sends."),
    ),
    503: (
        Text("Trop de demandes", "Too many requests"),
        Text(
            "La petite machine est occupée ; réessayez dans un instant.",
            "The small machine is busy; try again.",
        ),
    ),
}
NOT_DRAWN = (
    Text("Pas encore dessiné", "Not drawn yet"),
    Text(
        "Les pages sont dessinées la nuit, et quand on les regarde ; revenez dans une minute.",
        "The pages are drawn at night, and when somebody looks at them; come back in a minute.",
    ),
)
BEING_DRAWN = (
    Text("Dessin en cours", "Being drawn"),
    Text(
        "Les pages sont en train d’être dessinées ; celle-ci se recharge seule.",
        "The pages are being drawn; this one reloads itself.",
    ),
)
CANNOT_SHOW = (
    Text("Pages illisibles", "Pages cannot be read"),
    Text(
        "Le dossier des pages manque ou n’est pas celui du service ; ses messages disent lequel et que faire "
        "(journalctl -u linkymonitor-serve).",
        "The folder of the pages is missing or is not that of the service; its messages say which and what to do "
        "(journalctl -u linkymonitor-serve).",
    ),
)


def wait_sentence(seconds: int) -> Text:
    """Return the sentence for somebody who has tried too often."""
    if seconds < 120:
        return Text(
            f"Trop d’essais ; attendez {seconds} s.",
            f"Too many attempts; wait {seconds} s.",
        )
    minutes = -(-seconds // 60)
    return Text(f"Trop d’essais ; attendez {minutes} min.", f"Too many attempts; wait {minutes} min.")
