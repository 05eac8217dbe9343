"""The scripted server and the clients of it, through which the exchange is tested."""

from analytics_platform_tests.genesys_cloud.conftest import client, connect, server

__all__ = ["client", "connect", "server"]
