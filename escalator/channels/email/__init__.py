"""E-mail: letters, their headers, and SMTP."""
