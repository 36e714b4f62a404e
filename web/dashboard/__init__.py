"""The dashboard: one module for each page; all pages need a sign-in."""
