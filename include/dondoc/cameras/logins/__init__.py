"""Logins of cameras: what was tried, and one try at a time."""
