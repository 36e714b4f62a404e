"""Records in words: keys become what people are called, and nobody reads a raw key."""

import pytest

from escalator.model.audit import AuditAction
from escalator.rendering.timeline import record_words
from tests.rendering.builders import a_policy


@pytest.mark.parametrize(
    ("action", "actor", "after", "said"),
    [
        pytest.param(AuditAction.ACKNOWLEDGED, "ana", {}, "Acknowledged by Ana Ruiz", id="somebody in the policy"),
        pytest.param(
            AuditAction.ACKNOWLEDGED,
            "pagerduty:PX",
            {},
            "Acknowledged by somebody in PagerDuty",
            id="a stranger elsewhere",
        ),
        pytest.param(
            AuditAction.ANSWERED,
            "jira:712020",
            {"given": "1", "needed": "2"},
            "Acknowledged by somebody in Jira: 1 of 2",
            id="a stranger begins the sentence",
        ),
        pytest.param(
            AuditAction.HANDED_OVER,
            "ana",
            {"to": "senior-moderators"},
            "Handed over by Ana Ruiz to senior moderators",
            id="a team",
        ),
        pytest.param(
            AuditAction.TAKEN_OVER,
            "ben",
            {"owner": "ana"},
            "Taken over by Ben Okafor from Ana Ruiz",
            id="from somebody",
        ),
        pytest.param(AuditAction.REVEALED, "ana", {}, "Text revealed by Ana Ruiz", id="a text"),
        pytest.param(
            AuditAction.REVEALED,
            "ana",
            {"line": "2", "of": "3"},
            "Text revealed by Ana Ruiz, line 2 of 3",
            id="a line of a text",
        ),
        pytest.param(
            AuditAction.REVEALED,
            "ana",
            {"picture": "2", "of": "3"},
            "Picture revealed by Ana Ruiz, 2 of 3",
            id="a picture",
        ),
        pytest.param(AuditAction.RELEASED, "zoe", {}, "Released by zoe", id="somebody who has left the policy"),
    ],
)
def test_whoever_did_it_is_called_as_everywhere_else(action, actor, after, said):
    assert record_words(action, actor, "", after, a_policy()) == said


@pytest.mark.parametrize(
    ("actor", "verb", "reason", "said"),
    [
        pytest.param(
            "ana", "acknowledge", "already_taken", "Ana Ruiz tried to acknowledge: already acknowledged", id="late"
        ),
        pytest.param("ana", "hand_over", "not_yours", "Ana Ruiz tried to hand it over: somebody else owns it"),
        pytest.param(
            "pagerduty:PX",
            "acknowledge",
            "restricted",
            "Somebody in PagerDuty tried to acknowledge: restricted to a few people",
            id="a stranger elsewhere",
        ),
        pytest.param(
            "U0ZOE",
            "resolve",
            "unknown_person",
            "Somebody tried to resolve: not in the policy",
            id="a stranger in Slack",
        ),
    ],
)
def test_what_was_refused_says_who_wanted_what_and_why_not(actor, verb, reason, said):
    assert record_words(AuditAction.REFUSED, actor, reason, {"verb": verb}, a_policy()) == said


@pytest.mark.parametrize(
    ("action", "actor", "reason", "after", "said"),
    [
        pytest.param(
            AuditAction.STREAM_ASKED,
            "escalator",
            "unreviewed",
            {},
            "Before the deadline, Stream was asked: still unreviewed",
            id="what Stream answered before a deadline",
        ),
        pytest.param(
            AuditAction.STREAM_ASKED,
            "escalator",
            "vendor_error",
            {},
            "Before the deadline, Stream could not be asked: vendor error",
            id="why Stream could not be asked",
        ),
        pytest.param(AuditAction.SIGNED_IN, "ana", "", {}, "Ana Ruiz signed in", id="who came in"),
        pytest.param(
            AuditAction.INVITED, "dana", "", {"person": "ben"}, "Ben Okafor was invited by Dana Fox", id="invited"
        ),
        pytest.param(
            AuditAction.TOKEN_MADE,
            "dana",
            "",
            {"person": "ben", "scopes": "read"},
            "Dana Fox created an API token for Ben Okafor: read",
            id="a token",
        ),
        pytest.param(
            AuditAction.OVERRIDE_BEGUN,
            "dana",
            "",
            {
                "person": "ben",
                "schedule": "seniors-on-call",
                "from": "2026-08-20T14:00:00+00:00",
                "to": "2026-08-21T08:30:00+00:00",
            },
            "Override by Dana Fox: Ben Okafor on call on seniors-on-call from 20 Aug 14:00 to 21 Aug 08:30",
            id="who stands in",
        ),
        pytest.param(
            AuditAction.SILENCE_BEGUN,
            "dana",
            "0198c7a0",
            {"author": "dana", "category": "spam", "ends_at": "2026-08-20T16:00:00+00:00"},
            "Dana Fox silenced spam until 20 Aug 16:00",
            id="a silence of a category",
        ),
        pytest.param(
            AuditAction.SILENCE_ENDED,
            "escalator",
            "0198c7a0",
            {"route": "Hate"},
            "The silence for Hate ended",
            id="its end",
        ),
        pytest.param(
            AuditAction.SHIFT_CHANGED,
            "escalator",
            "",
            {"team": "child-safety", "people": "ana,ben"},
            "On call for child-safety: Ana Ruiz, Ben Okafor",
            id="a change of shift",
        ),
        pytest.param(
            AuditAction.SHIFT_CHANGED,
            "escalator",
            "",
            {"team": "child-safety", "people": ""},
            "On call for child-safety: nobody",
            id="a shift of nobody",
        ),
        pytest.param(
            AuditAction.POLICY_ACTIVATED, "file", "", {"sha256": "0123456789abcdef"}, "Policy 0123456789ab activated"
        ),
        pytest.param(AuditAction.TROUBLE_FOUND, "escalator", "broken:leads", {}, "Operator alert: broken:leads"),
        pytest.param(AuditAction.DRILL_STARTED, "dana", "", {"drill": "weekly"}, "Dana Fox started the drill weekly"),
        pytest.param(
            AuditAction.EXPORTED, "ana", "", {"form": "csv"}, "Ana Ruiz exported audit records as csv", id="an export"
        ),
    ],
)
def test_what_is_of_no_incident_is_said_too(action, actor, reason, after, said):
    assert record_words(action, actor, reason, after, a_policy()) == said
