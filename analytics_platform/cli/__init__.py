"""The commands a person types: `analytics-platform demo`, `ui`, `check`, `sql`, `status`, `simulate`."""


def main() -> None:
    """Run the command that the process's arguments name; the console script."""
    from analytics_platform.cli.app import app

    app()
