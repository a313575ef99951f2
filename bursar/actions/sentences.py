"""The refusals of an action, read from the source of its predicates: the handbook never says them in other words."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, ModuleType
from typing import Any

from bursar.actions.spec import Action, ActionForm

Function = Callable[..., Any]


def list_refusals(action: Action) -> list[str]:
    """Every sentence that the predicates and the form's own checks can answer; “…” stands for what varies."""
    found: dict[str, None] = {}
    for predicate in (action.needs, action.blocked, action.refused, *_checks(action.form)):
        if predicate is not None:
            found |= dict.fromkeys(_sentences(predicate, set()))
    return list(found)


def _checks(form: type[ActionForm]) -> list[Function]:
    return [value for name, value in vars(form).items() if name.startswith("clean") and inspect.isfunction(value)]


def _sentences(function: Function, seen: set[Function]) -> Iterator[str]:
    """Its own, then those of every predicate that it asks: functions of ours named “why …”."""
    if function in seen or not inspect.isfunction(function):
        return
    seen.add(function)
    if function.__name__ == "<lambda>":
        yield from (text for text in function.__code__.co_consts if _is_sentence(text))
    else:
        yield from _spoken(ast.parse(textwrap.dedent(inspect.getsource(function))))
    for asked in _asked(function):
        yield from _sentences(asked, seen)


def _spoken(tree: ast.AST) -> Iterator[str]:
    """What is returned, or raised as a fault of the form, in the order of the source."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and node.value is not None:
            yield from filter(_is_sentence, _texts(node.value))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "ValidationError":
            yield from filter(_is_sentence, _texts(node.args[0]))


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    elif isinstance(node, ast.Constant):
        yield str(node.value)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _texts(child)


def _is_sentence(text: Any) -> bool:
    return isinstance(text, str) and " " in text and text.endswith(".")


def _asked(function: Function) -> Iterator[Function]:
    names = _names(function.__code__)
    known = [function.__globals__[name] for name in names if name in function.__globals__]
    modules = [thing for thing in known if isinstance(thing, ModuleType) and thing.__name__.startswith("bursar.")]
    known += [getattr(module, name) for module in modules for name in names if hasattr(module, name)]
    for thing in known:
        if inspect.isfunction(thing) and "why_" in thing.__name__:
            yield thing


def _names(code: CodeType) -> list[str]:
    inner = [name for part in code.co_consts if isinstance(part, CodeType) for name in _names(part)]
    return [*code.co_names, *inner]
