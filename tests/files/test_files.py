"""Files in the database: who may fetch one, what is served, what never is."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, OperationalError, connection, transaction

from bursar.access.keys import digest_of
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.config.minute import run_ticks
from bursar.core import clock
from bursar.core.errors import NotFound, Refused
from bursar.core.faults import is_away
from bursar.core.reading import consistent_read
from bursar.files import csv, kinds, queries, store
from bursar.files.csv import EXPORT
from bursar.files.models import File, PassingChunk
from bursar.staff.models import ApiToken, StaffMember
from bursar.tenants.models import BillingAccount
from tests.cast import NOW, Cast, body_of, refusal_of, sign_in

LARGE = b"x" * (store.CHUNK + 1)
"""More than a chunk: what is smaller waits in memory for the transaction that finishes it."""


def written(*parts: bytes) -> store.Written:
    with store.writing(EXPORT, "text/plain") as file:
        for part in parts:
            file.write(part)
    return file.written


def made_by(actor: Any, *parts: bytes, name: str = "a.txt") -> File:
    return store.finish(written(*parts), actor, clock.now(), name=name)


def test_bytes_come_out_as_they_went_in_by_chunks_of_a_megabyte(cast: Cast) -> None:
    for parts in ([], [b"x"], [os.urandom(store.CHUNK)], [os.urandom(700_000) for _ in range(4)]):
        file, whole = made_by(cast.iris, *parts), b"".join(parts)
        assert b"".join(queries.read(file)) == whole
        assert (file.length, file.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
        sizes = [len(chunk.data) for chunk in PassingChunk.objects.filter(file=file).order_by("number")]
        assert sizes == [store.CHUNK] * (len(whole) // store.CHUNK) + [
            rest for rest in [len(whole) % store.CHUNK] if rest
        ]


def test_who_asked_gets_it_nobody_else_does_and_only_while_they_may(cast: Cast) -> None:
    file = made_by(cast.iris, b"a,b\r\n", name="größe.csv")
    address = f"/panel/files/{file.public_id}"
    iris = sign_in("iris@agora.example")
    answer = iris.get(address)
    assert body_of(answer) == b"a,b\r\n"
    assert answer["Content-Length"] == "5" and answer["X-Content-SHA256"] == file.sha256
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''gr%C3%B6%C3%9Fe.csv")
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["Cache-Control"] == "private, no-store"
    again = iris.get(address, headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304 and again.content == b""
    assert sign_in("ties@agora.example").get(address).status_code == 404
    StaffMember.objects.get(user__email="iris@agora.example").roles.clear()
    assert sign_in("iris@agora.example").get(address).status_code == 404
    with pytest.raises(NotFound):
        queries.get_file(cast.iris, file.public_id, NOW + timedelta(hours=24))


def test_a_program_fetches_what_its_token_asked_for(cast: Cast) -> None:
    member = StaffMember.objects.get(user__email="iris@agora.example")
    other = StaffMember.objects.get(user__email="ties@agora.example")
    for who, secret in ((member, "one"), (other, "two")):
        ApiToken.objects.create(member=who, name="t", digest=digest_of(secret), hint="hint", rights=["read"])
    mine, theirs = ({"Authorization": f"Bearer {secret}"} for secret in ("one", "two"))
    client = sign_in("ties@agora.example")
    client.logout()
    address = "/api/v1/company/company/actions/export"
    asked = client.post(address, {"data": {"rows": "accounts"}}, content_type="application/json", headers=mine)
    assert asked.status_code == 200, asked.content
    found = asked.json()["data"]
    file = client.get(found["path"], headers=mine)
    content = body_of(file)
    assert hashlib.sha256(content).hexdigest() == found["sha256"] and content.count(b"\r\n") == found["rows"] + 1
    assert client.get(found["path"], headers=theirs).status_code == 404
    assert client.get(found["path"]).status_code == 401


def test_what_is_unfinished_is_never_served_and_goes_after_an_hour(cast: Cast) -> None:
    whole = written(LARGE)
    file = File.objects.get()
    File.objects.filter(pk=file.pk).update(made_by=cast.iris.user_id)
    with pytest.raises(NotFound):
        queries.get_file(cast.iris, file.public_id, NOW)
    with clock.frozen(NOW + timedelta(minutes=59)):
        assert run_ticks(clock.now()) == [] and File.objects.count() == 1
    with clock.frozen(NOW + timedelta(hours=1)):
        assert run_ticks(clock.now()) == []
    assert not File.objects.exists() and not PassingChunk.objects.exists()
    with pytest.raises(Refused, match="Try again"):
        store.finish(whole, cast.iris, NOW, name="late")


def test_only_a_whole_file_can_be_finished(cast: Cast) -> None:
    half = replace(written(LARGE), sha256="")
    File.objects.update(length=None, sha256="")
    with pytest.raises(IntegrityError), transaction.atomic():
        store.finish(half, cast.iris, NOW, name="half")
    assert File.objects.get().finished_at is None


def test_an_expired_file_goes_with_its_bytes_by_the_daily_cleaning(cast: Cast) -> None:
    made_by(cast.iris, b"x" * 3_000_000)
    with clock.frozen(NOW + timedelta(hours=23)):
        assert run_ticks(clock.now()) == [] and File.objects.count() == 1
    with clock.frozen(NOW + timedelta(days=2)):
        assert run_ticks(clock.now()) == []
    assert not File.objects.exists() and not PassingChunk.objects.exists()


def test_an_export_that_is_refused_after_the_writing_is_never_served(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **more: Any) -> Any:
        raise Refused("Not now.")

    monkeypatch.setattr(store, "finish", refuse)
    for chunk, left in ((store.CHUNK, 0), (100, 1)):
        monkeypatch.setattr(store, "CHUNK", chunk)
        assert refusal_of("rollup.company.export", cast.iris, "company", {"rows": "accounts"}).sentence == "Not now."
        assert [file.finished_at for file in File.objects.all()] == [None] * left
    assert not AuditLine.objects.filter(key="rollup.company.export").exists()


def test_its_connection_may_be_cut_and_that_is_nobodys_fault(cast: Cast) -> None:
    with pytest.raises(OperationalError) as cut, store.writing(EXPORT, "text/plain") as file:
        file.write(LARGE)
        assert file._raw is not None
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [file._raw.info.backend_pid])
    assert is_away(cut.value)


def test_kinds_are_closed_and_an_unknown_one_is_served_to_nobody(cast: Cast) -> None:
    with pytest.raises(ImproperlyConfigured, match="too late"):
        kinds.kind("late", lambda actor, file: True, None)
    file = made_by(cast.iris, b"x")
    File.objects.filter(pk=file.pk).update(owner_kind="planet")
    with pytest.raises(NotFound):
        queries.get_file(cast.iris, file.public_id, NOW)


def rows_of_text(batches: int) -> Iterator[list[list[str]]]:
    row = [f"cell number {n} of a row" for n in range(12)]
    for _ in range(batches):
        yield [row] * 1000


def test_a_hundred_thousand_rows_take_the_memory_of_a_few_chunks(cast: Cast) -> None:
    csv.write(["a"], rows_of_text(3))
    tracemalloc.start()
    try:
        made = csv.write(["a"], rows_of_text(100))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert made.rows == 100_000 and made.file.length > 27_000_000
    assert peak < 8_000_000, peak


@pytest.mark.django_db(transaction=True)
def test_it_is_written_beside_a_read_only_transaction_that_still_sees_what_it_saw(committed: Cast) -> None:
    with consistent_read():
        before = BillingAccount.objects.count()
        whole = written(b"x" * 2_500_000)
        assert not File.objects.exists(), "the read began before"
        assert BillingAccount.objects.count() == before
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_read_only")
            assert cursor.fetchone() == ("on",)
    assert PassingChunk.objects.filter(file=whole.pk or 0).count() == 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        assert cursor.fetchone() == (1,), "the connection beside it is closed"
    run("rollup.company.export", committed.iris, "company", {"rows": "accounts"})
