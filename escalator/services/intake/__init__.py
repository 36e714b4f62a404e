"""Events come in: received from Stream, processed into incidents; incidents opened by hand."""
