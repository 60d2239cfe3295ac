"""What a mail is and what it brings: read in a confined child, decided by pure functions."""
