"""Finds a part by the name that a configuration gives it: a module of ours, or code of the user by dotted path."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from types import ModuleType

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text


def find_part(name: str, rooms: Sequence[str], needs: Sequence[str]) -> ModuleType:
    """Return the module that ``type = name`` stands for.

    Args:
        name: the name of a module of *rooms*, or a dotted path.
        rooms: the packages that are searched for a name without a dot; the first is named in the fault.
        needs: what the module must define.

    Raises:
        BadSetting: there is no such module, the module cannot be imported, or does not define a name of *needs*.
    """
    paths = [name] if "." in name else [f"{room}.{name}" for room in rooms] if name else []
    path = next(filter(_is_there, paths), None)
    if path is None:
        folder = rooms[0].replace(".", "/")
        raise BadSetting(
            Text(
                f"type = {name} : inconnu ; nommez un fichier de {folder} ou un chemin à points",
                f"type = {name}: not known; name a file of {folder} or a dotted path",
            )
        )
    try:
        module = importlib.import_module(path)
    except (Exception, SystemExit) as error:
        raise _broken(name, error) from error
    if not all(hasattr(module, need) for need in needs):
        raise BadSetting(
            Text(
                f"type = {name} : {path} doit définir {' et '.join(needs)}",
                f"type = {name}: {path} must define {' and '.join(needs)}",
            )
        )
    return module


def _is_there(path: str) -> bool:
    """Return whether there is a module *path*."""
    try:
        return importlib.util.find_spec(path) is not None
    except (ImportError, ValueError):
        return False
    except (
        Exception,
        SystemExit,
    ) as error:  # find_spec imports the packages above, which are code of the user
        raise _broken(path, error) from error


def _broken(name: str, error: BaseException) -> BadSetting:
    what = f"{type(error).__name__}: {error}"
    return BadSetting(
        Text(
            f"type = {name} : ne se charge pas ({what}) ; corrigez ce module",
            f"type = {name}: does not load ({what}); mend that module",
        )
    )
