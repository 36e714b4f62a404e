"""The page of who is on call: what each may see there, and overrides by a click, without any script."""

import re
from datetime import timedelta

import pytest

from escalator.services.auth import sessions
from escalator.services.oncall import overrides
from escalator.services.oncall.handoff import announce_shift_changes
from escalator.services.oncall.overrides import OverrideRequest
from tests.browsers import Browser
from tests.fakes import START
from tests.sandboxes import a_core, demo_policy

HOUR = timedelta(hours=1)
ROTA = """
schedules:
  turns: {timezone: Europe/Madrid, layers: [{rotate: daily, handover: 09:00, start: 2026-01-05, people: [ana, ben]}]}
  closed: {people: [dana]}
  empty: {layers: [{rotate: daily, handover: 09:00, start: 2027-01-05, people: [ana]}]}
"""


def policy():
    text = demo_policy().replace("{members: [ana, ben]}", "{members: [ana, ben], schedule: turns}")
    text = text.replace("{members: [dana]", "{members: [dana], schedule: closed")
    text = text.replace("content: withhold, stream", "content: withhold, restricted_to: [senior-moderators], stream")
    return text.replace("  eli:", "  vera: {name: Vera Lind, email: vera@example.com, role: viewer}\n  eli:") + ROTA


@pytest.fixture
def core(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path, policy=policy())
    yield core
    core.database.close()


def page(core, person="dana", path="/oncall"):
    answer = Browser(core, person).get(path)
    assert answer.status_code == 200
    return answer.text


def part(text, part_id):
    """What stands in an element that the script keeps true."""
    return words(re.search(rf'id="{part_id}" data-live[^>]*>(.*?)(</section>|</table>|</ul>)', text, re.S)[1])


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def on_call(core, schedule="turns"):
    with core.database.reading() as connection:
        return core.policies.running(connection).roster(core.clock.now()).on_schedule(schedule)


def ask(core, person="dana", **changed):
    form = {"schedule": "turns", "person": "ben", "from": "2026-08-20T16:00", "to": "2026-08-20T18:00"}
    return Browser(core, person).post("/oncall/overrides", form | changed)


def stand_in(core, author="dana"):
    return overrides.create_override(
        core, OverrideRequest("turns", "ben", START, START + HOUR), _people(core)[author], "dashboard"
    )


def _people(core):
    with core.database.reading() as connection:
        return core.policies.running(connection).policy.people


def test_it_says_who_is_on_call_until_when_and_who_is_next(core):
    # Ana reads it in Madrid.
    assert "moderators team BO Ben Okafor Fri 09:00 AR Ana Ruiz" in part(page(core, "ana"), "duties")


def test_the_readers_own_shifts_come_first_in_their_own_zone(core):
    # Nine in Madrid is eight in London.
    assert part(page(core, "ben"), "own").startswith("You now – Fri 08:00 turns Sat 08:00 – Sun 08:00 turns")


def test_where_nobody_is_on_call_is_said_first(core):
    assert "Nobody is on call empty :" in part(page(core), "gaps")


def test_the_team_of_a_restricted_category_and_its_rota_are_nobody_elses_business(core):
    seen, unseen = page(core, "dana"), page(core, "ben")
    assert "closed" in seen
    assert "senior-moderators" in seen
    assert "closed" not in unseen
    assert "senior-moderators" not in unseen


def test_a_click_on_a_shift_opens_the_form_filled_in_with_it(core):
    text = page(core)
    links = re.findall(r'<td [^>]*>\s*<a href="([^"]*schedule=turns[^"]*)"', text)
    form = page(core, path=links[1].replace("&amp;", "&"))
    assert 'value="2026-08-21T09:00"' in form
    assert 'value="2026-08-22T09:00"' in form
    assert "Put somebody on call on turns" in form


def test_of_the_present_shift_only_what_is_left_can_be_overridden(core):
    links = re.findall(r'<td [^>]*>\s*<a href="([^"]*schedule=turns[^"]*)"', page(core))
    assert 'value="2026-08-20T16:03"' in page(core, path=links[0].replace("&amp;", "&"))


def test_who_may_put_nobody_on_call_sees_no_form_and_no_links(core):
    text = page(core, "vera", "/oncall?schedule=turns")
    assert "/oncall/overrides" not in text
    assert "schedule=turns" not in text
    assert ask(core, "vera").status_code == 403


def test_a_moderator_is_offered_only_themself(core):
    text = page(core, "ana", "/oncall?schedule=turns")
    assert re.findall(r'<option value="(\w+)"', text) == ["ana"]
    assert ask(core, "ana").status_code == 303
    assert on_call(core) == ("ben",), "refused, and it is Ben's turn"


def test_what_is_sent_counts_at_once_and_can_be_taken_back(core):
    core.clock.move(hours=20)
    assert on_call(core) == ("ana",)
    answer = ask(core, **{"from": "2026-08-21T10:00", "to": "2026-08-21T18:00"})
    assert answer.location == "/oncall?week=2026-08-21"
    assert on_call(core) == ("ben",)
    text = page(core)
    take_back = re.search(r'action="(/oncall/overrides/[^"]+/end)"', text)[1]
    assert Browser(core, "dana").post(take_back).status_code == 303
    assert on_call(core) == ("ana",)
    assert "/end" not in page(core)


def test_times_are_those_of_the_schedules_clock(core):
    ask(core, **{"from": "2026-10-25T02:30", "to": "2026-10-25T03:30"})
    with core.database.reading() as connection:
        (one,) = core.policies.running(connection).stand_ins
    assert (f"{one.start:%H:%M}", f"{one.end:%H:%M}") == ("00:30", "02:30"), "what exists twice means the first time"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"from": "2026-08-20T18:00"}, "it ends before it starts", id="an end before the beginning"),
        pytest.param({"from": "soon"}, "enter date and time of both the start and the end", id="no time"),
        pytest.param({"from": ""}, "enter date and time of both the start and the end", id="nothing"),
        pytest.param({"person": "zoe"}, "is not a person of the policy", id="nobody"),
        pytest.param({"from": "0001-01-01T00:00"}, "more than 31 days", id="the first of all times"),
        pytest.param({"to": "9999-12-31T23:59"}, "more than 31 days", id="the last of all times"),
    ],
)
def test_what_is_wrong_is_said_and_the_form_stays_filled_in(core, changed, said):
    browser = Browser(core, "dana")
    form = {"schedule": "turns", "person": "ben", "from": "2026-08-20T16:00", "to": "2026-08-20T18:00"} | changed
    answer = browser.post("/oncall/overrides", form)
    text = browser.get(answer.location).text
    assert said in text
    assert "Put somebody on call on turns" in text
    assert f'value="{form["to"]}"' in text
    assert "/end" not in text


@pytest.mark.parametrize("schedule", ["closed", "none"])
def test_a_schedule_that_somebody_may_not_know_of_is_not_there(core, schedule):
    assert ask(core, "ben", schedule=schedule).status_code == 404
    assert "Put somebody on call" not in page(core, "ben", f"/oncall?schedule={schedule}")


def test_who_stands_in_and_may_not_hear_of_it_is_said(core):
    browser = Browser(core, "dana")
    form = {"schedule": "closed", "person": "ben", "from": "2026-08-20T16:00", "to": "2026-08-20T18:00"}
    assert "They may not see Child safety" in browser.get(browser.post("/oncall/overrides", form).location).text


def test_nobody_takes_back_what_is_not_theirs(core):
    one = stand_in(core, author="dana")
    assert "/end" not in page(core, "ben")
    assert Browser(core, "ben").post(f"/oncall/overrides/{one.id}/end").status_code == 303
    assert Browser(core, "vera").post(f"/oncall/overrides/{one.id}/end").status_code == 403
    assert len(_stand_ins(core)) == 1


def _stand_ins(core):
    with core.database.reading() as connection:
        return core.policies.running(connection).stand_ins


def test_what_somebody_clicks_who_only_said_who_they_are_counts_in_the_sandbox_alone(core, sqlite_url, tmp_path):
    browser = Browser(core, "dana", sessions.SANDBOX)
    form = {"schedule": "turns", "person": "eli", "from": "2026-08-20T16:00", "to": "2026-08-20T18:00"}
    browser.post("/oncall/overrides", form)
    assert on_call(core) == ("eli",)
    real = a_core(sqlite_url, tmp_path, policy=policy(), ESCALATOR_MODE="divert")
    assert on_call(real) == ("ben",)
    real.database.close()


@pytest.mark.parametrize(
    "asked",
    ["week=2026-08-24", "week=1900-01-01", "week=9999-12-31", "week=soon", "schedule=turns&from=%3Cb%3E&to=x"],
)
def test_whatever_is_asked_for_there_is_a_page(core, asked):
    assert "<b>" not in page(core, path=f"/oncall?{asked}")


def test_of_a_past_week_it_shows_who_really_stood_in(core):
    core.clock.move(hours=20)
    one = overrides.create_override(
        core, OverrideRequest("turns", "eli", START, START + 30 * HOUR), _people(core)["dana"], "dashboard"
    )
    core.clock.move(hours=1)
    overrides.end_override(core, one.id, _people(core)["dana"], "dashboard")
    core.clock.move(days=7)
    assert "Eli Stone from Fri 21 Aug 06:03 until Fri 21 Aug 07:03" in page(core, path="/oncall?week=2026-08-17")


def test_coverage_is_a_picture_that_runs_nothing(core):
    answer = Browser(core, "dana").get("/oncall/coverage.svg")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "Child safety" in answer.text


def test_coverage_says_nothing_of_a_category_that_the_reader_may_not_know_of(core):
    answer = Browser(core, "ben").get("/oncall/coverage.svg")
    assert "Self-harm" in answer.text
    assert "Child safety" not in answer.text


def test_what_the_picture_shows_stands_in_words_beside_it(sqlite_url, tmp_path):
    text = policy().replace("after: 20s, notify", "after: 2h, notify").replace("[critical-alerts, team]", "[board]")
    core = a_core(sqlite_url, tmp_path, policy=text)
    browser = Browser(core, "dana")
    browser.get("/oncall/coverage.svg")
    said = words(browser.get("/oncall").text)
    assert "High or critical alerts that would notify nobody within 30 min" in said
    assert "self_harm (critical)" in said
    core.database.close()


def test_the_trail_of_a_rota_is_for_those_who_may_know_of_it(core):
    overrides.create_override(
        core, OverrideRequest("closed", "ana", START, START + HOUR), _people(core)["dana"], "dashboard"
    )
    stand_in(core)
    said = "on call on closed"
    assert said in page(core, "dana", "/audit")
    told = page(core, "ben", "/audit")
    assert "on call on turns" in told
    assert said not in told


def test_a_shift_of_a_closed_team_is_recorded_for_those_who_may_know_of_it(core):
    announce_shift_changes(core)
    overrides.create_override(
        core, OverrideRequest("closed", "eli", START, START + HOUR), _people(core)["dana"], "dashboard"
    )
    announce_shift_changes(core)
    said = "On call for senior-moderators"
    assert said in page(core, "dana", "/audit")
    assert said not in page(core, "ben", "/audit")


def test_who_has_only_said_who_they_are_takes_nothing_back_that_was_clicked_for_real(core):
    real = stand_in(core)
    answer = Browser(core, "dana", sessions.SANDBOX).post(f"/oncall/overrides/{real.id}/end", follow_redirects=True)
    assert "Nothing changed" in answer.text
    assert _stand_ins(core) == (real,)
