"""The sentences of the notes that the log writes about its card and about the clock."""

from __future__ import annotations

import errno
from datetime import timedelta
from pathlib import Path

from linkymonitor.errors import StorageError
from linkymonitor.language import Text, as_text, cause

NEVER_SET = Text(
    "Horloge jamais mise à l'heure : lignes datées au plus tôt",
    "The clock was never set: lines are dated as early as they can be",
)


def is_full(error: StorageError) -> bool:
    """Return whether *error* comes from a full disk, or from a quota that is reached."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in (errno.ENOSPC, errno.EDQUOT)


def refusal(error: StorageError) -> Text:
    """Return the sentence for a card that refuses to be written."""
    why = error.text
    if isinstance(error.__cause__, OSError):
        why = cause(error.__cause__)
        if error.__cause__.filename:  # the fault may be of this file alone: it may belong to another user
            why = Path(error.__cause__.filename).name + Text(" : ", ": ") + why
    return Text(
        f"Journal : écriture refusée ({why.fr}) ; les lignes attendent en mémoire, "
        "vérifiez la carte et la place libre",
        f"Log: writing is refused ({why.en}); lines wait in memory, check the card and its free space",
    )


def accepted(lost: int) -> Text:
    """Return the sentence for a card that can be written again, after *lost* lines were dropped."""
    return Text(
        f"Journal : la carte accepte de nouveau les écritures ; lignes perdues : {lost}",
        f"Log: the card takes lines again; lines lost: {lost}",
    )


def never_written(lost: int) -> Text:
    """Return the sentence for a card that refused to be written until the program ended, with *lost* lines lost."""
    return Text(
        f"Journal : lignes qui n'ont pu être écrites et sont perdues : {lost} ; "
        "vérifiez la carte et la place libre",
        f"Log: lines that could not be written and are lost: {lost}; check the card and its free space",
    )


def healed(removed: int, name: str) -> Text:
    """Return the sentence for *removed* bytes of a cut line, taken off the end of the file *name*."""
    return Text(
        f"Journal : {removed} octets d'une ligne coupée retirés de {name}",
        f"Log: {removed} bytes of a cut line removed from {name}",
    )


def gone_back(back: timedelta) -> Text:
    """Return the sentence for a time of the house that steps back by *back*."""
    span = _span(back)
    return Text(f"Horloge : l'heure recule de {span.fr}", f"Clock: the time goes back by {span.en}")


def gone_forward(change: timedelta) -> Text:
    """Return the sentence for a time of the house that steps forward by *change*."""
    span = _span(change)
    return Text(f"Horloge : l'heure avance de {span.fr}", f"Clock: the time goes forward by {span.en}")


def _span(span: timedelta) -> Text:
    """Return *span* as people read it: ``42 s``, ``1:00:00``, ``400 j 0:00:00``."""
    whole = timedelta(seconds=round(span.total_seconds()))
    if whole < timedelta(minutes=2):
        return as_text(f"{whole.seconds} s")
    days = f"{whole.days} " + Text("j ", "d ") if whole.days else as_text("")
    return days + str(timedelta(seconds=whole.seconds))
