"""Outgoing webhooks (Standard Webhooks 1.0.0): payloads, signatures, and the addresses they must never reach."""
