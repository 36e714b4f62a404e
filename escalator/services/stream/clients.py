"""The client for a source's app at Stream."""

from escalator.channels.deadline_socket import Limits
from escalator.channels.stream.client import PATIENT, StreamClient
from escalator.model.policy import Source
from escalator.services.core.context import Core


def client_of(core: Core, source: Source, limits: Limits = PATIENT) -> StreamClient:
    """Return the client for a source's app, with the key and secrets of the environment."""
    secrets = [core.expand(secret) for secret in source.api_secrets]
    return StreamClient(core.settings.stream_api_url, core.expand(source.api_key), secrets, limits)
