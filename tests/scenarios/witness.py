"""What somebody sees of it all: every message, update, answer and window must be expected, or the scenario fails."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.doubles.slack import SlackDouble
from tests.doubles.slack_state import Message
from tests.scenarios.log import Json, Log


@dataclass(frozen=True)
class Window:
    """A window that somebody's click has opened."""

    person: str
    view: Json

    @property
    def text(self) -> str:
        return words_of(self.view)


class Witness:
    """Looks at Slack and at the log, and remembers what it has seen."""

    def __init__(self, slack: SlackDouble, log: Log) -> None:
        self.slack, self.log = slack, log
        self._seen: set[tuple[object, ...]] = set()
        self._clicked: dict[str, str] = {}
        self._expected_errors: list[str] = []

    def clicked(self, response_url: str, person: str) -> None:
        """Note to whom an answer at this address goes."""
        self._clicked[response_url.removeprefix(self.slack.origin)] = person

    def expect_message(self, channel: str, text: str, **how: object) -> Message:
        """A full message has come: to a channel, by its name or id."""
        return self._expect_post(self.slack.channel_id(channel), text, is_reply=False, **how)

    def expect_dm(self, person: str, text: str, **how: object) -> Message:
        """A full message has come to a person."""
        return self._expect_post(self.slack.channel_id(f"U0{person.upper()}"), text, is_reply=False, **how)

    def expect_reply(self, channel: str, text: str, **how: object) -> Message:
        """A reply has come that the whole channel hears, under the full message there; it has no buttons."""
        return self._expect_post(self.slack.channel_id(channel), text, is_reply=True, buttons=[], **how)

    def expect_dm_reply(self, person: str, text: str, **how: object) -> Message:
        """The same, to a person."""
        return self.expect_reply(f"U0{person.upper()}", text, **how)

    def _expect_post(self, channel: str, text: str, *, is_reply: bool, **how: object) -> Message:
        for place, message in enumerate(self.slack.messages):
            if ("message", place) in self._seen or message.channel != channel:
                continue
            if (message.thread_ts is not None) is not is_reply:
                continue
            assert message.first_text == text, self._unseen()
            assert message.reply_broadcast is is_reply
            self._seen.add(("message", place))
            check(message, **how)
            return message
        raise AssertionError(f"nothing in {channel}; unseen: {self._unseen()}")

    def expect_update(self, message: Message, text: str | None = None, **how: object) -> Message:
        """That message has been brought up to date, and shows this now."""
        for place, update in enumerate(message.updates):
            key = ("update", message.channel, message.ts, place)
            if key not in self._seen:
                self._seen.add(key)
                assert text is None or update["text"] == text, f"shows {update['text']!r}"
                check(message, **how)
                return message
        raise AssertionError(f"no update of {message.text!r}; unseen: {self._unseen()}")

    def expect_updates(self, *messages: Message, text: str | None = None, **how: object) -> None:
        """Each of these messages has been brought up to date, once."""
        for message in messages:
            self.expect_update(message, text, **how)

    def expect_answer(self, person: str, text: str) -> None:
        """A person has been told something that only they see."""
        told = []
        for place, response in enumerate(self.slack.responses):
            if ("response", place) not in self._seen and self._clicked.get(response["path"]) == person:
                told.append(response["body"]["text"])
                if response["body"]["text"] == text:
                    assert response["body"]["response_type"] == "ephemeral"
                    self._seen.add(("response", place))
                    return
        for place, message in enumerate(self.slack.ephemerals):
            if ("ephemeral", place) not in self._seen and message.user == f"U0{person.upper()}":
                told.append(message.text)
                if message.text == text:
                    self._seen.add(("ephemeral", place))
                    return
        raise AssertionError(f"{person} was told {told}")

    def expect_window(self, person: str, title: str) -> Window:
        """A window has opened for somebody."""
        for place, view in enumerate(self.slack.views):
            if ("view", place) not in self._seen:
                assert view["title"]["text"] == title
                self._seen.add(("view", place))
                return Window(person, view)
        raise AssertionError("no window")

    def expect_nothing(self) -> None:
        """Nothing has come that nobody has looked at."""
        unseen = self._unseen()
        assert not unseen, unseen

    def expect_error(self, event: str) -> None:
        """The log has an error of that name, and that is all right."""
        assert event in {str(line["event"]) for line in self.log.lines("error", "critical")}
        self._expected_errors.append(event)

    def forget_seen(self) -> None:
        """Look away: whatever has come until now is none of this scenario's business."""
        self._seen.update(key for key, _text in self._all())

    def _unseen(self) -> list[str]:
        return [text for key, text in self._all() if key not in self._seen]

    def _all(self) -> Iterator[tuple[tuple[object, ...], str]]:
        for place, message in enumerate(self.slack.messages):
            yield ("message", place), f"message in {message.channel}: {message.first_text}"
            for number, update in enumerate(message.updates):
                yield ("update", message.channel, message.ts, number), f"update in {message.channel}: {update['text']}"
        for place, response in enumerate(self.slack.responses):
            yield ("response", place), f"answer: {response['body']['text']}"
        for place, message in enumerate(self.slack.ephemerals):
            yield ("ephemeral", place), f"ephemeral to {message.user}: {message.text}"
        for place, view in enumerate(self.slack.views):
            yield ("view", place), f"window: {view['title']['text']}"

    def unexpected_errors(self) -> list[Json]:
        """Return the errors in the log that nobody has expected."""
        found = self.log.lines("error", "critical")
        return [line for line in found if line["event"] not in self._expected_errors]


def check(
    message: Message,
    mentions: Iterable[str] | None = None,
    buttons: Iterable[str] | None = None,
    says: str | Iterable[str] = (),
    never: str | Iterable[str] = (),
) -> None:
    """Hold a message as it stands now to whom it mentions, its buttons, and what it says and does not say."""
    said = words_of(message.blocks)
    if mentions is not None:
        assert sorted(re.findall(r"<@U0([A-Z]+)>", said)) == sorted(key.upper() for key in mentions)
    if buttons is not None:
        assert message.labels == list(buttons)
    for words in [says] if isinstance(says, str) else says:
        assert words in said, said
    for words in [never] if isinstance(never, str) else never:
        assert words not in said, said


def words_of(part: object) -> str:
    """Return every text in a piece of Block Kit."""
    if isinstance(part, Mapping):
        return "\n".join(filter(None, (words_of(value) for name, value in part.items() if name != "value")))
    if isinstance(part, list | tuple):
        return "\n".join(filter(None, map(words_of, part)))
    return part if isinstance(part, str) else ""
