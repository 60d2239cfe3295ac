"""Sources: one file each. A source is told only after its item is durable here."""
