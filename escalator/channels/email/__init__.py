"""Email: texts, headers, and SMTP."""
