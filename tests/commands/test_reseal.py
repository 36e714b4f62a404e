"""`escalator reseal`: an old CONTENT_KEY can be retired."""

import pytest
from sqlalchemy import LargeBinary, select

from escalator.encryption import Seal
from escalator.errors import ContentLocked
from escalator.store.reencryption import sealed_columns
from escalator.store.tables import events, incidents, metadata
from tests.sandboxes import a_core, alert


def values(core):
    with core.database.reading() as connection:
        columns = (events.c.sealed_body, incidents.c.sealed_facts)
        return [value for column in columns for value in connection.scalars(select(column).where(column.is_not(None)))]


def test_every_column_of_bytes_is_known_to_be_sealed():
    of_bytes = {
        column for table in metadata.sorted_tables for column in table.columns if isinstance(column.type, LargeBinary)
    }
    assert of_bytes == set(sealed_columns())
    assert all(len(column.table.primary_key.columns) == 1 for column in of_bytes)


def test_what_an_old_key_sealed_opens_with_the_new_one_alone(cli, folder, monkeypatch, sqlite_url):
    env = {"STREAM_API_KEY": "key", "STREAM_API_SECRET": "secret", "SECRET_KEY": "old"}
    core = a_core(sqlite_url, folder, **env)
    alert(core)
    core.database.close()
    for name, value in {"DATABASE_URL": sqlite_url, "SECRET_KEY": "other", "CONTENT_KEY": "new"}.items():
        monkeypatch.setenv(name, value)
    refused = cli("reseal")
    assert refused.exit_code == 1
    assert "events.sealed_body: 1 cannot be decrypted" in refused.stderr
    monkeypatch.setenv("CONTENT_KEY", "new,old")
    assert "remove the other keys" in cli("reseal").stdout
    assert " 0 of them encrypted again" in cli("reseal").stdout
    found = values(core)
    assert found
    assert all(Seal(["new"]).open(value) for value in found)
    with pytest.raises(ContentLocked):
        Seal(["old"]).open(found[0])
