"""A person who types a paper bill, and two lines of such a paper."""

from __future__ import annotations


class Person:
    """Types *answers*, then closes the terminal."""

    def __init__(self, *answers: str) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        if not self._answers:
            raise EOFError
        return self._answers.pop(0)


SUBSCRIPTION = ("abonnement", "Abonnement", "10/04/2026", "9/6/26", "15,65 €", "31,30", "20 %")
ENERGY = (
    "conso",
    "Conso",
    "th",
    "10/04/2026",
    "09/06/2026",
    "61 044",
    "61 720 kWh",
    "676",
    "o",
    "0,1940",
    "131,14 €",
    "20",
)
