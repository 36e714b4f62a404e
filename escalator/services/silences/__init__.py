"""Silences: begun, ended, expired, announced."""
