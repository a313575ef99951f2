"""Holds exchanges of the simulator against an OpenAPI 3.1 file, such as Mollie's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from bursar.mollie_sim.simulator import Exchange

ROOT = "urn:api"


class _Loader(yaml.SafeLoader):
    """Days stay text: one of Mollie's examples is the 31st of an April."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path: str) -> Description:
    return Description(yaml.load(Path(path).read_text(), _Loader))


@dataclass
class Description:
    whole: dict[str, Any]

    def faults(self, exchange: Exchange) -> Iterator[str]:
        """A sentence for each way in which the exchange is not as described."""
        where = f"{exchange.method} {exchange.path} {exchange.status}"
        found = self._operation(exchange)
        if found is None:
            yield f"{where}: no such operation"
            return
        pointer, operation = found
        answers = operation["responses"]
        if str(exchange.status) not in answers:
            yield f"{where}: no such answer"
            return
        if exchange.body is not None:
            at = f"{pointer}/responses/{exchange.status}"
            yield from self._check(where, at, answers[str(exchange.status)], exchange.body, "application/hal+json")
        if exchange.sent and "requestBody" in operation and exchange.status < 400:
            at = f"{pointer}/requestBody"
            yield from self._check(f"{where} sent", at, operation["requestBody"], exchange.sent, "application/json")

    def _operation(self, exchange: Exchange) -> tuple[str, dict[str, Any]] | None:
        """The most exact of the paths that fit: `/settlements/open` before `/settlements/{id}`.

        The version stands in the file's paths, or in the address of its server.
        """
        paths = exchange.path, exchange.path.removeprefix("/v2")
        for template in sorted(self.whole["paths"], key=lambda one: one.count("{")):
            fitting = re.compile(re.sub(r"\{[^/]+\}", "[^/]+", template))
            if any(fitting.fullmatch(path) for path in paths):
                operation = self.whole["paths"][template].get(exchange.method.lower())
                if operation:
                    escaped = template.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
                    return f"#/paths/{escaped}/{exchange.method.lower()}", operation
        return None

    def _check(self, where: str, pointer: str, part: dict[str, Any], value: Any, kind: str) -> Iterator[str]:
        if "$ref" in part:
            pointer, part = part["$ref"], self._at(part["$ref"])
        content = part.get("content", {})
        name = kind if kind in content else next(iter(content), None)
        if name is None:
            return
        schema = {"$ref": f"{ROOT}{pointer}/content/{name.replace('/', '~1')}/schema"}
        validator = jsonschema_rs.Draft202012Validator(schema, registry=self._registry)
        for error in validator.iter_errors(value):
            yield f"{where}: {'.'.join(str(step) for step in error.instance_path)}: {error.message}"

    @cached_property
    def _registry(self) -> Any:
        return jsonschema_rs.Registry([(ROOT, self.whole)], draft=jsonschema_rs.Draft202012)

    def _at(self, pointer: str) -> dict[str, Any]:
        found: Any = self.whole
        for step in pointer.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        assert isinstance(found, dict)
        return found
