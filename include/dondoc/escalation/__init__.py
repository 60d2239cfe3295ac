"""The ladder: who is written to today, at which step, and why; and whether a letter is still true when it leaves."""
