"""Probing: one camera asked over RTSP, one picture judged. Knows no store and no application: usable alone."""
