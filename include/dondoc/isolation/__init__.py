"""Work on what strangers send: in a process of its own that is told no secret, reaches nobody and is bounded."""
