"""Nights: planned in batches, checked, stored, rolled up; and a check that a person asks for."""
