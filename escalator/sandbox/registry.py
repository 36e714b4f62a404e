"""The simulated vendors: each folder in `escalator/channels` has a `sandbox.py` with a SANDBOX.

Nothing outside of the sandbox may import these modules, so they are found by the key of their kind. A missing one
fails at import.
"""

from collections.abc import Mapping
from importlib import import_module

from escalator import channels
from escalator.channels.stand_in import SandboxVendor
from escalator.model.destination_kind import DestinationKind


def _played(kind: DestinationKind) -> SandboxVendor:
    part = import_module(f"{channels.__name__}.{kind.value}.sandbox").SANDBOX
    if not isinstance(part, SandboxVendor) or part.kind is not kind:
        raise TypeError(f"{kind.value}: SANDBOX is not what plays this kind")
    return part


SANDBOX_VENDORS: Mapping[DestinationKind, SandboxVendor] = {kind: _played(kind) for kind in DestinationKind}
