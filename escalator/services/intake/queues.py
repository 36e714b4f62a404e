"""Which sources have a queue, and where."""

from escalator.model.policy import Policy
from escalator.services.core.context import Core


def queues_of(core: Core, policy: Policy) -> dict[str, str]:
    """Return the address of the queue of each source that is on and has one."""
    addresses = {
        source.name: core.expand(source.sqs or "") for source in policy.sources.values() if core.expand(source.api_key)
    }
    return {name: address for name, address in addresses.items() if address}
