"""Pictures: decoded in a confined child, measured, judged against the camera's former ones."""
