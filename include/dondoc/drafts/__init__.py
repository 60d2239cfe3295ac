"""Drafts of agencies' own letters, and the code by which the signed one is known again."""
