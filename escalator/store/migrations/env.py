"""Alembic's entry: migrates within the transaction that `escalator.store.migrate` has opened."""

from alembic import context

from escalator.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
