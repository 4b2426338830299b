"""Values with named fields that never change once made: what a frozen dataclass is, for a ninth of its memory."""

# Strategy
#
# - The module dataclasses loads inspect, ast, dis and tokenize, and compiles some functions for each class:
#   a megabyte of acquire, and a third of its start (docs/adr/0017). Nothing of that is needed to keep values.
# - A class says its fields as a dataclass does, and type checkers see one (PEP 681).

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar, dataclass_transform

T = TypeVar("T", bound="Frozen")


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Frozen:
    """A value made of its annotated fields, given by name; a field with a value in the class may be left out.

    ``__post_init__`` may raise ValueError for values that do not go together.

    Raises:
        TypeError: a field is missing, or there is no such field.
    """

    #: Every field with its annotation, and the values of those that may be left out.
    fields: ClassVar[Mapping[str, str]] = {}
    defaults: ClassVar[Mapping[str, object]] = {}

    def __init_subclass__(cls) -> None:
        own = {
            name: kind
            for name, kind in cls.__dict__.get("__annotations__", {}).items()  # noqa: RUF063 -- see above
            if "ClassVar" not in str(kind)
        }
        if taken := own.keys() & {"fields", "defaults", "self"}:
            raise TypeError(f"{cls.__name__}: a field cannot be called {', '.join(sorted(taken))}")
        cls.fields = {**cls.fields, **own}
        cls.defaults = {**cls.defaults, **{name: cls.__dict__[name] for name in own if name in cls.__dict__}}

    def __init__(self, **values: object) -> None:
        own = self.__dict__
        own.update(self.defaults)
        own.update(values)
        if own.keys() != self.fields.keys():
            wrong = ", ".join(sorted(own.keys() ^ self.fields.keys()))
            raise TypeError(f"{type(self).__name__}: missing or unknown: {wrong}")
        self.__post_init__()

    def __post_init__(self) -> None:
        """Check the values."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be removed")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(tuple(self.__dict__[name] for name in self.fields))

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping that cannot change cannot be pickled either.
        values = {
            name: dict(value) if isinstance(value, MappingProxyType) else value
            for name, value in self.__dict__.items()
        }
        return _made, (type(self), values)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self.fields)
        return f"{type(self).__name__}({values})"


def _made(cls: type[T], values: Mapping[str, Any]) -> T:
    return cls(**values)


def replace(value: T, **changes: Any) -> T:
    """Return *value* with some of its fields changed."""
    return type(value)(**{**value.__dict__, **changes})
