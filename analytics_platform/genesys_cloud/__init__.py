"""Talking to Genesys Cloud over HTTP: hosts, token, request budget, retries, details jobs and their pages.

Nothing here knows the lake or Dagster. Bytes leave as they came from the wire; errors are those of `errors`.
"""
