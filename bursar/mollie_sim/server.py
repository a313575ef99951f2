"""The simulator behind an address of this machine."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from bursar.mollie_sim.app import App
from bursar.mollie_sim.keeping import restore, save
from bursar.mollie_sim.simulator import Simulator

HOST = "127.0.0.1"
TICK_SECONDS = 0.1
TICKS_TO_KEEP = 10
"""So often is it kept at most."""
log = logging.getLogger(__name__)


class _Quiet(WSGIRequestHandler):
    """Keeps connections open, as Mollie does, and says nothing of each request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return


def make(simulator: Simulator, port: int) -> BaseWSGIServer:
    """Listens at once; `port` 0 takes a free one. Raises OSError when the port is taken."""
    with socket.create_server((HOST, port)) as listening:  # the library would end the process where this raises
        server = make_server(HOST, port, App(simulator), threaded=True, request_handler=_Quiet, fd=listening.fileno())
    simulator.base = f"http://{HOST}:{server.port}"
    return server


@contextmanager
def serving(simulator: Simulator) -> Iterator[str]:
    """Its address, for as long as it serves. What is due is done and told only when `tick` or `advance` is called."""
    server = make(simulator, 0)
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield simulator.base
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serve(simulator: Simulator, port: int, keep: Path | None = None) -> None:
    """Until the process is told to stop. What is due is done and told by itself.

    keep: the file that holds all from run to run. Raises ValueError when it cannot be read, OSError without a port.
    """
    if keep:
        restore(simulator, keep)
    server = make(simulator, port)
    threading.Thread(target=_tick, args=(simulator, keep), daemon=True).start()
    try:
        server.serve_forever()
    finally:
        server.server_close()


def _tick(simulator: Simulator, keep: Path | None) -> None:
    for number in count(1):
        time.sleep(TICK_SECONDS)
        try:
            simulator.tick()
            if keep and simulator.is_changed and number % TICKS_TO_KEEP == 0:
                save(simulator, keep)
        except Exception:
            log.exception("the simulator's clock")  # it goes on
