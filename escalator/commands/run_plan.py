"""The plan of `run`, which one process writes and the next one reads. Standard library only."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One process to keep alive."""

    name: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the supervisor needs to know. It holds no secret: those stay in the environment.

    `environment` is added to what the parts inherit. `broker_socket` is empty when the broker is not ours.
    `preparation` prepares the database; what it prints is shown when web answers at `host` and `port`.
    """

    parts: tuple[Part, ...]
    environment: dict[str, str]
    broker_socket: str
    host: str
    port: int
    preparation: tuple[str, ...]
    is_verbose: bool = False

    def to_json(self) -> str:
        """Return the plan as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """Return the plan that `to_json` wrote."""
        loaded = json.loads(text)
        parts = tuple(Part(part["name"], tuple(part["argv"])) for part in loaded["parts"])
        return cls(**{**loaded, "parts": parts, "preparation": tuple(loaded["preparation"])})
