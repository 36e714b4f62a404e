"""Everything that knows Stream's webhooks: signature, envelope, schemas, and what an event says in our words.

Pure: no clock, no environment, no network, no database. The vendor's facts are those of its OpenAPI description
(GetStream/protocol v236.0.4), its Python SDK (getstream 7.0.0) and its documentation, named where they are used.
"""
