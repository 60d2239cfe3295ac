"""The directive: an official letter as data. Load and check it, find agencies, know who owes what at a date."""
