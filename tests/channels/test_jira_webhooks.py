"""What Jira tells us: only Jira may say it, it counts once, and only a person's move is an answer."""

import json
from contextlib import nullcontext
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.channels.jira.api import Category
from escalator.channels.jira.channel import JiraChannel, label
from escalator.channels.jira.rest import JiraRest
from escalator.channels.jira.webhooks import event_id, parse, verify
from escalator.errors import Unauthorized
from escalator.model.destination_kind import DestinationKind
from escalator.model.vendor_event import VendorActor, VendorActorKind, VendorEvent, VendorEventKind
from tests.channels.jira_messages import RESOLVED, say
from tests.doubles.jira import DOING, PROJECT, TO_DO, JiraDouble
from tests.doubles.jira_webhooks import SECRET, change, issue_event, person, signed

KEY = f"{PROJECT}-1"
BODY = b'{"timestamp": 1}'
PUBLISHED = ("It's a Secret to Everybody", b"Hello World!")
PUBLISHED_SIGNATURE = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"


def test_the_published_vector_is_verified():
    secret, body = PUBLISHED
    verify(body, {"X-Hub-Signature": PUBLISHED_SIGNATURE}, [secret])


@pytest.mark.parametrize(
    ("headers", "secrets", "token", "is_jiras"),
    [
        pytest.param(signed(BODY), [SECRET], "", True, id="signed"),
        pytest.param(
            {"x-hub-signature": signed(BODY)["X-Hub-Signature"].upper()}, [SECRET], "", True, id="in any case"
        ),
        pytest.param(signed(BODY), ["newer", SECRET], "", True, id="signed with the older secret"),
        pytest.param(signed(BODY, method="sha512"), [SECRET], "", True, id="by a stronger method"),
        pytest.param(signed(BODY, method="sha1"), [SECRET], "", False, id="by a weaker method"),
        pytest.param(signed(BODY, method="md5"), [SECRET], SECRET, False, id="by a broken method"),
        pytest.param(signed(BODY), ["other"], "", False, id="by somebody else"),
        pytest.param(signed(b"other"), [SECRET], "", False, id="another body"),
        pytest.param(signed(BODY), [], "", False, id="no secret is set"),
        pytest.param(signed(BODY, secret=""), [""], "", False, id="an empty secret is none"),
        pytest.param({}, [SECRET], "", False, id="neither signature nor token"),
        pytest.param({}, [SECRET], SECRET, True, id="a token in the address"),
        pytest.param({}, [SECRET], SECRET[:-1], False, id="a wrong token in the address"),
        pytest.param({}, ["", " "], "", False, id="an empty token is none"),
        pytest.param(
            signed(BODY, secret="other"), [SECRET], SECRET, False, id="a wrong signature beside a right token"
        ),
        pytest.param({"X-Hub-Signature": ""}, [SECRET], SECRET, False, id="an empty signature beside a right token"),
        pytest.param({"X-Hub-Signature": "sha256=é\udcff"}, [SECRET], "", False, id="what no encoding has"),
        pytest.param({"X-Hub-Signature": "sha256"}, [SECRET], "", False, id="a method alone"),
        pytest.param({"X-Hub-Signature": "=" * 9_000}, [SECRET], "", False, id="nonsense"),
        pytest.param({}, [SECRET], "\ud800", False, id="a token that no encoding has"),
    ],
)
def test_only_who_has_the_secret_is_jira(headers, secrets, token, is_jiras):
    with nullcontext() if is_jiras else pytest.raises(Unauthorized):
        verify(BODY, headers, secrets, token)


@given(st.text(), st.text())
def test_no_header_crashes_the_door(header, token):
    with pytest.raises(Unauthorized):
        verify(BODY, {"X-Hub-Signature": header}, [SECRET], token)


def test_an_event_is_known_by_its_signed_body_alone():
    with JiraDouble() as jira:
        jira.issues[KEY] = an_issue(jira)
        first, again = jira.move(KEY, "indeterminate"), jira.move(KEY, "done")
    assert event_id(first[0]) == event_id(bytes(first[0]))
    assert event_id(first[0]) != event_id(again[0])
    assert len(event_id(first[0])) == 64


def an_issue(jira):
    channel = JiraChannel(JiraRest(jira.origin, jira.email, jira.token))
    channel.send(say())
    return jira.issues[KEY]


@pytest.fixture(params=[True, False], ids=["cloud", "data center"])
def jira(request):
    with JiraDouble(is_cloud=request.param) as jira:
        an_issue(jira)
        yield jira


def ana(jira):
    if jira.is_cloud:
        return VendorActor(VendorActorKind.PERSON, "u-ana")
    return VendorActor(VendorActorKind.PERSON, "JIRAUSERu-ana", "u-ana@example.com")


@pytest.mark.parametrize(
    ("moves", "kind", "word"),
    [
        pytest.param(["done"], VendorEventKind.RESOLVED, "done", id="closed"),
        pytest.param(["indeterminate"], VendorEventKind.ACKNOWLEDGED, "indeterminate", id="begun"),
        pytest.param(["done", "new"], VendorEventKind.REOPENED, "new", id="open again"),
        pytest.param(["indeterminate", "new"], VendorEventKind.NOTED, "new", id="put back, never closed"),
        pytest.param(
            ["done", "indeterminate"], VendorEventKind.REOPENED, "indeterminate", id="closed, and begun again"
        ),
    ],
)
def test_a_persons_move_is_heard(jira, moves, kind, word):
    for category in moves:
        body, headers = jira.move(KEY, category)
    verify(body, headers, [SECRET], "" if jira.is_cloud else SECRET)
    heard = parse(body)
    assert (heard.vendor, heard.kind, heard.word) == (DestinationKind.JIRA, kind, f"jira:issue_updated {word}")
    assert (heard.agent, heard.refs) == (ana(jira), (KEY, label(say())))
    assert heard.at.tzinfo is UTC


def test_a_deleted_issue_is_noted(jira):
    body, _headers = jira.delete(KEY)
    heard = parse(body)
    assert (heard.kind, heard.word, heard.refs) == (VendorEventKind.NOTED, "jira:issue_deleted", (KEY, label(say())))


def test_our_own_move_is_known_by_our_account(jira):
    api = JiraRest(jira.origin, jira.email, jira.token)
    JiraChannel(api).update(say(KEY, **RESOLVED))
    body, _headers = jira.emitted[-1]
    assert parse(body).agent.id == api.myself()


@pytest.mark.parametrize(
    ("user", "agent"),
    [
        pytest.param(
            person(email="ana@example.com"),
            VendorActor(VendorActorKind.PERSON, "u-ana", "ana@example.com"),
            id="a person",
        ),
        pytest.param(person(account_type="app"), VendorActor(VendorActorKind.INTEGRATION, "u-ana"), id="an app"),
        pytest.param(person(account_type="customer"), VendorActor(VendorActorKind.PERSON, "u-ana"), id="a customer"),
        pytest.param(None, VendorActor(VendorActorKind.NOBODY), id="nobody"),
        pytest.param({"displayName": "x"}, VendorActor(VendorActorKind.NOBODY), id="somebody without an id"),
        pytest.param({"name": "ana"}, VendorActor(VendorActorKind.PERSON, "ana"), id="an old server's user"),
        pytest.param({"accountId": "u" * 999}, VendorActor(VendorActorKind.PERSON, "u" * 128), id="an id without end"),
        pytest.param(
            {"key": "k", "emailAddress": "?"}, VendorActor(VendorActorKind.PERSON, "k"), id="an address that is none"
        ),
        pytest.param(
            {"key": "k", "emailAddress": ["a@b"]}, VendorActor(VendorActorKind.PERSON, "k"), id="an odd address"
        ),
        pytest.param(
            {"key": "a\x00b", "emailAddress": "a\x00@b"},
            VendorActor(VendorActorKind.PERSON, "a\ufffdb", "a\ufffd@b"),
            id="a NUL",
        ),
    ],
)
def test_who_did_it(user, agent):
    assert parse(moved(user=user)).agent == agent


@pytest.mark.parametrize(
    ("labels", "refs"),
    [
        pytest.param(["urgent", "escalator-0123"], ("escalator-0123",), id="ours among others"),
        pytest.param(["escalator-a\x00"], ("escalator-a\ufffd",), id="one that no database takes"),
        pytest.param(["escalator-" + "x" * 999, 7, None], (), id="none that could be ours"),
        pytest.param("escalator-0123", (), id="no list"),
        pytest.param([f"escalator-{number}" for number in range(99)], None, id="too many"),
    ],
)
def test_our_labels_name_an_issue_too(labels, refs):
    body = json.loads(moved())
    body["issue"]["fields"]["labels"] = labels
    found = parse(json.dumps(body).encode()).refs
    assert found[0] == KEY
    assert found[1:] == refs if refs is not None else len(found) < 10


def moved(user=None, to="done", items=None, event="jira:issue_updated", key=KEY, **changes):
    status = {"id": "3", "name": "Shut", "statusCategory": {"key": to}}
    said = issue_event(
        {"id": "1", "key": key, "fields": {"summary": "x", "status": status}},
        event,
        user,
        1_760_000_000_123,
        items if items is not None else [change("status", (DOING.id, DOING.name), ("3", "Shut"))],
    )
    return json.dumps({**json.loads(said), **changes}).encode()


def test_when_it_was_done():
    assert parse(moved()).at == datetime(2025, 10, 9, 8, 53, 20, 123_000, tzinfo=UTC)


@pytest.mark.parametrize("timestamp", [None, "now", True, 10**30, -(10**18), 1.5])
def test_a_time_that_is_none_is_left_out(timestamp):
    assert parse(moved(timestamp=timestamp)).at is None


@pytest.mark.parametrize(
    ("before", "resolution", "kind"),
    [
        pytest.param(Category.DONE, False, VendorEventKind.REOPENED, id="the status it has left is known to be done"),
        pytest.param(
            Category.INDETERMINATE, True, VendorEventKind.NOTED, id="it is known not to be, whatever else says so"
        ),
        pytest.param(Category.UNDEFINED, True, VendorEventKind.REOPENED, id="not known, but its resolution went away"),
        pytest.param(Category.UNDEFINED, False, VendorEventKind.NOTED, id="not known at all"),
    ],
)
def test_whether_an_issue_comes_from_done(before, resolution, kind):
    items = [change("status", ("77", "Wherever"), (TO_DO.id, TO_DO.name))]
    items += [change("resolution", ("1", "Done"), None)] if resolution else []
    asked = []
    assert parse(moved(to="new", items=items), category_of_status=lambda one: asked.append(one) or before).kind is kind
    assert asked == ["77"]


def test_what_was_done_and_is_begun_again_is_open_again():
    known = {"5": Category.DONE, "3": Category.INDETERMINATE}
    for left, kind in (("5", VendorEventKind.REOPENED), ("3", VendorEventKind.ACKNOWLEDGED)):
        items = [change("status", (left, "Wherever"), (DOING.id, DOING.name))]
        assert parse(moved(to="indeterminate", items=items), category_of_status=known.__getitem__).kind is kind


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(moved(event="comment_created"), id="a comment"),
        pytest.param(moved(items=[]), id="nothing changed"),
        pytest.param(moved(items=[change("summary", None, None)]), id="another field"),
        pytest.param(moved(event="jira:issue_created"), id="created"),
        pytest.param(moved(key="../admin"), id="no key"),
        pytest.param(moved(issue=None), id="no issue"),
        pytest.param(moved(changelog={"items": "status"}), id="an odd change log"),
        pytest.param(moved(changelog={"items": ["status"]}), id="an odd change"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"[1]", id="a list"),
        pytest.param(b"[" * 90_000, id="deeply nested"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b'{"timestamp": ' + b"9" * 5_000 + b"}", id="a huge number"),
    ],
)
def test_what_does_not_matter_is_nothing(body):
    assert parse(body) is None


@pytest.mark.parametrize("to", ["undefined", "someday", None, ["done"]])
def test_a_status_of_no_known_meaning_is_only_noted(to):
    assert parse(moved(to=to)).kind is VendorEventKind.NOTED


def test_nothing_that_people_write_is_kept():
    secret = "i cannot do this any longer"
    items = [change("status", ("1", secret), ("3", secret))]
    body = json.loads(moved(items=items, user=person()))
    body["issue"]["fields"] |= {"summary": secret, "description": secret}
    body["user"]["displayName"] = secret
    assert secret not in repr(parse(json.dumps(body).encode()))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(_JSON, _JSON, _JSON, _JSON)
def test_no_body_crashes_the_door(issue, changelog, user, status):
    for body in (
        {"webhookEvent": "jira:issue_updated", "issue": issue, "changelog": changelog, "user": user},
        {
            "webhookEvent": "jira:issue_updated",
            "issue": {"key": KEY, "fields": {"status": status}},
            "changelog": {"items": [{"field": "status", "from": status}, changelog]},
            "user": user,
            "timestamp": status,
        },
    ):
        assert isinstance(parse(json.dumps(body).encode()), VendorEvent | None)
