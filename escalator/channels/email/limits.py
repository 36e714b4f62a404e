"""Length limits of the parts of an email, with their sources."""

LINE_BYTES = 998
"""Of each line without its CRLF. RFC 5322, 2.1.1; headers are folded (2.2.3), bodies are quoted-printable."""

SUBJECT = 150
"""Ours, in characters: a phone shows some forty of them, and a title of full length still leaves the number there."""

NAME = 80
"""Ours, of a sender's name, in characters."""

MESSAGE_ID = 256
"""Ours, the width of `posted_messages.vendor_ref`."""
