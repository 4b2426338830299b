"""A contract for import-linter: a table of rooms, with what each may import."""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

ROOT = "linkymonitor"


def within(module: str, room: str) -> bool:
    """Return whether *module* is *room* or stands in it; both without the name of the package."""
    return module == room or module.startswith(f"{room}.")


def table_of(rows: list[str]) -> dict[str, list[str]]:
    """Return {name: names} of rows such as ``tic: model errors``."""
    table = {}
    for row in rows:
        name, _, names = row.partition(":")
        table[name.strip()] = names.split()
    return table


class Rooms(Contract):
    """Each room imports no other but those of its row, and libraries only where they belong.

    A room is a package or module right below ours. A row may name a module of a room instead of
    the room, and one that no row names may import nothing of ours.
    """

    #: ``room: rooms or modules that it may import``; ``everyone: rooms that every room may import``.
    may_import = fields.ListField(subfield=fields.StringField())
    #: ``library: rooms or modules that may import it``.
    libraries = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Return each import that no row allows, as sentences."""
        allowed, libraries = table_of(self.may_import), table_of(self.libraries)
        ours = {name.removeprefix(f"{ROOT}."): name for name in graph.modules if within(name, ROOT)}
        faults = [
            f"{module} must not import {target}"
            for module, name in sorted(ours.items())
            for target in sorted(graph.find_modules_directly_imported_by(name))
            if not self._may(module, target, allowed, libraries)
        ]
        rooms = {module.partition(".")[0] for module in ours if module != ROOT}
        faults += [f"{room} has no row" for room in sorted(rooms - allowed.keys())]
        faults += [
            f"{room} has a row and is no room" for room in sorted(allowed.keys() - rooms - {"everyone"})
        ]
        return ContractCheck(kept=not faults, metadata={"faults": faults})

    @staticmethod
    def _may(
        module: str, target: str, allowed: dict[str, list[str]], libraries: dict[str, list[str]]
    ) -> bool:
        if ROOT in (target, module):
            return True  # its version, and the package's face
        if not within(target, ROOT):
            holders = libraries.get(target.partition(".")[0])
            return holders is None or any(within(module, holder) for holder in holders)
        target = target.removeprefix(f"{ROOT}.")
        room = module.partition(".")[0]
        names = [room, *allowed.get(room, ()), *allowed.get("everyone", ())]
        return any(within(target, name) for name in names)

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print the faults."""
        for fault in check.metadata["faults"]:
            output.print_error(fault, bold=False)
