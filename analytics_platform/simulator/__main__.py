"""`python -m analytics_platform.simulator` starts a simulated org."""

import typer

from analytics_platform.simulator.command import simulate

if __name__ == "__main__":
    typer.run(simulate)
