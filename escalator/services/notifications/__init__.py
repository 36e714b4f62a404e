"""What a message says and to whom: notifications composed from rows, and claimed for sending."""
