from __future__ import annotations

from tests.cast import Cast, sign_in


def test_to_any_account_workspace_organisation_page_and_action(cast: Cast) -> None:
    ties = sign_in("ties@agora.example")

    def found(q: str, on: str = "") -> str:
        return ties.get("/panel/jump", {"q": q, "on": on}, headers={"HX-Request": "true"}).content.decode()

    assert f"/panel/accounts/{cast.haarlem.public_id}" in found("haarl")
    assert f"/panel/workspaces/{cast.panel.public_id}" in found("JEUGD")
    assert f"/panel/organisations/{cast.oost.organisation.public_id}" in found("université")
    assert "Movements" in found("mov")
    assert f"/panel/actions/account/{cast.haarlem.public_id}/set_discount" in found("discount haarlem")
    row = found("reset", f"workspace:{cast.panel.public_id}")
    assert "Reset usage" in row and "Change tier" not in found("", f"workspace:{cast.panel.public_id}")
    assert "Nothing is called like" in found("zzzz")
    assert "Add note" in found("note", f"account:{cast.haarlem.public_id}")
    assert ties.get("/panel/jump?q=haarlem").status_code == 200
    assert sign_in("lotte@client.example").get("/panel/jump?q=ha").status_code == 404
