"""The price tables that can be used: the owner's and those that are shipped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.errors import ConfigError
from linkymonitor.language import Text
from linkymonitor.money.reader import read_table
from linkymonitor.money.table import Table

if TYPE_CHECKING:
    from linkymonitor.money.calendars import Calendar

#: Files of a folder of tables that are no offer.
NO_OFFERS = frozenset(("taxes", "calendars"))


class Shelf:
    """Finds and reads price tables by their id, each once.

    Args:
        folders: where tables are, the owner's folder first: its table wins over a shipped one of the same id.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        self._tables: dict[str, Table] = {}
        self._calendars: dict[str, Calendar] = {}

    def paths(self) -> dict[str, Path]:
        """Return id → file of all tables."""
        found: dict[str, Path] = {}
        for folder in reversed(self.folders):
            found |= {path.stem: path for path in sorted(folder.glob("*.toml")) if path.stem not in NO_OFFERS}
        return dict(sorted(found.items()))

    def table(self, name: str) -> Table:
        """Return the table whose id is *name*.

        Raises:
            ConfigError: there is no such table, or with one sentence for each fault of it.
        """
        if name not in self._tables:
            path = self._path(name)
            if path is None:
                raise ConfigError(self.unknown(name))
            self._tables[name] = read_table(path)
        return self._tables[name]

    def has(self, name: str) -> bool:
        """Return whether there is a table whose id is *name*."""
        return self._path(name) is not None

    def _path(self, name: str) -> Path | None:
        if "/" in name or name in NO_OFFERS:
            return None
        paths = (folder / f"{name}.toml" for folder in self.folders)
        return next((path for path in paths if path.is_file()), None)

    def calendar(self, name: str) -> Calendar:
        """Return the calendar *name*, ``tempo`` or ``ejp``.

        Raises:
            ConfigError: a file of it is wrong.
        """
        if name not in self._calendars:
            # Only here: of most offers the meter or the hour gives the period.
            from linkymonitor.money.calendars import read_calendar

            self._calendars[name] = read_calendar(name, self.folders)
        return self._calendars[name]

    def unknown(self, name: str) -> Text:
        """Return the sentence about *name*, which is the id of no table."""
        import difflib  # only for a name that is wrong

        names = list(self.paths())
        near = difflib.get_close_matches(name, names, n=1)
        folder = self.folders[0]
        if near:
            return Text(
                f"{name} : aucune grille de ce nom ; vouliez-vous dire {near[0]} ?",
                f"{name}: no price table of that name; did you mean {near[0]}?",
            )
        return Text(
            f"{name} : aucune grille de ce nom ; « linkymonitor tariffs list » les nomme, "
            f"ou écrivez {folder}/{name}.toml",
            f"{name}: no price table of that name; 'linkymonitor tariffs list' names them, "
            f"or write {folder}/{name}.toml",
        )
