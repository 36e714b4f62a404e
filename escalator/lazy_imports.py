"""Lazy imports: libraries that are slow to import, and that many processes never need, are imported on first use.

The composition root names what it wires by module and name; nothing else imports inside a function.
"""

from functools import cached_property
from importlib import import_module
from typing import Any


class LazyImport:
    """A stand-in for a module, or for what a callable of that module returns for these arguments.

    The module is imported, and the callable called, when an attribute is first asked for; the import system's own lock
    lets one thread do so.
    """

    def __init__(self, module: str, name: str = "", *arguments: object) -> None:
        self._module = module
        self._name = name
        self._arguments = arguments

    @cached_property
    def _target(self) -> Any:
        module = import_module(self._module)
        return getattr(module, self._name)(*self._arguments) if self._name else module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)
