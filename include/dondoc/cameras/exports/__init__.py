"""What others take over: tables for people, metrics for Prometheus, streams for video servers."""
