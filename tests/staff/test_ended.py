"""The session ended while a page stood open: its parts say so with 401, whole pages lead to the sign-in."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import Cast


@pytest.mark.parametrize("where", ["panel", "own"])
def test_a_part_of_a_page_says_that_the_session_ended(cast: Cast, where: str) -> None:
    part = "/panel/counts" if where == "panel" else "/notices/bell"
    dialog = f"{'/panel' if where == 'panel' else ''}/actions/workspace/{cast.panel.public_id}/ask_upgrade"
    for address in (part, dialog):
        apart = Client().get(address, headers={"HX-Request": "true"})
        assert apart.status_code == 401 and apart.content == b"Sign in first."
        whole = Client().get(address)
        assert whole.status_code == 302 and whole["Location"].startswith("/sign-in/?next=/")
    posted = Client().post(dialog, {"message": "kept"}, headers={"HX-Request": "true"})
    assert posted.status_code == 401
