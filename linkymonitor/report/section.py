"""The settings of the report, apart from what draws it: every command reads the whole configuration."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings:
    """``[report]``: where pages go and what they show."""

    #: Folder of the pages.
    dir: Path = Path("/var/lib/linkymonitor/report")
    #: Sections of a day page, in order: one file templates/sections/NAME.html.j2 each.
    sections: tuple[str, ...] = ("answer", "cards", "chart", "synthesis", "hours", "quality", "contract")
    #: Folder of your own templates; a file there stands in for the shipped one of the same name.
    templates: Path | None = None
    #: A few words at the top of each page; a trial says there that its house is simulated.
    note: str | None = None
    #: How old the newest record may be before the nightly report warns; 0: it never does.
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
