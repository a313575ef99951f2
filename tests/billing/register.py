"""The Commission's register as tests need it: its REST service on this machine, saying what it is told to say."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response


@dataclass
class Register:
    """`valid`, `invalid`: ids that it knows so; of any other the member state is away. `says`: instead of an answer,
    as (status, text). `gate`: set, unless it keeps people waiting. `asked`: the questions as they came.
    """

    url: str = ""
    valid: set[str] = field(default_factory=set)
    invalid: set[str] = field(default_factory=set)
    says: tuple[int, str] | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, environ: Any, start: Any) -> Any:
        return self.answer(Request(environ))(environ, start)

    def answer(self, request: Request) -> Response:
        if (request.method, request.path) != ("POST", "/rest-api/check-vat-number"):
            return Response("not here", 404)
        question = request.get_json()
        self.asked.append(question)
        self.gate.wait(60)
        if self.says is not None:
            return Response(self.says[1], self.says[0], mimetype="application/json")
        return _as_json(self.find(question))

    def find(self, question: dict[str, Any]) -> dict[str, Any]:
        vat_id = question["countryCode"] + question["vatNumber"]
        if vat_id not in self.valid | self.invalid:
            return {"actionSucceed": False, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]}
        is_known = "requesterNumber" in question
        return {
            "countryCode": question["countryCode"],
            "vatNumber": question["vatNumber"],
            "requestDate": "2026-11-24T14:02:11.000Z",
            "valid": vat_id in self.valid,
            "requestIdentifier": f"WAPI{len(self.asked):012}" if is_known and vat_id in self.valid else "",
            "name": "---",
            "address": "---",
            "traderName": "---",
        }


def _as_json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), mimetype="application/json")


@contextmanager
def open_register() -> Iterator[Register]:
    register = Register()
    register.gate.set()
    server = make_server("127.0.0.1", 0, register, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    register.url = f"http://127.0.0.1:{server.server_port}/rest-api"
    try:
        yield register
    finally:
        register.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()
