"""A person who is in the policy without a Slack account, and whom Slack accounts are linked to."""

from sqlalchemy import select

from escalator.store.tables import key_values
from tests.scenarios.harness import POLICY, Harness

NINA = "U0NINA"

EMAIL = "nina@example.com"

PEOPLE = "people:\n"


def with_nina(h: Harness, line: str = f"{{name: Nina Roy, email: {EMAIL}}}") -> Harness:
    return h.start(POLICY.read_text().replace(PEOPLE, f"{PEOPLE}  nina: {line}\n"))


def links(h: Harness) -> dict[str, str]:
    with h.core.database.reading() as connection:
        rows = connection.execute(select(key_values).where(key_values.c.key.like("slack_user:%"))).all()
    return {row.key: row.value.partition(" ")[0] for row in rows}
