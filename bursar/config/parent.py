"""For a process that lives for another's sake: `dev.py run` may be killed without a chance to stop what it started."""

from __future__ import annotations

import os
import signal
import sys
import threading


def end_with_parent() -> None:
    """Asks this process to stop, as SIGTERM does, once the other end of its standard input is closed."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="end-with-parent", daemon=True).start()
