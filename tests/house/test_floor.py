"""What a floor of `dev.py bench` writes again leaves what the next round stands on."""

from __future__ import annotations

from bench.news import _rehearse, _write_again
from bursar.actions.run import run
from bursar.audit.models import AuditHead, AuditLine
from bursar.tenants.models import BillingAccount
from tests.cast import Cast, prove


def test_the_floor_of_a_renewal_leaves_the_book_whole(cast: Cast) -> None:
    """In a stream that had no line yet: its head is written by the statement that also locks it."""

    def note(account: BillingAccount) -> None:
        run("tenants.account.add_note", cast.ties, account.public_id, {"text": "Called."})

    account = cast.haarlem
    stream = account.public_id
    assert not AuditHead.objects.filter(stream=stream).exists()
    written = _rehearse(note, account)
    assert not AuditLine.objects.filter(stream=stream).exists()
    _write_again(written)
    note(account)
    assert list(AuditLine.objects.filter(stream=stream).order_by("seq").values_list("seq", flat=True)) == [1, 2]
    prove()
