"""Length limits of posts.

Incoming webhooks split a `text` of more characters than a post may have into several posts (developers.mattermost.com,
"Incoming webhooks", Tips). A server allows 16,383 since 5.0, and 4,000 where its database was made before. Attachments
have far more room (`PostPropsMaxUserRunes`, 760,000), and ours fit easily.
"""

TEXT = 4_000
FALLBACK = 300
TITLE = 300
LINES = 40
LINE = 1_000
"""Ours, so that a post stays readable: so many lines of so many characters are below the limit of attachments."""
