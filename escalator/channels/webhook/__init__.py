"""Outgoing webhooks (Standard Webhooks 1.0.0): what a machine is told, signed, and where it must never be sent."""
