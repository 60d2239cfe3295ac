"""What a closer look, once a week, measures of a camera, and how it differs from what its form declares."""
