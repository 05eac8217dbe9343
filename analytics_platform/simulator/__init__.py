"""A simulated Genesys Cloud org: world/ is what happened, api/ is how the vendor tells it.

It knows the catalogue and nothing else of the platform; whoever reads it does so over HTTP.
"""

from analytics_platform.simulator.assumptions import Assumptions
from analytics_platform.simulator.options import OAuthClient, SimulatorOptions

__all__ = ["Assumptions", "OAuthClient", "SimulatorOptions", "serve"]


def serve(options: SimulatorOptions) -> None:
    """Serve an org on 127.0.0.1 until SIGTERM or SIGINT.

    Prints `Simulated Genesys org listening on http://127.0.0.1:PORT` once it listens. OSError when the port is taken.
    """
    from analytics_platform.simulator.serving import serve_until_stopped  # the server loads only where it serves

    serve_until_stopped(options)
