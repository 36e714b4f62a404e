"""`escalator stream install-action`: puts a button into Stream's dashboard by which moderators page who is on call."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import click

from escalator.channels.stream.action_config import (
    LABEL,
    ActionButton,
    delete_button,
    is_as_wanted,
    page_button,
    read_buttons,
    write_button,
)
from escalator.channels.stream.client import StreamClient
from escalator.encryption import digest
from escalator.model.message import Failed
from escalator.model.policy import Source
from escalator.rendering.probe_failures import probe_words
from escalator.services.core.context import Core
from escalator.services.stream.clients import client_of
from escalator.store import key_values

NOT_DOCUMENTED = (
    "Stream does not document whether a stored button hides its own default buttons of that type. Look at an item in "
    "Stream's dashboard now; --remove takes this button away again."
)


@dataclass(frozen=True, slots=True)
class Installation:
    """What is wanted: our button for items of these types, or none of ours any more."""

    entity_types: Sequence[str]
    is_removal: bool
    is_only_shown: bool
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """One entity type of one source, and the buttons there before anything is changed."""

    core: Core
    source: Source
    client: StreamClient
    entity_type: str
    before: tuple[ActionButton, ...]
    ours: tuple[ActionButton, ...]

    def echo(self, text: str, *, is_error: bool = False) -> None:
        click.echo(f"{self.source.name} {self.entity_type}: {text}", err=is_error)

    @property
    def key(self) -> str:
        return _key(self.source, self.entity_type)


def install_action(core: Core, source: Source, wanted: Installation) -> bool:
    """Show the buttons, ask, write, and look at the buttons again. Return whether all is as wanted."""
    done = [_change(core, source, entity_type, wanted) for entity_type in wanted.entity_types]
    return all(done)


def _change(core: Core, source: Source, entity_type: str, wanted: Installation) -> bool:
    client = client_of(core, source)
    before = read_buttons(client, entity_type)
    if isinstance(before, Failed):
        click.echo(f"{source.name} {entity_type}: {probe_words(before)}")
        return False
    with core.database.reading() as connection:
        stored_id = key_values.get(connection, _key(source, entity_type))
    ours = tuple(button for button in before if button.has_our_options or (stored_id and button.id == stored_id))
    place = _Place(core, source, client, entity_type, before, tuple(button for button in ours if button.id))
    place.echo(f"buttons now: {_shown(before)}")
    return _remove(place, wanted) if wanted.is_removal else _install(place, wanted)


def _install(place: _Place, wanted: Installation) -> bool:
    ours = place.ours[0] if place.ours else None
    if ours is not None and is_as_wanted(ours):
        place.echo(f"{LABEL} is as it should be")
        _remember(place, ours.id)
        return True
    body = page_button(place.entity_type, place.before, ours)
    if wanted.is_only_shown:
        click.echo(json.dumps(body, indent=2, ensure_ascii=False))
        return True
    if not wanted.is_confirmed and not click.confirm(f"{'Correct' if ours else 'Add'} the button {LABEL}?"):
        return False
    button_id = write_button(place.client, body)
    if isinstance(button_id, Failed):
        place.echo(f"{probe_words(button_id)}. Whether it was added is not known: run it again", is_error=True)
        return False
    _remember(place, button_id)
    click.echo(NOT_DOCUMENTED)
    return _check(place, {button_id})


def _remove(place: _Place, wanted: Installation) -> bool:
    if not place.ours:
        place.echo(f"there is no button {LABEL} of ours")
        _remember(place, "")
        return True
    if wanted.is_only_shown:
        place.echo(f"would be removed: {_shown(place.ours)}")
        return True
    if not wanted.is_confirmed and not click.confirm(f"Remove {_shown(place.ours)}?"):
        return False
    for button in place.ours:
        failed = delete_button(place.client, button.id)
        if failed is not None:
            place.echo(f"{probe_words(failed)}. Whether it was removed is not known: run it again", is_error=True)
            return False
    _remember(place, "")
    return _check(place, set())


def _check(place: _Place, expected: set[str]) -> bool:
    """Look at the buttons again: ours as wanted, and all others as they were."""
    after = read_buttons(place.client, place.entity_type)
    if isinstance(after, Failed):
        place.echo(f"{probe_words(after)}. Look at the buttons in Stream's dashboard", is_error=True)
        return False
    place.echo(f"buttons after: {_shown(after)}")
    mine = {button.id for button in place.ours} | expected
    lost = [button for button in place.before if button.id not in mine and button not in after]
    if lost:
        remedy = "" if not expected else "; --remove takes ours away again"
        place.echo(f"NOT AS PLANNED: Stream no longer lists {_shown(lost)}{remedy}", is_error=True)
    if {button.id for button in after if button.id in mine} != expected:
        place.echo("NOT AS PLANNED: Stream's list does not show the change", is_error=True)
        return False
    return not lost


def _key(source: Source, entity_type: str) -> str:
    """Return under which key the id of our button is stored; of one length, however long the names are."""
    return f"stream_button:{digest(f'{source.name} {entity_type}'.encode())}"


def _remember(place: _Place, button_id: str) -> None:
    """Store the id of our button, by which it is found even if somebody changes all of it in Stream."""
    with place.core.database.writing() as connection:
        if (key_values.get(connection, place.key) or "") != button_id:
            key_values.save(connection, place.key, button_id, place.core.clock.now())


def _shown(buttons: Sequence[ActionButton]) -> str:
    return ", ".join(button.description or button.action for button in buttons) or "none"
