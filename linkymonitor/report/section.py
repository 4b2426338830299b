"""The settings of the report, without an import of what draws it, because every command reads all settings."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text
from linkymonitor.setting_types import DaysUsed


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings:
    """``[report]``: where pages go and what they show."""

    #: Folder of the pages.
    dir: Path = Path("/var/lib/linkymonitor/report")
    #: Sections of a day page, in order: one file templates/sections/NAME.html.j2 each.
    sections: tuple[str, ...] = (
        "answer",
        "cards",
        "chart",
        "synthesis",
        "hours",
        "phases",
        "quality",
        "contract",
    )
    #: Folder of your own templates; a file there stands in for the shipped one of the same name.
    templates: Path | None = None
    #: A few words at the top of each page; in a trial: that the house is simulated.
    note: str | None = None
    #: How old the newest record may be before the report warns; 0: any age.
    silent_after: timedelta = timedelta(days=2)

    def __post_init__(self) -> None:
        faults = [
            Text(
                f"sections = {name} : ce n'est pas le nom d'une section ; on attend lettres et chiffres",
                f"sections = {name}: not the name of a section; expected letters and digits",
            )
            for name in self.sections
            if not name.replace("_", "").replace("-", "").isalnum()
        ]
        if faults:
            raise BadSetting(*faults)


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Calendar:
    """``[calendar]``: days of this season that the log does not have: their number and a date, ``6 @ 2026-12-09``.

    The days after that date are counted from the log.
    """

    #: EJP days of this winter up to a date, that day included.
    ejp_used: DaysUsed | None = None
    #: Tempo: red days of this winter.
    red_used: DaysUsed | None = None
    #: Tempo: white days since September.
    white_used: DaysUsed | None = None

    def used(self, kind: str) -> DaysUsed | None:
        """Return what is set for *kind*: ``ejp``, ``red`` or ``white``."""
        return {"ejp": self.ejp_used, "red": self.red_used, "white": self.white_used}[kind]
