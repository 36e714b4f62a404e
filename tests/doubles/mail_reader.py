"""What a strict reader finds wrong with a mail: what RFC 5322, 2045, 3834 and the product's own promises ask of it."""

import re
from email import message_from_bytes
from email.policy import default
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser

ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "Precedence": "bulk"}
MESSAGE_ID = re.compile(r"<[A-Za-z0-9.+-]+@[A-Za-z0-9.-]+>")
TAGS = {"html", "head", "meta", "title", "style", "body", "div", "p", "a"}
ATTRIBUTES = {"lang", "charset", "name", "content", "class", "href"}
LONGEST_LINE = 998


def parse(raw):
    return message_from_bytes(raw, policy=default)


def flaws(raw, sender, recipients, never=()):
    """Return everything that is wrong, in words; nothing is what a good mail gets."""
    message = parse(raw)
    found = [*_line_flaws(raw), *_header_flaws(message), *_thread_flaws(message), *_body_flaws(message)]
    if len(recipients) != 1:
        found.append("several recipients")
    if [one.addr_spec for one in message["To"].addresses] != list(recipients):
        found.append("To is not the recipient")
    if [one.addr_spec for one in message["From"].addresses] != [sender]:
        found.append("From is not the sender")
    said = str(message["Subject"]) + "".join(part.get_content() for part in message.iter_parts())
    return [*found, *(f"says {secret!r}" for secret in never if secret in said)]


def _line_flaws(raw):
    lines = raw.split(b"\r\n")
    if any(b"\n" in line or b"\r" in line for line in lines):
        yield "bare CR or LF"
    if any(len(line) > LONGEST_LINE for line in lines):
        yield "line too long"
    if not raw.isascii():
        yield "not 7 bit"


def _header_flaws(message):
    for name in ONCE:
        if len(message.get_all(name, [])) != 1:
            yield f"{name} not once"
    for name, value in AUTOMATIC.items():
        if message.get_all(name) != [value]:
            yield f"{name} is not {value}"
    if any(message[name].defects for name in message):
        yield "defective header"
    if parsedate_to_datetime(str(message["Date"])).tzinfo is None:
        yield "Date without zone"
    if not str(message["Subject"]).strip():
        yield "no subject"


def _thread_flaws(message):
    if not MESSAGE_ID.fullmatch(str(message["Message-ID"])):
        yield "Message-ID is none"
    over = str(message["In-Reply-To"] or "")
    references = str(message["References"] or "").split()
    if not all(MESSAGE_ID.fullmatch(one) for one in references):
        yield "References are none"
    if over != (references[-1] if references else ""):
        yield "In-Reply-To is not the last of References"


def _body_flaws(message):
    if message.get_content_type() != "multipart/alternative" or message.defects:
        yield "not multipart/alternative"
        return
    parts = list(message.iter_parts())
    if [part.get_content_type() for part in parts] != ["text/plain", "text/html"]:
        yield "not plain, then HTML"
        return
    if not all(part.get_content().strip() for part in parts):
        yield "empty part"
    yield from _html_flaws(parts[1].get_content())


class _Tags(HTMLParser):
    """Every tag and attribute, and what stands in a style."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.addresses, self.style = set(), set(), [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}
        self.addresses += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        if self.lasttag == "style":
            self.style += data


def _html_flaws(html):
    """What is not among these fetches something, does something, or has no business in a mail of ours."""
    read = _Tags()
    read.feed(html)
    yield from (f"HTML with <{tag}>" for tag in sorted(read.tags - TAGS))
    yield from (f"HTML with {name}=" for name in sorted(read.attributes - ATTRIBUTES))
    if "url(" in read.style or "@import" in read.style:
        yield "style that fetches"
    if not all(address.startswith(("https://", "http://")) for address in read.addresses):
        yield "a link that is none"
