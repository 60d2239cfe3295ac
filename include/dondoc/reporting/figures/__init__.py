"""What a report says, counted from the facts. `model` is its shape, `compute` the way to it."""
