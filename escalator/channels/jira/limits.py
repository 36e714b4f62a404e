"""Length limits of Jira, with their sources. Jira is written in Java: it counts UTF-16 units."""

DOCUMENT = 32_767
"""Of a description, a comment and a custom field of many lines: `jira.text.field.character.limit`,
confluence.atlassian.com/adminjiraserver/configuring-advanced-settings; on Cloud of the JSON of the document
(`CONTENT_LIMIT_EXCEEDED`)."""

SUMMARY = 255
"""One line, not empty. confluence.atlassian.com/jirakb, "Summary must be less than 255 characters"."""

LABEL = 255
"""Without spaces. support.atlassian.com/jira-software-cloud, "Add labels"."""

PART = 1_000
URL = 2_000
"""Ours, for one run of text and for its link: a document holds several of them."""
