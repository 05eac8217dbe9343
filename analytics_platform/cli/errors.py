"""A fault a command expects: its text is the one sentence a person reads."""


class Expected(Exception):
    """Ends a command with its text on standard error and exit code 1."""
