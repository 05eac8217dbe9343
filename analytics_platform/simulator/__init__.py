"""A simulated Genesys Cloud org: world/ is what happened, api/ is how the vendor tells it.

It knows the catalogue and nothing else of the platform; whoever reads it does so over HTTP.
"""

from analytics_platform.simulator.assumptions import Assumptions
from analytics_platform.simulator.options import OAuthClient, SimulatorOptions
from analytics_platform.simulator.serving import serve

__all__ = ["Assumptions", "OAuthClient", "SimulatorOptions", "serve"]
