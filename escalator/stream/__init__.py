"""Stream's webhooks: signature, envelope, schemas, and the facts of an event.

Pure: no clock, no environment, no network, no database. Sources are Stream's OpenAPI description (GetStream/protocol
v236.0.4), its Python SDK (getstream 7.0.0) and its documentation, named where they are used.
"""
