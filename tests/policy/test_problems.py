"""How a problem shows what somebody has written: on one line, shortened, and no more of an address than its host."""

import pytest

from escalator.policy.problems import did_you_mean, dotted_path, join_names, quoted


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("urgent", '"urgent"', id="as it was written"),
        pytest.param(7, '"7"', id="a number"),
        pytest.param("a" * 60, f'"{"a" * 60}"', id="as long as fits"),
        pytest.param("a" * 61, f'"{"a" * 60}..."', id="one letter more"),
        pytest.param("two\nlines", '"two\\nlines"', id="on one line"),
        pytest.param("https://hooks.example.com/secret", '"https://..."', id="an address may hold a secret"),
        pytest.param("see https://a.example/x", '"see https://..."', id="an address within a text"),
    ],
)
def test_what_was_written_is_shown_shortened_and_without_secrets(value: object, shown: str) -> None:
    assert quoted(value) == shown


@pytest.mark.parametrize(
    ("place", "path"),
    [
        pytest.param((), "policy", id="the whole file"),
        pytest.param(("paths", "urgent", 1, "after"), "paths.urgent[1].after", id="a key of a step"),
        pytest.param(("people", "a\tb"), "people.a\\tb", id="a key that cannot be printed"),
    ],
)
def test_a_place_is_written_as_people_write_it(place: tuple[str | int, ...], path: str) -> None:
    assert dotted_path(place) == path


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        pytest.param(0, "none", id="none"),
        pytest.param(2, "n0, n1", id="all of few"),
        pytest.param(12, ", ".join(f"n{place}" for place in range(12)), id="all of a dozen"),
        pytest.param(14, ", ".join(f"n{place}" for place in range(12)) + " and 2 more", id="the first dozen of many"),
    ],
)
def test_names_are_listed_up_to_a_dozen(count: int, shown: str) -> None:
    assert join_names(f"n{place}" for place in range(count)) == shown


@pytest.mark.parametrize(
    ("written", "guess"),
    [
        pytest.param("mods", 'did you mean "team:mods"? ', id="only `team:` is missing"),
        pytest.param("alert", 'did you mean "alerts"? ', id="its beginning"),
        pytest.param("alertss", 'did you mean "alerts"? ', id="it, and more"),
        pytest.param("alrets", 'did you mean "alerts"? ', id="something like it"),
        pytest.param("a", "", id="one letter is too little"),
        pytest.param("zebra", "", id="nothing is near"),
    ],
)
def test_a_guess_is_made_only_where_one_is_near(written: str, guess: str) -> None:
    assert did_you_mean(written, ["alerts", "team:mods"]) == f"{guess}known: alerts, team:mods"
