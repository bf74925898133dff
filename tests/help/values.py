"""Which values of a module can be changed after they were made: whoever keeps or shares one asks."""

from __future__ import annotations

from dataclasses import is_dataclass
from types import ModuleType


def changeable(*modules: ModuleType) -> set[str]:
    """The dataclasses that these modules define and that are not frozen."""
    return {
        name
        for module in modules
        for name, kind in vars(module).items()
        if is_dataclass(kind) and kind.__module__ == module.__name__
        if not kind.__dataclass_params__.frozen
    }
