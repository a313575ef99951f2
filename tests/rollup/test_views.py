from __future__ import annotations

from typing import Any

from bursar.actions.run import run
from bursar.rollup.models import SavedView
from tests.cast import Cast, refusal_of, sign_in

SAVE = "rollup.company.save_view"


def save(who: Any, name: str, **data: Any) -> Any:
    return run(SAVE, who, "company", {"name": name, "query": "class=free&month=2026-10&page=3&hide=hours", **data})


def test_own_and_shared_views(cast: Cast) -> None:
    save(cast.ties, "Free ones")
    save(cast.noor, "For all", shared=True)
    ties = sign_in("ties@agora.example").get("/panel/usage/?month=2026-10").content.decode()
    assert 'href="?class=free&amp;hide=hours&amp;month=2026-10">Free ones' in ties and "For all" in ties
    iris = sign_in("iris@agora.example").get("/panel/usage/").content.decode()
    assert "For all" in iris and "Free ones" not in iris
    save(cast.ties, "Free ones", query="class=paying")
    assert SavedView.objects.get(name="Free ones").query == "class=paying"


def test_refusals(cast: Cast) -> None:
    assert refusal_of(SAVE, cast.ada, "company", {"name": "x", "query": "", "shared": True}).status == 403
    assert refusal_of(SAVE, cast.ties, "company", {"name": "x", "query": "class=luck"}).status == 422
    assert refusal_of(SAVE, cast.ties, "company", {"name": "", "query": ""}).status == 422
    assert not SavedView.objects.exists()
    save(cast.ada, "Ada's own")
    view = SavedView.objects.get()
    assert refusal_of("rollup.view.delete", cast.ties, view.public_id).status == 404
    SavedView.objects.update(is_shared=True)
    assert refusal_of("rollup.view.delete", cast.ties, view.public_id).status == 403
    run("rollup.view.delete", cast.ada, view.public_id)
    assert not SavedView.objects.exists()


def test_hidden_columns(cast: Cast) -> None:
    iris = sign_in("iris@agora.example")
    assert "hide-hours hide-seats" in iris.get("/panel/usage/?hide=hours&hide=seats").content.decode()
    assert iris.get("/panel/usage/?hide=colour").status_code == 400
