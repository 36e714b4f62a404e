"""An email as plain text and as HTML, readable on a phone, without anything to load."""

from datetime import UTC, datetime
from html import escape

from escalator.channels.email.letter import Letter
from escalator.model.message import InlineTime, Line, Link

_STYLE = """
:root { color-scheme: light dark; supported-color-schemes: light dark; }
body { margin: 0; padding: 24px 16px; background: #f3f2ee; color: #1b1c1f;
  font: 16px/1.5 -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
.sheet { max-width: 560px; margin: 0 auto; padding: 24px; background: #fffefb; border-radius: 12px; }
p { margin: 0 0 10px; overflow-wrap: anywhere; }
.lead { font-size: 19px; line-height: 1.35; font-weight: 600; }
.heading { font-weight: 600; }
.answer { margin: 22px 0; }
.answer a { display: inline-block; padding: 13px 22px; border-radius: 8px; background: #1f6b46; color: #ffffff;
  font-weight: 600; text-decoration: none; }
.small { margin: 0; color: #5b5e65; font-size: 13px; }
a { color: #1264a3; }
@media (prefers-color-scheme: dark) {
  body { background: #111214; color: #ecebe8; }
  .sheet { background: #191b1f; }
  .small { color: #a2a5ad; }
  a { color: #6cb8ec; }
}
"""


def plain(letter: Letter, now: datetime) -> str:
    """Return the letter as plain text, to be read at `now`."""
    body = [text for line in letter.lines if (text := "".join(_words(part, now) for part in line).strip())]
    answer = f"{letter.answer.label}:\n{letter.answer.url}" if letter.answer else ""
    parts = (letter.lead, "\n".join(filter(None, (letter.heading, *body))), answer, "-- \n" + "\n".join(letter.small))
    return "\n\n".join(part for part in parts if part) + "\n"


def _words(part: str | InlineTime | Link, now: datetime) -> str:
    if isinstance(part, InlineTime):
        return clock(part.at, now)
    return f"{part.label}: {part.url}" if isinstance(part, Link) else part


def html(letter: Letter, subject: str, now: datetime) -> str:
    """Return the letter as HTML; all texts and addresses are escaped, and only http and https become links."""
    parts = [_paragraph("lead", escape(letter.lead))]
    if letter.heading:
        parts.append(_paragraph("heading", escape(letter.heading)))
    parts += [_paragraph("line", text) for line in letter.lines if (text := _line(line, now))]
    if letter.answer is not None:
        parts.append(_paragraph("answer", _link(letter.answer)))
    parts += [_paragraph("small", escape(text)) for text in letter.small]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(subject)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f'<body>\n<div class="sheet">\n{"".join(parts)}</div>\n</body>\n</html>\n'
    )


def _paragraph(kind: str, inside: str) -> str:
    return f'<p class="{kind}">{inside}</p>\n'


def _line(line: Line, now: datetime) -> str:
    return "".join(_link(part) if isinstance(part, Link) else escape(_words(part, now)) for part in line).strip()


def _link(link: Link) -> str:
    if not link.url.startswith(("https://", "http://")):
        return escape(f"{link.label}: {link.url}")
    return f'<a href="{escape(link.url)}">{escape(link.label)}</a>'


def clock(at: datetime, now: datetime) -> str:
    """Return an instant as it is read at `now`, with its zone, because the reader's zone is unknown."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at.day} {at:%b %H:%M} UTC"
