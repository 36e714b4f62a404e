"""The outbox: claims, sends, retries and bundles deliveries; records outcomes."""
