"""RTSP: one connection, its messages, the login, the description, and one key picture out of it."""
