"""Settings and data files, read and checked once, and what each door opens of them."""
