"""The content and recipients of messages: composed from rows, and claimed for sending."""
