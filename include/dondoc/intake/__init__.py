"""Intake: receive whole, judge, answer. Nothing that arrives is ever lost; what is unclear waits for a person."""
