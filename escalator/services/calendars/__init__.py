"""The calendars of schedules: fetched, read, kept, and alarmed when they fail."""
