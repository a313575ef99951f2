"""The process that checks e-invoices, one after the other, until the process that started it ends.

    python -m bursar.billing.documents.checker FD

FD: an open socket on which documents come in and findings go out. It first says whether it is ready.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection

from bursar.billing.documents.findings import Findings
from bursar.billing.documents.rulebook import Rulebook

IDLE = 600.0  # seconds without a document, after which it leaves: it is big
LOOK_ROUND = 2.0  # seconds: how soon it notices that its parent ended, where a sister holds the socket open
LONGEST = 60  # seconds for one document; whoever asks is less patient, but may have been killed


def main(descriptor: int) -> None:
    parent = os.getppid()
    with Connection(descriptor) as connection:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # so the kernel ends it, also where it hangs in foreign code
        signal.alarm(LONGEST)
        try:
            rulebook = Rulebook()
        except Exception as error:
            connection.send_bytes(Findings((str(error),)).as_bytes())
            return
        connection.send_bytes(Findings().as_bytes())
        while True:
            signal.alarm(0)
            if not _wait(connection, parent):
                return
            xml = connection.recv_bytes()
            signal.alarm(LONGEST)
            connection.send_bytes(_examine(rulebook, xml).as_bytes())


def _wait(connection: Connection, parent: int) -> bool:
    """For the next document; False where none is to come any more."""
    for _ in range(round(IDLE / LOOK_ROUND)):
        if connection.poll(LOOK_ROUND):
            return True
        if os.getppid() != parent:
            return False
    return False


def _examine(rulebook: Rulebook, xml: bytes) -> Findings:
    """What the rules themselves could not digest is a fault of the document."""
    try:
        return rulebook.examine(xml)
    except Exception as error:  # saxonche names no class of its own for all of them
        return Findings((f"The rules could not be applied: {' '.join(str(error).split())}",))


if __name__ == "__main__":
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # whoever asked is gone
        main(int(sys.argv[1]))
