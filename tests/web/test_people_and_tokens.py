"""The pages of an admin: who can sign in, and the tokens of machines."""

import re
from dataclasses import replace

import pytest

from escalator.model.message import Delivered, Failed, FailureReason
from escalator.services.auth import api_tokens, magic_links
from escalator.store.tables import audit_records
from tests.browsers import Browser
from tests.sandboxes import a_core

MAILED = {
    "ESCALATOR_MODE": "production",
    "ESCALATOR_BASE_URL": "https://escalator.example.com",
    "SMTP_URL": "smtp://mail.example.com",
    "MAIL_FROM": "escalator@example.com",
}


class FakeMailer:
    """Keeps what it is handed; answers as it is told."""

    def __init__(self):
        self.mails, self.answer = [], Delivered("<1@example.com>")

    def send(self, _context, mail):
        self.mails.append(mail)
        return self.answer


@pytest.fixture
def core(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path, **MAILED)
    core.vendors = replace(core.vendors, mail=FakeMailer())
    yield core
    core.database.close()


def actions(core):
    with core.database.reading() as connection:
        rows = connection.execute(audit_records.select().order_by(audit_records.c.id)).all()
    return [(row.action, row.actor_key, row.reason) for row in rows if row.action.startswith(("person.", "token."))]


@pytest.mark.parametrize("person", ["ana", "dana"])
@pytest.mark.parametrize("path", ["/people", "/tokens"])
def test_the_pages_are_an_admins(core, person, path):
    assert Browser(core, person).get(path).status_code == 403
    assert Browser(core, "eli").get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/people/ana/invite", "/people/ana/sign-out", "/tokens", f"/tokens/{'0' * 32}/revoke"]
)
def test_nobody_else_changes_anything(core, path):
    path = path.replace("0" * 32, "00000000-0000-0000-0000-000000000000")
    assert Browser(core, "dana").post(path).status_code == 403


def test_everybody_of_the_policy_is_there_with_their_last_sign_in(core):
    Browser(core, "ana")
    page = Browser(core, "eli").get("/people").text
    assert {"Ana Ruiz", "Ben Okafor", "Dana Fox", "Eli Stone"} <= set(re.findall(r"\w+ \w+", page))
    assert page.count("never") == 2
    assert page.count("everywhere") == 2


def test_an_invited_person_gets_a_link_that_signs_them_in_once(core):
    admin = Browser(core, "eli")
    assert "Ana Ruiz is invited" in admin.post("/people/ana/invite", follow_redirects=True).text
    [mail] = core.vendors.mail.mails
    assert mail.recipient == "ana@example.com"
    [path] = set(
        re.findall(r"https://escalator.example.com(/sign-in/link/\S+)", mail.message.get_body(("plain",)).get_content())
    )
    invited = Browser(core)
    assert invited.client.post(path).status_code == 303
    assert invited.client.get("/", base_url="https://localhost").status_code == 200
    assert Browser(core).client.post(path).status_code == 404
    assert ("person.invited", "eli", "") in actions(core)


def test_an_admin_is_shown_why_an_invitation_was_not_sent(core):
    core.vendors.mail.answer = Failed(FailureReason.UNREACHABLE)
    page = Browser(core, "eli").post("/people/ana/invite", follow_redirects=True).text
    assert "could not be sent: unreachable" in page
    assert ("person.invited", "eli", "unreachable") in actions(core)


def test_an_admin_signs_somebody_out_of_everything(core):
    ana, link = (
        Browser(core, "ana"),
        magic_links.create_link(core, "ana", magic_links.PRINTER, "cli", magic_links.PRINTED_GOOD_FOR),
    )
    assert ana.get("/", base_url="https://localhost").status_code == 200
    page = Browser(core, "eli").post("/people/ana/sign-out", follow_redirects=True).text
    assert "signed out of 1 browser." in page
    assert ana.get("/", base_url="https://localhost").status_code == 302
    assert Browser(core).client.post(link.removeprefix("https://escalator.example.com")).status_code == 404


def test_nobody_is_invited_by_who_only_says_that_they_are_an_admin(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path)
    ben = Browser(core, "ben")
    admin = Browser(core, "eli", via="sandbox")
    assert admin.post("/people/ana/invite").status_code == 403
    admin.post("/people/ben/sign-out")
    assert ben.get("/").status_code == 200
    core.database.close()


def test_a_token_is_shown_once_and_revoked(core):
    admin = Browser(core, "eli")
    form = {"name": "ci", "person": "ana", "scope": ["read", "act"], "days": "30"}
    [text] = re.findall(r"esc_[\w-]+", admin.post("/tokens", form).text)
    assert api_tokens.find_token(core, text)[0].person.key == "ana"
    page = admin.get("/tokens").text
    assert text not in page
    [path] = re.findall(r'action="(/tokens/\S+/revoke)"', page)
    assert "is revoked" in admin.post(path, follow_redirects=True).text
    assert api_tokens.find_token(core, text) is None
    assert "Nothing changed" in admin.post(path, follow_redirects=True).text
    assert [one[:2] for one in actions(core)][-2:] == [("token.made", "eli"), ("token.revoked", "eli")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"name": ""}, "Write a name", id="without a name"),
        pytest.param({"scope": ["everything"]}, "Choose", id="for what there is not"),
        pytest.param({"days": "9999"}, "at most", id="for ever"),
        pytest.param({"person": "nobody"}, "Choose a person of the policy", id="for nobody"),
    ],
)
def test_no_token_is_made(core, change, words):
    form = {"name": "<b>", "person": "ana", "scope": ["read"], "days": "30"} | change
    page = Browser(core, "eli").post("/tokens", form)
    assert page.status_code == 400
    assert words in page.text
    assert "<b>" not in page.text
    assert "esc_" not in page.text
