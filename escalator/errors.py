"""Every error of ours, in one tree.

EscalatorError
├── ConfigurationError      the environment does not fit: what, and what would be right
├── PolicyError             the policy has problems (all of them)
├── InvalidEvent            a signed body that is no event
├── Unauthorized            a signature or key that does not fit
├── TooLarge                a body over the limit
├── Unavailable             the database, or what else an answer needs, cannot be asked
├── Conflict                another process was first; look again
└── ContentLocked           a sealed value that no key of ours opens
"""


class EscalatorError(Exception):
    """The root: catch it only in `web`, `workers` and `commands`."""


class ConfigurationError(EscalatorError):
    """The environment is not valid. `problems` are all of them, each with the variable and what would be right."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class PolicyError(EscalatorError):
    """The policy cannot be used. `problems` are all of them, one line each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InvalidEvent(EscalatorError):
    """A signed body that is not JSON, or has no type. `errors` are marshmallow's, by field."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(str(errors))
        self.errors = errors


class Unauthorized(EscalatorError):
    """A signature or a key that is not valid; carries no details."""


class TooLarge(EscalatorError):
    """A body over the limit, inflated or not."""


class Unavailable(EscalatorError):
    """The database, or what else an answer needs, cannot be used now; the caller should try again later."""


class Conflict(EscalatorError):
    """Another process was first with what the database allows only once; read again and decide again."""


class ContentLocked(EscalatorError):
    """A sealed value that none of our keys opens."""
