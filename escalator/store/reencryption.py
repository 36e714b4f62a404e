"""Encrypts stored values again, in batches: replaces an old key while everything runs."""

from collections.abc import Callable, Iterator

from sqlalchemy import Column, Connection, select, update

from escalator.store.pipeline import changed_rows
from escalator.store.tables import metadata

_PREFIX = "sealed_"

Reseal = Callable[[bytes], bytes | None]
"""Returns the value encrypted again, or None if it may stay as it is."""


def sealed_columns() -> Iterator[Column[bytes]]:
    """Yield every column that holds encrypted values."""
    for table in metadata.sorted_tables:
        yield from (column for column in table.columns if column.name.startswith(_PREFIX))


def reseal_batch(
    connection: Connection, column: Column[bytes], reseal: Reseal, after: object | None, size: int
) -> tuple[object | None, int, int]:
    """Encrypt again what needs it among the next rows of a column.

    Return the key of the last row read (None when there was none), how many rows had a value, and how many were
    encrypted again. A value that somebody changes meanwhile is encrypted by them, and is left alone.
    """
    (key,) = column.table.primary_key.columns
    rows = select(key, column).where(column.is_not(None)).order_by(key).limit(size)
    rows_read = connection.execute(rows if after is None else rows.where(key > after)).all()
    changed = 0
    for row_key, sealed in rows_read:
        resealed = reseal(sealed)
        if resealed is not None:
            same = update(column.table).where(key == row_key, column == sealed).values({column.name: resealed})
            changed += changed_rows(connection, same)
    return (rows_read[-1][0] if rows_read else None), len(rows_read), changed
