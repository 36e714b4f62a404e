"""Versions of the policy, and the one that is active."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, String, Table, Text, Uuid

from escalator.store.tables.base import Instant, metadata

policy_versions = Table(
    "policy_versions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("author", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
)

active_policy = Table(
    "active_policy",
    metadata,
    Column("only", Integer, CheckConstraint('"only" = 1', name="one_row"), primary_key=True),
    Column("version_id", Uuid, ForeignKey("policy_versions.id"), nullable=False),
    Column("activated_at", Instant, nullable=False),
)
