"""The dashboard: one module for each page, all of them behind the sign-in."""
