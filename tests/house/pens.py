"""Finds writes of a table outside its pen (`pen` on the model): by the ORM, by the dated helpers, and in SQL text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.apps import apps

METHODS = {"create", "bulk_create", "update", "bulk_update", "delete", "save", "get_or_create", "update_or_create"}
OF_ROWS = {"save", "delete"}  # said of a row whose model nobody can tell, these are told too
HELPERS = {"replace_from", "replace_all_from", "merge_points", "upsert"}
MOLLIE = "gateway"  # what is written through it is Mollie's, though its parts are called as our tables are
MANAGERS = {"objects", "_base_manager", "_default_manager"}
SQL = re.compile(
    r'\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|COPY|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?)\s+(?:ONLY\s+)?"?(\w+)', re.I
)

Models = dict[str, Any]  # by class name


class Write(NamedTuple):
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def penned() -> Models:
    return {model.__name__: model for model in apps.get_models() if hasattr(model, "pen")}


def find(source: str, name: str, module: str, models: Models) -> list[Write]:
    """`name`: how the file is called in what is found; `module`: its dotted name, which may be a pen."""
    return sorted({*_Finder(source, name, module, models).run()})


class _Finder:
    def __init__(self, source: str, name: str, module: str, models: Models) -> None:
        self.tree, self.name, self.module, self.models = ast.parse(source), name, module, models
        self.tables = {model._meta.db_table: model for model in models.values()}
        self.everything = {model.__name__: model for model in apps.get_models()}
        self.backwards = {
            relation.get_accessor_name(): model
            for model in models.values()
            for field in model._meta.concrete_fields
            if field.is_relation and not (relation := field.remote_field).hidden
        }
        self.known: dict[str, Any] = {}
        self.imports_penned = False

    def run(self) -> Iterator[Write]:
        self._learn_imports()
        yield from self._look_at(self.tree)

    def _look_at(self, scope: ast.AST) -> Iterator[Write]:
        """A module or a function; functions within know what stands around them."""
        outer, own = dict(self.known), list(_own_nodes(scope))
        for _ in range(2):  # what is assigned may follow from what is assigned
            self._learn(own)
        for node in own:
            yield from self._judge(node)
        for node in own:
            if isinstance(node, ast.FunctionDef):
                yield from self._look_at(node)
        self.known = outer

    def _learn_imports(self) -> None:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("models"):
                for alias in node.names:
                    if alias.name in self.everything:
                        self.known[alias.asname or alias.name] = self.everything[alias.name]
                        self.imports_penned |= alias.name in self.models

    def _learn(self, nodes: list[ast.AST]) -> None:
        """What variables hold, by their annotations and by what is assigned to them."""
        for node in nodes:
            if isinstance(node, ast.arg) and node.annotation is not None:
                for name in ast.walk(node.annotation):
                    if isinstance(name, ast.Name) and name.id in self.everything:
                        self.known[node.arg] = self.everything[name.id]
            elif isinstance(node, ast.Assign) and len(node.targets) == 1:
                self._bind(node.targets[0], node.value)
            elif isinstance(node, (ast.For, ast.comprehension)):
                self._bind(node.target, node.iter)

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        model = self._model(value)
        names = target.elts[:1] if isinstance(target, ast.Tuple) else [target]
        if model is not None and isinstance(names[0], ast.Name):
            self.known[names[0].id] = model

    def _model(self, node: ast.expr) -> Any:
        """The model behind an expression: a class, a manager, a query or a row; None: nobody can tell."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if isinstance(node, ast.Subscript):
            return self._model(node.value)
        if isinstance(node, ast.Call):
            of_what = node.func.value if isinstance(node.func, ast.Attribute) else node.func
            return self._model(of_what)
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id == MOLLIE:
                return None
            owner = self._model(node.value)
            if owner is None or node.attr in MANAGERS:
                return owner or self.backwards.get(node.attr)
            return self._related(owner, node.attr)
        return None

    def _related(self, owner: Any, name: str) -> Any:
        for field in owner._meta.get_fields():
            accessor = field.get_accessor_name() if field.auto_created and not field.concrete else field.name
            if accessor == name and field.is_relation:
                return field.related_model
        return self.backwards.get(name, owner)

    def _judge(self, node: ast.AST) -> Iterator[Write]:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            model = self._model(node.func.value)
            if model is not None:
                yield from self._told(node, model, node.func.attr)
            elif self._is_dubious(node.func):
                yield Write(f"{self.name}:{node.lineno}", f"{node.func.attr}() of what nobody can tell")
        elif isinstance(node, ast.Call) and node.args and _name_of(node.func) in HELPERS:
            model = self._model(node.args[0])
            if model is not None:
                yield from self._told(node, model, _name_of(node.func))
        elif isinstance(node, (ast.Constant, ast.JoinedStr)):
            for table in SQL.findall(_text_of(node)):
                if table in self.tables:
                    yield from self._told(node, self.tables[table], "SQL")

    def _told(self, node: ast.expr, model: Any, how: str) -> Iterator[Write]:
        pen = getattr(self.models.get(model.__name__), "pen", None)
        if pen is not None and self.module != pen and not self.module.startswith(f"{pen}."):
            yield Write(f"{self.name}:{node.lineno}", f"{how} of {model.__name__}, whose pen is {pen}")

    def _is_dubious(self, method: ast.Attribute) -> bool:
        """A row or a model that nobody can tell is written, in a file that has penned models in hand."""
        is_pen = any(f"{self.module}.".startswith(f"{model.pen}.") for model in self.models.values())
        if not self.imports_penned or is_pen:
            return False
        of_what = method.value
        is_super = isinstance(of_what, ast.Call) and _name_of(of_what.func) == "super"
        through = {node.attr for node in ast.walk(of_what) if isinstance(node, ast.Attribute)}
        return (method.attr in OF_ROWS and not is_super) or bool(through & MANAGERS)


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Arguments first; a function within is given, and not entered."""
    if isinstance(scope, ast.FunctionDef):
        yield from ast.walk(scope.args)
    waiting = [node for node in ast.iter_child_nodes(scope) if not isinstance(node, ast.arguments)]
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef):
            waiting += ast.iter_child_nodes(node)


def _name_of(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _text_of(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(_text_of(part) if isinstance(part, ast.Constant) else "{}" for part in node.values)


def find_all(root: Path, exempt: set[str]) -> list[Write]:
    models, found = penned(), []
    for path in sorted(root.glob("bursar/**/*.py")):
        name = path.relative_to(root).as_posix()
        if "/migrations/" in name or name in exempt:
            continue
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        found += find(path.read_text(), name, module, models)
    return found
