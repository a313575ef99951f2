from __future__ import annotations

from django.test import Client

from bursar.billing.models import Invoice
from bursar.panel.templatetags.palette import marked
from tests.cast import Cast, sign_in


def test_to_any_account_workspace_organisation_page_and_action(cast: Cast) -> None:
    ties = sign_in("ties@agora.example")

    def found(q: str, on: str = "") -> str:
        return (
            ties.get("/panel/jump", {"q": q, "on": on}, headers={"HX-Request": "true"})
            .content.decode()
            .replace("<mark>", "")
            .replace("</mark>", "")
        )

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


def groups(client: Client, **asked: str) -> dict[str, list[str]]:
    """Heading → labels, as the palette lists them."""
    found = client.get("/panel/jump", asked, headers={"HX-Request": "true"}).context["groups"]
    return {group.heading: [hit.label for hit in group.hits] for group in found}


def test_empty_it_shows_what_is_at_hand(cast: Cast) -> None:
    """What this browser opened last, in that order, and what can be done here; what is not theirs or gone is left out."""
    ties = sign_in("ties@agora.example")
    places = [f"workspace:{cast.panel.public_id}", f"account:{cast.haarlem.public_id}", "account:acc_0000000000000000"]
    recent = ",".join([*places, "drop table:x", f"organisation:{cast.oost.organisation.public_id}"])
    found = groups(ties, on=f"account:{cast.haarlem.public_id}", recent=recent)
    assert next(iter(found)) == "Recent" and found["Recent"] == ["Jeugdpanel", "Universiteit Oost"]
    assert list(found)[-1] == "Pages" and "Account · Gemeente Haarlem" in found
    assert "Recent" not in groups(ties)
    assert next(iter(groups(ties, q="disc", on=f"account:{cast.haarlem.public_id}"))) == "Account · Gemeente Haarlem"


def test_an_action_alone_asks_for_whom_and_lists_candidates(cast: Cast) -> None:
    ties = sign_in("ties@agora.example")
    heading = "Discount, for whom?"
    near = groups(ties, act="Discount", on=f"workspace:{cast.lab.public_id}", recent=f"account:{cast.samen.public_id}")
    assert near == {heading: ["Woonlab", "Stichting Samen"]}
    page = ties.get("/panel/jump", {"act": "Discount", "q": "haar"}).content.decode()
    assert f"/panel/actions/account/{cast.haarlem.public_id}/set_discount" in page
    assert "Gemeente <mark>Haar</mark>lem" in page
    assert groups(ties, act="Fly to the moon", q="haar") == {} and groups(ties, act="Discount", q="zzz") == {}


def test_former_names_numbers_and_marks(cast: Cast) -> None:
    ties = sign_in("ties@agora.example")
    assert "Change admin" in groups(ties, q="transfer ownership")["Actions, for whom you say"]
    number = Invoice.objects.get(public_id=cast.target_id("invoice")).number
    assert groups(ties, q=number[:-1])["Invoices"] == [number]
    page = ties.get("/panel/jump", {"q": "zz<b>"}).content.decode()
    assert "<b>”" not in page and "Nothing is called like" in page
    assert marked("Gemeente <Haarlem>", "haar gem") == "<mark>Gem</mark>eente &lt;<mark>Haar</mark>lem&gt;"
