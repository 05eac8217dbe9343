"""Talking to any source over HTTP: one exchange, its failures, retries and pauses, bodies as on the wire."""
