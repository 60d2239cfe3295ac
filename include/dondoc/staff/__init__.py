"""Letters to our own people: operators and approvers."""
