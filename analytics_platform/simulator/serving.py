"""Runs a simulated org as an HTTP server on the loopback interface until it is told to stop."""

import asyncio
import signal
import socket
import threading

import uvicorn

from analytics_platform.simulator.api.app import simulated_org
from analytics_platform.simulator.api.connections import TrackedProtocol
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.options import HOST, SimulatorOptions


class _Announcing(uvicorn.Server):
    """A server that says on standard output when it really listens."""

    def __init__(self, config: uvicorn.Config, port: int) -> None:
        super().__init__(config)
        self._port = port

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"Simulated Genesys org listening on http://{HOST}:{self._port}", flush=True)


def serve_until_stopped(options: SimulatorOptions) -> None:
    """Serve until SIGTERM or SIGINT; one line on standard output once it listens. OSError when the port is taken."""
    # Without the protocol named, asyncio does not switch Nagle's algorithm off, and every answer waits 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, options.port))
        config = uvicorn.Config(
            simulated_org(Org(options)),
            http=TrackedProtocol,
            ws="none",
            lifespan="off",
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,  # answers are dated by the org's clock
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
        server = _Announcing(config, listener.getsockname()[1])
        if threading.current_thread() is threading.main_thread():
            # The server raises the signal it stopped for once more when it is done; by then it must mean nothing.
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: setattr(server, "should_exit", True))
        asyncio.run(server.serve(sockets=[listener]))
