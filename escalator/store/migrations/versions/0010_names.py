"""Tables, columns, indexes and constraints get the names that the code and the glossary use. No row changes.

Until they are restarted, web processes of the release before go on storing webhooks: the columns that the intake door
uses keep their names (`events`, `overrides`, `silences`, `calendars`, and what it reads of `active_policy` and
`policy_versions`). So `events.next_at` is no `next_attempt_at`, and `overrides` says `at`. Whatever else old processes
ask for fails: no new name is an old name of something else.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import OperationalError

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = {
    "answers": "acknowledgements",
    "callbacks": "vendor_callbacks",
    "destinations": "endpoint_health",
    "duties": "oncall_snapshots",
    "inbox": "sandbox_inbox",
    "known": "key_values",
    "posts": "posted_messages",
    "records": "audit_records",
    "seals": "audit_chain",
    "sign_in_links": "magic_links",
    "texts": "notes",
    "tokens": "api_tokens",
    "tries": "login_attempts",
    "troubles": "operator_alerts",
    "workers": "processes",
}
COLUMNS = {
    "acknowledgements": {"at": "acknowledged_at"},
    "active_policy": {"at": "activated_at"},
    "api_tokens": {"at": "created_at", "used_at": "last_used_at"},
    "audit_records": {"at": "recorded_at"},
    "bulletins": {"at": "created_at"},
    "deliveries": {
        "claim": "claim_number",
        "listed_in": "bundle_id",
        "next_at": "next_attempt_at",
        "owner": "claimed_by",
        "sending": "send_number",
        "trouble_id": "operator_alert_id",
    },
    "endpoint_health": {
        "failed_at": "last_failed_at",
        "gone_address": "gone_address_digest",
        "not_before": "paused_until",
        "probed_at": "probe_started_at",
        "timeouts": "consecutive_timeouts",
    },
    "incidents": {
        "armed_until": "timer_set_for",
        "first_answered_at": "first_acknowledged_at",
        "fits": "matched_categories",
        "fits_by": "category_rules_digest",
        "hold": "has_legal_hold",
        "kind_key": "grouping_key",
        "loop_rounds": "automated_rounds",
        "loop_started_at": "automated_rounds_since",
        "members": "member_count",
        "next_at": "next_attempt_at",
        "sending": "send_number",
    },
    "key_values": {"at": "updated_at", "name": "key"},
    "login_attempts": {"at": "attempted_at"},
    "magic_links": {"at": "created_at"},
    "notes": {"at": "created_at"},
    "operator_alerts": {"ended_at": "resolved_at", "found_at": "raised_at"},
    "policy_versions": {"at": "created_at"},
    "posted_messages": {
        "alias": "vendor_incident_id",
        "answered_round": "acknowledged_round",
        "claim": "claim_number",
        "face": "shown_fingerprint",
        "next_at": "next_attempt_at",
        "owner": "claimed_by",
        "ref": "vendor_ref",
        "shown_rev": "shown_revision",
        "want_rev": "wanted_revision",
    },
    "processes": {"beat_at": "last_heartbeat_at", "swept_at": "last_sweep_at"},
    "sandbox_inbox": {"at": "created_at"},
    "sessions": {"begun_at": "started_at", "seen_at": "last_seen_at"},
    "vendor_callbacks": {"next_at": "next_attempt_at"},
}
INDEXES = {
    "ix_callbacks_received_at": "ix_vendor_callbacks_received_at",
    "ix_callbacks_subject": "ix_vendor_callbacks_subject",
    "ix_callbacks_todo": "ix_vendor_callbacks_new",
    "ix_deliveries_listed": "ix_deliveries_bundle_id",
    "ix_deliveries_todo": "ix_deliveries_pending",
    "ix_deliveries_trouble_id": "ix_deliveries_operator_alert_id",
    "ix_inbox_at": "ix_sandbox_inbox_created_at",
    "ix_inbox_incident_id": "ix_sandbox_inbox_incident_id",
    "ix_incidents_fits": "ix_incidents_matched_categories",
    "ix_incidents_fits_by": "ix_incidents_category_rules_digest",
    "ix_incidents_kind": "ix_incidents_grouping_key",
    "ix_posts_alias": "ix_posted_messages_vendor_incident_id",
    "ix_posts_behind": "ix_posted_messages_outdated",
    "ix_posts_ref": "ix_posted_messages_vendor_ref",
    "ix_records_action": "ix_audit_records_action",
    "ix_records_actor_key": "ix_audit_records_actor_key",
    "ix_records_at": "ix_audit_records_recorded_at",
    "ix_records_incident_id": "ix_audit_records_incident_id",
    "ix_texts_incident_id": "ix_notes_incident_id",
    "ix_tries_key": "ix_login_attempts_key",
    "ix_troubles_open": "ix_operator_alerts_open",
}
CONSTRAINTS = {
    "acknowledgements": {
        "fk_answers_incident_id": "fk_acknowledgements_incident_id",
        "pk_answers": "pk_acknowledgements",
    },
    "api_tokens": {"pk_tokens": "pk_api_tokens", "uq_tokens_digest": "uq_api_tokens_digest"},
    "audit_chain": {
        "fk_seals_record_id": "fk_audit_chain_record_id",
        "pk_seals": "pk_audit_chain",
        "uq_seals_record_id": "uq_audit_chain_record_id",
    },
    "audit_records": {
        "fk_records_incident_id": "fk_audit_records_incident_id",
        "fk_records_policy_version_id": "fk_audit_records_policy_version_id",
        "pk_records": "pk_audit_records",
    },
    "deliveries": {
        "fk_deliveries_listed_in": "fk_deliveries_bundle_id",
        "fk_deliveries_trouble_id": "fk_deliveries_operator_alert_id",
    },
    "endpoint_health": {"pk_destinations": "pk_endpoint_health"},
    "incidents": {
        "ck_incidents_due_has_a_kind": "ck_incidents_deadline_has_kind",
        "ck_incidents_no_late_alarm": "ck_incidents_closed_has_no_deadline",
        "ck_incidents_no_silence": "ck_incidents_triggered_has_deadline",
        "ck_incidents_told_by_its_group": "ck_incidents_grouped_has_group",
    },
    "key_values": {"pk_known": "pk_key_values"},
    "login_attempts": {"pk_tries": "pk_login_attempts"},
    "magic_links": {"pk_sign_in_links": "pk_magic_links"},
    "notes": {"fk_texts_incident_id": "fk_notes_incident_id", "pk_texts": "pk_notes"},
    "oncall_snapshots": {"pk_duties": "pk_oncall_snapshots"},
    "operator_alerts": {"pk_troubles": "pk_operator_alerts"},
    "overrides": {"ck_overrides_lasts": "ck_overrides_ends_after_start"},
    "posted_messages": {
        "fk_posts_incident_id": "fk_posted_messages_incident_id",
        "pk_posts": "pk_posted_messages",
        "uq_posts_incident_id": "uq_posted_messages_incident_id",
    },
    "processes": {"pk_workers": "pk_processes"},
    "sandbox_inbox": {
        "fk_inbox_incident_id": "fk_sandbox_inbox_incident_id",
        "pk_inbox": "pk_sandbox_inbox",
        "uq_inbox_ts": "uq_sandbox_inbox_ts",
    },
    "vendor_callbacks": {"pk_callbacks": "pk_vendor_callbacks", "uq_callbacks_vendor": "uq_vendor_callbacks_vendor"},
}
APPEND_ONLY = {"records": "audit_records", "seals": "audit_chain"}

_LOCK_ATTEMPTS = 120


def upgrade() -> None:
    """Rename."""
    is_postgres = op.get_bind().dialect.name == "postgresql"
    if is_postgres:
        _lock_tables()
    for old, new in TABLES.items():
        op.rename_table(old, new)
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    if is_postgres:
        _rename_on_postgres()
    else:
        _rename_on_sqlite()


def _lock_tables() -> None:
    """Lock all tables at once or none: meanwhile nobody waits long for one of them, and nobody deadlocks with this."""
    connection = op.get_bind()
    new_names = {new: old for old, new in TABLES.items()}
    tables = sorted({*TABLES, *(new_names.get(table, table) for table in (*COLUMNS, *CONSTRAINTS))})
    connection.execute(sa.text("SET LOCAL lock_timeout TO '300ms'"))
    for attempt in range(1, _LOCK_ATTEMPTS + 1):
        try:
            with connection.begin_nested():
                connection.execute(sa.text(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE"))
        except OperationalError:
            if attempt == _LOCK_ATTEMPTS:
                raise
            connection.execute(sa.text("SELECT pg_sleep(0.2)"))
        else:
            break
    connection.execute(sa.text("SET LOCAL lock_timeout TO DEFAULT"))


def _rename_on_postgres() -> None:
    for old, new in INDEXES.items():
        op.execute(f"ALTER INDEX {old} RENAME TO {new}")
    for table, constraints in CONSTRAINTS.items():
        for old, new in constraints.items():
            op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}")
    for old, new in APPEND_ONLY.items():
        op.execute(f"ALTER TRIGGER {old}_once ON {new} RENAME TO {new}_once")


def _rename_on_sqlite() -> None:
    """SQLite renames no constraint, index or trigger.

    The names of constraints stand only in the text of the schema, which may be edited where the content of the file
    stays as it is (https://www.sqlite.org/lang_altertable.html#otheralter). The others are made anew.
    """
    connection = op.get_bind()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    edit = "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ?"
    for table, constraints in CONSTRAINTS.items():
        for old, new in constraints.items():
            connection.exec_driver_sql(edit, (f"CONSTRAINT {old} ", f"CONSTRAINT {new} ", table))
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
    for old, new in INDEXES.items():
        made = connection.exec_driver_sql("SELECT sql FROM sqlite_schema WHERE name = ?", (old,)).scalar_one()
        op.execute(f"DROP INDEX {old}")
        op.execute(made.replace(f"INDEX {old} ", f"INDEX {new} ", 1))
    for old, new in APPEND_ONLY.items():
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {old}_no_{verb}")
            op.execute(
                f"CREATE TRIGGER {new}_no_{verb} BEFORE {verb.upper()} ON {new} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {new} are written once'); END"
            )


def downgrade() -> None:
    """Restore a backup instead, as for every version."""
    raise NotImplementedError("restore a backup instead")
