"""Silences: begun and ended by people, over by themselves, told where they touch the gravest, asked for in Slack."""
