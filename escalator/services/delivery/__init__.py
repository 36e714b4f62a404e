"""The outbox: deliveries are claimed, sent, retried, bundled; outcomes are written."""
