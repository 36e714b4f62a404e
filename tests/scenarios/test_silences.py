"""Silences: one step tells nobody, the next one does; and at the end of a silence what is still open goes on."""

from datetime import timedelta

import pytest

from escalator.model.silence import Silence
from escalator.services.silences.manage import SilenceRefused, SilenceRequest, create_silence, end_silence
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.slack_acts import answer_to, fill, problems_of, typed
from tests.scenarios.stories import REVIEWED, SELF_HARM, labelled, nobody

HATE = "HIGH · Hate"
HATE_PAGE = f"{HATE} · acknowledge within 15 min · #1001"
HATE_NEXT = f"Nobody answered for 15 min: {HATE} is now with you · #1001"
PII = "HIGH · Personal data"
ONE_STEP = "  - {name: Personal, when: {category: pii}, assign: seniors, path: triage}\n"
REASON = "Testing the new classifier"


def begun(h: Harness, named: str, *, hours: float = 2, by: str = "dana", critical: bool = False) -> Silence:
    done = create_silence(h.core, SilenceRequest(named, timedelta(hours=hours), REASON, by, "cli", critical))
    assert isinstance(done, Silence), done
    h.work()
    return done


def hate(h: Harness) -> None:
    h.post(SELF_HARM, **labelled("HATE", "high", 75))


def with_one_step(bare: Harness) -> Harness:
    return bare.start(POLICY.read_text().replace("routes:\n", f"routes:\n{ONE_STEP}"))


def personal(h: Harness) -> None:
    h.post(SELF_HARM, **labelled("PII", "high", 75))
    h.expect_nothing()


# --- What it does --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["hate", "route:Hate"])
def test_the_first_step_tells_nobody_and_the_second_says_why(h: Harness, named: str) -> None:
    silence = begun(h, named)
    hate(h)
    h.expect_nothing()
    [record] = h.records("step.silenced")
    assert record["after"] == {
        "step": "1",
        "sending": "1",
        "silence": str(silence.id),
        "until": silence.ends_at.isoformat(),
    }
    assert (h.incident()["state"], h.incident()["silenced_step"]) == ("triggered", 0)
    h.fast_forward(minutes=15)
    page = h.expect_message("#critical-alerts", HATE_NEXT)
    assert "silenced by Dana Fox until" in str(page.blocks)
    assert "step 1 is not sent" in str(page.blocks)
    assert h.records("step.reached_nobody") == []


def test_a_path_of_one_step_is_told_at_the_end(bare: Harness) -> None:
    h = with_one_step(bare)
    begun(h, "pii")
    personal(h)
    assert h.incident()["due_kind"] == "silence_end"
    h.fast_forward(hours=1, minutes=59)
    h.expect_nothing()
    h.fast_forward(minutes=1)
    h.expect_message("#critical-alerts", f"{PII} · acknowledge within 30 min · #1001")
    assert h.incident()["silenced_step"] is None


def test_the_silenced_step_is_sent_when_the_silence_ends_before_the_next(h: Harness) -> None:
    begun(h, "hate", hours=1 / 6)
    hate(h)
    h.fast_forward(minutes=10)
    first = h.expect_message("#hate", HATE_PAGE)
    h.fast_forward(minutes=15)
    h.expect_message("#critical-alerts", f"Nobody answered for 25 min: {HATE} is now with you · #1001")
    h.expect_update(first)


def test_a_silence_that_somebody_ends_lets_go_on_at_once(bare: Harness) -> None:
    h = with_one_step(bare)
    silence = begun(h, "pii")
    personal(h)
    h.fast_forward(minutes=20)
    over = end_silence(h.core, silence.id.hex[-6:], "eli", "cli")
    assert isinstance(over, Silence)
    h.work()
    h.expect_message("#critical-alerts", f"{PII} · acknowledge within 30 min · #1001")
    [record] = h.records("silence.ended")
    assert (record["actor_key"], record["via"], record["reason"]) == ("eli", "cli", str(silence.id))


def test_what_waited_goes_on_though_the_process_died_after_the_silence_was_ended(
    bare: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    h = with_one_step(bare)
    silence = begun(h, "pii")
    personal(h)
    with monkeypatch.context() as patch:
        patch.setattr("escalator.services.silences.manage.resume_after_silence", lambda _core: None)
        end_silence(h.core, str(silence.id), "eli", "cli")
    h.start("")
    h.expect_nothing()
    h.sweep_once()
    h.expect_message("#critical-alerts", f"{PII} · acknowledge within 30 min · #1001")


def test_ending_one_of_two_silences_changes_nothing_and_the_last_to_end_counts(bare: Harness) -> None:
    h = with_one_step(bare)
    shorter = begun(h, "pii", hours=1)
    begun(h, "Personal", hours=2)
    personal(h)
    end_silence(h.core, str(shorter.id), "dana", "cli")
    h.fast_forward(minutes=119)
    h.expect_nothing()
    h.fast_forward(minutes=1)
    h.expect_message("#critical-alerts", f"{PII} · acknowledge within 30 min · #1001")


def test_a_restart_in_between_forgets_nothing(bare: Harness) -> None:
    h = with_one_step(bare)
    begun(h, "pii")
    personal(h)
    h.start("")
    h.fast_forward(hours=2)
    h.expect_message("#critical-alerts", f"{PII} · acknowledge within 30 min · #1001")


def test_a_review_in_stream_passes(bare: Harness) -> None:
    h = bare.start(POLICY.read_text().replace("routes:\n", f"routes:\n{ONE_STEP}"))
    begun(h, "pii")
    personal(h)
    h.fast_forward(minutes=1)
    h.post(REVIEWED, **labelled("PII", "high", 75))
    assert h.incident()["state"] == "resolved"
    h.fast_forward(hours=3)
    h.expect_nothing()


def test_an_acknowledgement_passes_and_the_second_clock_is_not_silenced(h: Harness) -> None:
    hate(h)
    page = h.expect_message("#hate", HATE_PAGE)
    begun(h, "hate", hours=24)
    h.fast_forward(minutes=15)
    h.expect_update(page)
    assert [row["after"]["step"] for row in h.records("step.silenced")] == ["2"]
    h.click("ana", "Acknowledge", on=page)
    h.expect_update(page, "#1001 taken by Ana Ruiz after 15 min")
    h.fast_forward(minutes=25)
    h.expect_dm("ana", f"{HATE} · resolve within 5 min · #1001")
    h.expect_update(page)


def test_what_a_person_escalates_is_never_silenced(h: Harness) -> None:
    hate(h)
    page = h.expect_message("#hate", HATE_PAGE)
    begun(h, "hate")
    h.click("ana", "Escalate now", on=page)
    h.expect_message("#critical-alerts", f"Nobody answered for 0 s: {HATE} is now with you · #1001")
    h.expect_update(page)


# --- Critical ------------------------------------------------------------------------------------------------------

ANNOUNCED = "Dana Fox silenced Self-harm for 2 h, including critical incidents"


def test_a_critical_incident_is_not_silenced_unless_somebody_has_said_so(h: Harness) -> None:
    begun(h, "Threats")
    h.post(SELF_HARM, **labelled("THREAT", "critical", 95))
    h.expect_message("#critical-alerts", "CRITICAL · Threat · acknowledge within 5 min · #1001")
    h.forget_seen()


def test_silencing_critical_incidents_is_announced_and_so_is_the_end(h: Harness) -> None:
    begun(h, "self_harm", critical=True)
    h.expect_message("#leads", ANNOUNCED, says=f"Reason: {REASON}")
    h.expect_dm("eli", ANNOUNCED)
    h.post(SELF_HARM)
    h.expect_nothing()
    h.fast_forward(minutes=5)
    h.expect_dm("dana", nobody(5))
    h.forget_seen()
    h.fast_forward(hours=2)
    h.forget_seen()
    h.tidy()
    h.work()
    over = "The silence for Self-harm has ended"
    h.expect_message("#leads", over)
    h.expect_dm("eli", over)
    h.clock.move(minutes=1)
    h.tidy()
    h.expect_nothing()
    [record] = h.records("silence.ended")
    assert (record["actor_kind"], record["after"]["category"]) == ("system", "self_harm")


def test_the_lead_of_whom_it_keeps_hears_of_it_and_who_ended_it(h: Harness) -> None:
    silence = begun(h, "Escalated in Stream", critical=True, by="eli")
    said = 'Eli Stone silenced the route "Escalated in Stream" for 2 h, including critical incidents'
    for person in ("dana", "eli"):
        h.expect_dm(person, said)
    h.expect_message("#leads", said)
    end_silence(h.core, str(silence.id), "dana", "slack")
    h.work()
    said = 'Dana Fox ended the silence for the route "Escalated in Stream"'
    for person in ("dana", "eli"):
        h.expect_dm(person, said)
    h.expect_message("#leads", said)


def test_of_a_restricted_category_only_those_hear_who_may_know_and_nobody_hears_why(h: Harness) -> None:
    begun(h, "csam", critical=True)
    said = "Dana Fox silenced Child safety for 2 h, including critical incidents"
    h.expect_dm("ben", said, never=REASON)
    h.expect_dm("dana", said, never=REASON)


def test_the_reason_stands_only_in_the_sealed_column(h: Harness) -> None:
    begun(h, "self_harm", critical=True)
    h.forget_seen()
    assert REASON not in str(h.records())
    assert REASON not in h.log.text


# --- The file ------------------------------------------------------------------------------------------------------


def from_file(bare: Harness, line: str) -> Harness:
    return bare.start(f"{POLICY.read_text()}silences:\n  - {line}\n")


def test_a_silence_of_the_file_counts_and_is_recorded_once(bare: Harness) -> None:
    line = "{category: hate, from: 2026-08-20T14:00, to: 2026-08-20T18:00, by: dana, reason: Load test}"
    h = from_file(bare, line)
    hate(h)
    h.expect_nothing()
    assert h.records("step.silenced")[0]["after"]["silence"] == "file"
    for _ in range(2):
        h.clock.move(seconds=6)
        h.tidy()
    [record] = h.records("silence.begun")
    assert (record["actor_kind"], record["via"], record["after"]["category"]) == ("file", "file", "hate")
    h.fast_forward(hours=5)
    h.forget_seen()
    h.tidy()
    assert len(h.records("silence.ended")) == 1


def test_what_the_file_silences_no_more_goes_on_at_once(bare: Harness) -> None:
    h = bare.start(
        POLICY.read_text().replace("routes:\n", f"routes:\n{ONE_STEP}")
        + "silences:\n  - {category: pii, from: 2026-08-20T14:00, to: 2026-08-20T18:00, by: dana, reason: Load test}\n"
    )
    personal(h)
    h.change_policy("category: pii, from", "category: hate, from")
    h.sweep_once()
    h.expect_message("#critical-alerts", f"{PII} · acknowledge within 30 min · #1001")


def test_a_silence_of_the_file_for_critical_incidents_is_announced(bare: Harness) -> None:
    h = from_file(
        bare,
        "{category: self_harm, from: 2026-08-20T15:00, to: 2026-08-20T16:00, by: dana, reason: Load test, "
        "critical: true}",
    )
    h.fast_forward(hours=1)
    h.tidy()
    h.work()
    said = "Dana Fox silenced Self-harm for 1 h, including critical incidents"
    h.expect_message("#leads", said, says="Reason: Load test")
    h.expect_dm("eli", said)
    h.fast_forward(hours=1)
    h.tidy()
    h.work()
    h.expect_message("#leads", "The silence for Self-harm has ended")
    h.expect_dm("eli", "The silence for Self-harm has ended")


# --- Who may, and what ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "what", "said"),
    [
        pytest.param({"by": "zoe"}, "person", "not a person of the policy", id="somebody unknown"),
        pytest.param({"by": "ana"}, "role", "ask a senior moderator", id="a moderator"),
        pytest.param({"named": "hat"}, "name", 'did you mean "hate"', id="a name that is none"),
        pytest.param({"named": "csam", "by": "eli"}, "name", "is not a category or route", id="restricted, by others"),
        pytest.param({"named": "Child safety", "by": "eli"}, "name", "is not a category", id="a restricted route"),
        pytest.param({"named": "HATE"}, "name", "write category:hate or route:Hate", id="a name that two have"),
        pytest.param({"lasts": timedelta(hours=25)}, "lasts", "from 1 min to 1 d", id="more than a day"),
        pytest.param({"lasts": timedelta(0)}, "lasts", "from 1 min", id="no time at all"),
        pytest.param(
            {"lasts": timedelta(hours=9), "is_for_critical": True}, "lasts", "to 8 h", id="critical: more than 8 hours"
        ),
        pytest.param({"reason": " "}, "reason", "give a reason", id="no reason"),
        pytest.param({"reason": "x" * 301}, "reason", "at most 300", id="a reason too long"),
        pytest.param({"named": "self_harm"}, "critical", "silences nothing", id="all of it is critical"),
    ],
)
def test_what_is_refused_says_what_would_be_right(h: Harness, changes, what: str, said: str) -> None:
    wanted = {"named": "hate", "lasts": timedelta(hours=1), "reason": REASON, "by": "dana", "via": "cli"} | changes
    done = create_silence(h.core, SilenceRequest(**wanted))
    assert isinstance(done, SilenceRefused)
    assert done.problem == what
    assert said in done.message
    assert h.records("silence.begun") == []


@pytest.mark.parametrize("by", ["ana", "eli"])
def test_only_who_may_silence_it_may_end_it(h: Harness, by: str) -> None:
    silence = begun(h, "csam", critical=True)
    h.forget_seen()
    assert isinstance(end_silence(h.core, str(silence.id), by, "cli"), SilenceRefused)
    assert h.records("silence.ended") == []


@pytest.mark.parametrize("handle", ["", "f", "000000", "no such"])
def test_a_silence_that_nobody_knows_cannot_be_ended(h: Harness, handle: str) -> None:
    begun(h, "hate")
    assert isinstance(end_silence(h.core, handle, "dana", "cli"), SilenceRefused)


# --- Slack ---------------------------------------------------------------------------------------------------------


def test_a_window_silences_and_the_list_says_how_to_end_it(h: Harness) -> None:
    typed(h, "dana", "/silence")
    window = h.expect_window("dana", "Silence")
    answer = fill(h, window, named="category:hate", lasts="120", reason=REASON, critical="no")
    assert "Hate is silenced for 2 h" in answer.text
    hate(h)
    h.expect_nothing()
    said = answer_to(typed(h, "dana", "/silence list"))
    assert said.startswith("*Hate* until <!date^")
    assert f"by Dana Fox: {REASON} · `/silence end " in said
    assert "/silence end" not in answer_to(typed(h, "ana", "/silence list"))
    handle = said.rpartition("end ")[2].strip("`")
    assert answer_to(typed(h, "dana", f"/silence end {handle}")) == "Ended: Hate"
    h.expect_message("#hate", HATE_PAGE)
    assert answer_to(typed(h, "ana", "/silence list")) == "No silences."
    assert [row["via"] for row in h.records("silence.begun", "silence.ended")] == ["slack", "slack"]


def test_only_what_they_may_see_is_offered(h: Harness) -> None:
    offered = {}
    for person in ("dana", "eli"):
        typed(h, person, "/silence")
        block = h.expect_window(person, "Silence").view["blocks"][0]
        offered[person] = [option["value"] for option in block["element"]["options"]]
    assert set(offered["dana"]) - set(offered["eli"]) == {"category:csam", "route:Child safety"}


def test_a_moderator_may_not(h: Harness) -> None:
    said = "Nothing changed: your role does not allow this. Ask a senior moderator."
    assert answer_to(typed(h, "ana", "/silence")) == said
    typed(h, "dana", "/silence")
    window = h.expect_window("dana", "Silence")
    answer = fill(h, window, by="ana", named="category:hate", lasts="30", reason=REASON, critical="no")
    assert said in answer.text
    assert "ask a senior" in answer_to(typed(h, "ana", "/silence end abcdef"))


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        pytest.param({"lasts": "1440", "critical": "yes"}, "lasts", id="critical for a day"),
        pytest.param({"reason": "   "}, "reason", id="no reason"),
        pytest.param({"named": "category:self_harm"}, "critical", id="what is always critical"),
    ],
)
def test_the_window_stays_open_and_says_what_is_wrong(h: Harness, values: dict[str, str], wrong: str) -> None:
    typed(h, "dana", "/silence")
    window = h.expect_window("dana", "Silence")
    answer = fill(h, window, **({"named": "category:hate", "lasts": "60", "reason": REASON, "critical": "no"} | values))
    assert set(problems_of(answer)) == {wrong}
    assert h.records("silence.begun") == []


def test_the_list_of_somebody_who_may_not_see_it_is_empty(h: Harness) -> None:
    begun(h, "csam", critical=True)
    h.forget_seen()
    assert answer_to(typed(h, "eli", "/silence list")) == "No silences."
    assert "Child safety" in answer_to(typed(h, "ben", "/silence list"))


def test_what_else_is_typed_is_answered_with_what_there_is(h: Harness) -> None:
    assert "`/silence end ID`" in answer_to(typed(h, "dana", "/silence please"))


def test_the_sandbox_silences_nothing_outside_of_it(h: Harness) -> None:
    said = answer_to(typed(h, "dana", "/silence", secret=h.core.settings.sandbox_signing_secret))
    assert "the sandbox" in said
