"""Tokens: whom they stand for, for how long, and who may make them."""

from datetime import timedelta

import pytest

from escalator.model.levels import Role
from escalator.services.auth import api_tokens
from escalator.services.auth.api_tokens import Scope, TokenRefused
from escalator.services.auth.viewer import Viewer
from escalator.store.tables import api_tokens as table
from escalator.store.tables import audit_records
from tests.sandboxes import a_core, demo_policy

DAY = timedelta(days=1)


@pytest.fixture
def core(database_url, tmp_path):
    core = a_core(database_url, tmp_path)
    yield core
    core.database.close()


def viewer(core, key, *, is_sandbox=False):
    with core.database.reading() as connection:
        return Viewer(core.policies.required(connection).policy.people[key], is_sandbox=is_sandbox)


def made(core, person="ana", scopes=(Scope.READ,), good_for=DAY, author="eli", *, is_sandbox=False):
    text = api_tokens.create_token(core, viewer(core, author, is_sandbox=is_sandbox), person, "ci", scopes, good_for)
    assert isinstance(text, str), text
    return text


def rows(core, of):
    with core.database.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(of.select())]


def test_a_token_stands_for_its_person_within_its_scopes(core):
    found, running, scopes = api_tokens.find_token(core, made(core, "ana", (Scope.READ, Scope.ACT)))
    assert (found.person.key, found.via, found.is_sandbox) == ("ana", "api", False)
    assert scopes == {Scope.READ, Scope.ACT}
    assert found.person is running.policy.people["ana"]


def test_its_text_is_kept_nowhere(core):
    text = made(core)
    assert text.startswith("esc_")
    assert text.removeprefix("esc_") not in str(rows(core, table)) + str(rows(core, audit_records))


def test_it_ends_when_it_has_expired(core):
    text = made(core, good_for=DAY)
    core.clock.move(hours=23, minutes=59)
    assert api_tokens.find_token(core, text) is not None
    core.clock.move(minutes=1)
    assert api_tokens.find_token(core, text) is None


def test_it_ends_when_somebody_revokes_it_once(core):
    text = made(core)
    [token] = api_tokens.list_tokens(core, viewer(core, "eli"))
    assert api_tokens.revoke_token(core, viewer(core, "eli"), token.id)
    assert api_tokens.find_token(core, text) is None
    assert not api_tokens.revoke_token(core, viewer(core, "eli"), token.id)
    said = [
        (row["action"], row["actor_key"]) for row in rows(core, audit_records) if row["action"].startswith("token.")
    ]
    assert said == [("token.made", "eli"), ("token.revoked", "eli")]


def test_it_ends_with_its_person(core):
    text = made(core, "ben")
    file = core.settings.policy_file
    file.write_text(demo_policy().replace("ben", "kim"), encoding="utf-8")
    assert core.policies.offer(core.database).is_new
    assert api_tokens.find_token(core, text) is None


@pytest.mark.parametrize("text", ["", "esc_", "esc_wrong", "wrong", "esc_\ud800"])
def test_what_is_no_token_stands_for_nobody(core, text):
    assert api_tokens.find_token(core, text) is None


def test_its_use_is_noted_at_most_each_minute(core):
    text = made(core)
    first = core.clock.now()
    api_tokens.find_token(core, text)
    core.clock.move(seconds=59)
    api_tokens.find_token(core, text)
    assert api_tokens.list_tokens(core, viewer(core, "eli"))[0].last_used_at == first
    core.clock.move(seconds=1)
    api_tokens.find_token(core, text)
    assert api_tokens.list_tokens(core, viewer(core, "eli"))[0].last_used_at == core.clock.now()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"author": "dana"}, "Only an admin", id="by a senior"),
        pytest.param({"person": "nobody"}, "Choose a person of the policy", id="for somebody who is not in the policy"),
        pytest.param({"name": "  "}, "Write a name", id="without a name"),
        pytest.param({"name": "x" * 65}, "Write a name", id="with an endless name"),
        pytest.param({"scopes": ()}, "Choose", id="for nothing"),
        pytest.param({"good_for": timedelta(days=366)}, "at most 365 days", id="for longer than a year"),
        pytest.param({"good_for": timedelta()}, "at most 365 days", id="for no time"),
    ],
)
def test_there_is_no_token(core, change, words):
    asked = {"author": "eli", "person": "ana", "name": "ci", "scopes": (Scope.READ,), "good_for": DAY} | change
    asked["author"] = viewer(core, asked["author"])
    answer = api_tokens.create_token(core, **asked)
    assert isinstance(answer, TokenRefused)
    assert words in answer.why
    assert rows(core, table) == []


def test_an_admin_gets_no_token_that_sees_more_than_they_do(core):
    eli = viewer(core, "eli")
    assert eli.person.role is Role.ADMIN
    file = core.settings.policy_file
    restricted = demo_policy().replace("{title: Threat,", "{title: Threat, restricted_to: [moderators],")
    file.write_text(restricted, encoding="utf-8")
    assert core.policies.offer(core.database).is_new
    answer = api_tokens.create_token(core, eli, "ana", "ci", (Scope.READ,), DAY)
    assert isinstance(answer, TokenRefused)
    assert "Threat" in answer.why


def test_one_of_the_sandbox_is_of_the_sandbox_and_good_nowhere_else(core, database_url, tmp_path):
    text = made(core, is_sandbox=True)
    assert api_tokens.find_token(core, text)[0].is_sandbox
    assert api_tokens.list_tokens(core, viewer(core, "eli")) == []
    [token] = api_tokens.list_tokens(core, viewer(core, "eli", is_sandbox=True))
    assert not api_tokens.revoke_token(core, viewer(core, "eli"), token.id)
    real = a_core(database_url, tmp_path, ESCALATOR_MODE="divert")
    assert api_tokens.find_token(real, text) is None
    real.database.close()
