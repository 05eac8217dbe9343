"""Talking to Context Services on Genesys Mobile Services, over HTTP."""
