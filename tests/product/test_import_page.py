"""Import from the panel: the file goes up first, the action takes its id, the worker takes its lines."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.config.minute import run_ticks
from bursar.core import clock
from bursar.files.models import File
from bursar.product import running
from bursar.product.models import ImportRun
from bursar.staff.models import StaffMember
from bursar.tenants.models import Organisation
from tests.cast import NOW, Cast, body_of, organisation, prove, refusal_of, sign_in

UP = "/panel/files/upload/import"
ACTION = "product.company.import_file"


def content(*lines: Any) -> bytes:
    return b"".join(
        (line if isinstance(line, bytes) else json.dumps(line, default=str).encode()) + b"\n" for line in lines
    )


def good() -> dict[str, Any]:
    return organisation("new", "Nieuw", NOW - timedelta(days=5))[0]


def send(client: Client, data: bytes, name: str = "past.ndjson", **more: Any) -> Any:
    return client.post(UP, {"file": SimpleUploadedFile(name, data)}, **more)


def sent(data: bytes) -> str:
    answer = send(sign_in("iris@agora.example"), data, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.content
    return str(answer.json()["id"])


def test_a_plain_form_leads_to_the_dialog_and_the_worker_imports(cast: Cast) -> None:
    iris = sign_in("iris@agora.example")
    answer = send(iris, content(good(), b"{", {"kind": "planet"}))
    assert answer.status_code == 302
    page = iris.get(answer["Location"])
    assert "past.ndjson" in page.content.decode() and not Organisation.objects.filter(external_id="new").exists()
    file = File.objects.get()
    assert f'value="{file.public_id}"' in page.content.decode() and not ImportRun.objects.exists()
    made = run(ACTION, cast.iris, "company", {"file": file.public_id}, reason="Adoption")
    line = AuditLine.objects.get(public_id=made.line_id)
    assert {"File", "Size", "SHA-256"} <= {change["label"] for change in line.changes}
    assert "the worker is at it" in iris.get("/panel/import/").content.decode()
    running.carry_out(made.data["import"])
    running.carry_out(made.data["import"])
    done = ImportRun.objects.get()
    assert (done.state, done.lines, done.taken, done.left_out) == ("done", 3, 1, 2)
    assert Organisation.objects.filter(external_id="new").exists()
    assert AuditLine.objects.filter(key="product.company.import", actor_id="system:import").count() == 1
    found = re.search(r'href="(/panel/files/\w+)">Which lines', iris.get("/panel/import/").content.decode())
    assert found is not None
    rows = list(csv.reader(io.StringIO(body_of(iris.get(found[1])).decode())))
    assert rows[0] == ["line", "why"] and [row[0] for row in rows[1:]] == ["2", "3"]
    assert "Which lines" not in sign_in("ada@agora.example").get("/panel/import/").content.decode()
    prove()


def test_a_running_import_says_how_far_it_is_and_never_a_zero_before(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    iris, seen, ask_again = sign_in("iris@agora.example"), list[str](), running._ask_again

    def look(made: ImportRun) -> Any:
        seen.append(iris.get("/panel/import/").text)
        return ask_again(made)

    monkeypatch.setattr(running, "_ask_again", look)
    made = run(ACTION, cast.iris, "company", {"file": sent(content(good(), b"{", {"kind": "planet"}))}, reason="x")
    running.carry_out(made.data["import"])
    assert '<progress class="wide" aria-label' in seen[0] and 'class="r">0' not in seen[0]
    assert '<progress class="wide" max="3" value="3"' in seen[-1] and 'data-head="Left out" class="r">2<' in seen[-1]


def test_all_or_nothing_takes_nothing_with_one_bad_line(cast: Cast) -> None:
    made = run(ACTION, cast.iris, "company", {"file": sent(content(good(), b"{")), "strict": True}, reason="x")
    running.carry_out(made.data["import"])
    done = ImportRun.objects.get()
    assert (done.state, done.taken, done.left_out) == ("failed", 0, 1) and "Nothing was taken" in done.problem
    assert not Organisation.objects.filter(external_id="new").exists()


def test_only_who_may_sends_up_and_only_what_fits(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    iris, ties = sign_in("iris@agora.example"), sign_in("ties@agora.example")
    assert send(ties, b"{}\n").status_code == 403
    assert send(sign_in("maud@client.example"), b"{}\n").status_code == 404
    assert send(Client(), b"{}\n").status_code == 302
    assert iris.post("/panel/files/upload/export", {"file": SimpleUploadedFile("a.ndjson", b"x")}).status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = iris.cookies
    assert send(strict, b"{}\n").status_code == 403
    told = {"Accept": "application/json"}
    for data, name, status, words in (
        (b"", "a.ndjson", 422, "not empty"),
        (b"{}", "a.csv", 422, "end in .ndjson"),
        (b"x" * 60_000_000, "a.ndjson", 413, "larger than 50 MB"),
        (b"x" * 50_000_001, "a.ndjson", 413, "larger than 50 MB"),
    ):
        answer = send(iris, data, name, headers=told)
        assert answer.status_code == status and words in answer.json()["sentence"]
    assert iris.get(UP).status_code == 405
    assert not File.objects.exists()


def test_the_action_asks_whether_its_actor_may_have_the_file(cast: Cast) -> None:
    file = sent(content(good()))
    tom = StaffMember.objects.get(user__email="ties@agora.example")
    tom.roles.set(StaffMember.objects.get(user__email="iris@agora.example").roles.all())
    ties = sign_in("ties@agora.example")
    address = "/panel/actions/company/company/import_file"
    answer = ties.post(address, {"file": file, "reason": "x"}, headers={"HX-Request": "true"})
    assert "no such file of yours" in answer.content.decode()
    assert refusal_of(ACTION, cast.iris, "company", {"file": "fil_x"}, reason="x").status == 422
    with clock.frozen(NOW + timedelta(days=1)):
        assert refusal_of(ACTION, cast.iris, "company", {"file": file}, reason="x").status == 422
    assert not ImportRun.objects.exists()


def test_who_lost_the_right_meanwhile_imports_nothing(cast: Cast) -> None:
    made = run(ACTION, cast.iris, "company", {"file": sent(content(good()))}, reason="x")
    StaffMember.objects.get(user__email="iris@agora.example").roles.clear()
    running.carry_out(made.data["import"])
    done = ImportRun.objects.get()
    assert done.state == "failed" and "not staff any more" in done.problem
    assert not Organisation.objects.filter(external_id="new").exists()


def test_what_breaks_is_said(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run(ACTION, cast.iris, "company", {"file": sent(content(good()))}, reason="x")

    def broken(*args: Any, **more: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(running, "import_lines", broken)
    running.carry_out(made.data["import"])
    assert ImportRun.objects.get().state == "failed" and "on our side" in ImportRun.objects.get().problem


def test_old_runs_go(cast: Cast) -> None:
    made = run(ACTION, cast.iris, "company", {"file": sent(content(good()))}, reason="x")
    with clock.frozen(NOW + timedelta(days=401)):
        assert run_ticks(clock.now()) == [] and ImportRun.objects.count() == 1, "it was never done"
        ImportRun.objects.filter(public_id=made.data["import"]).update(state="done")
    with clock.frozen(NOW + timedelta(days=402)):
        assert run_ticks(clock.now()) == []
    assert not ImportRun.objects.exists()


def test_the_page_offers_it_only_to_who_may(cast: Cast) -> None:
    assert "data-upload" in sign_in("iris@agora.example").get("/panel/import/").content.decode()
    page = sign_in("ada@agora.example").get("/panel/import/").content.decode()
    assert "data-upload" not in page and "manage staff" in page
