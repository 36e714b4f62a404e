"""The sandbox: what would have been sent, as its readers would see it, and what people do on its page."""

from escalator.services.sandbox.page import count_sandboxed, sandbox_state

__all__ = ["count_sandboxed", "sandbox_state"]
