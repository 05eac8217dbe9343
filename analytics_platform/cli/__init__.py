"""The commands a person types: `analytics-platform demo`, `ui`, `check`, `status`, `sql`, `query` and more."""

import signal


def main() -> None:
    """Run the command that the process's arguments name; the console script."""
    from analytics_platform.cli.app import app

    take_interrupts()
    app()


def take_interrupts() -> None:
    """Take interrupts also where a shell had them ignored, as it does for what runs in the background.

    What a command starts would inherit that. Where an instance has Dagster's own compute logs, Dagster ends the
    processes that follow a run's output by interrupts: it would wait for each in vain and leave it behind.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
