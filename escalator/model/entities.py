"""Stream's names of entity types, and the short forms that it uses for them (RULES 1, Identity)."""

MESSAGE = "stream:chat:v1:message"
USER = "stream:user"
USER_PROFILE = "stream:v1:user_profile"
CALL = "call"
"""A call has no longer name: the OpenAPI description and the SDK (getstream 7.0.0) have none."""

_LONG_NAMES = {"message": MESSAGE, "user": USER}


def long_name(entity_type: str) -> str:
    """Return Stream's long name of an entity type: `message` is `stream:chat:v1:message`."""
    return _LONG_NAMES.get(entity_type, entity_type)


def all_names_of(entity_type: str) -> tuple[str, ...]:
    """Return every name of an entity type, the long one first."""
    name = long_name(entity_type)
    return (name, *(short for short, known in _LONG_NAMES.items() if known == name))
