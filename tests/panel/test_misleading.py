"""What would mislead whoever reads it: two accounts of one name, a day of another year, an end that is yet to come."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from bursar.access.models import User
from bursar.actions.registry import ACTIONS
from bursar.core.days import say_day, say_end
from tests.cast import NOW, Cast, bring_all, organisation, shown_by, sign_in, workspace


def found(reader: Client, q: str, on: str = "") -> str:
    page = shown_by(reader.get("/panel/jump", {"q": q, "on": on}, headers={"HX-Request": "true"}))
    return page.replace("<mark>", "").replace("</mark>", "")


def test_accounts_of_one_name_are_told_apart(cast: Cast) -> None:
    bring_all(*organisation("twin", "Gemeente Haarlem", NOW), *workspace("twin-w", "twin", "Burgerberaad Klimaat", NOW))
    ties = sign_in("ties@agora.example")
    both = found(ties, "haarlem")
    assert "paying, € 150.00 a month · Ali" in both and ">free<" in both.replace('class="dim"', "").replace(
        "<span >", ">"
    )
    assert "Gemeente Haarlem · paying, € 150.00 a month · Ali" in found(ties, "klimaat")
    assert "Gemeente Haarlem · paying, € 150.00 a month · Ali" in found(ties, "discount klimaat")
    dialog = shown_by(ties.get(f"/panel/actions/account/{cast.haarlem.public_id}/set_discount"))
    assert "Gemeente Haarlem · paying, € 150.00 a month · Ali" in dialog


def test_the_palette_asks_a_fixed_number_of_questions(cast: Cast, django_assert_max_num_queries: object) -> None:
    ties = sign_in("ties@agora.example")
    for n in range(6):
        bring_all(*organisation(f"h{n}", f"Haarlem {n}", NOW), *workspace(f"h{n}-w", f"h{n}", f"Haarlem {n}", NOW))
    found(ties, "haarlem")
    with django_assert_max_num_queries(20):  # type: ignore[operator]  # pytest-django's fixture
        found(ties, "haarlem")


def test_an_action_is_found_without_a_name(cast: Cast) -> None:
    ties = sign_in("ties@agora.example")
    assert "for which workspace?" in found(ties, "change tier")
    assert 'data-act="Change tier"' in found(ties, "Change Ti")
    assert "for which account or workspace?" in found(ties, "remove discount")
    assert f"/panel/actions/workspace/{cast.panel.public_id}/change_tier" in found(ties, "change tier jeugd")
    page = ties.get("/panel/jump?q=change+tier").content.decode()
    assert 'href="/panel/jump?act=Change+tier"' in page


def test_customers_see_nothing_of_what_tells_accounts_apart(cast: Cast) -> None:
    address = f"/actions/workspace/{cast.panel.public_id}/ask_upgrade"
    assert " a month ·" not in sign_in("lotte@client.example").get(address).content.decode()


@pytest.mark.parametrize(
    ("day", "said"),
    [(date(2026, 1, 1), "1 Jan"), (date(2025, 12, 31), "31 Dec 2025"), (date(2027, 1, 1), "1 Jan 2027")],
)
def test_a_short_day_of_another_year_says_so(day: date, said: str) -> None:
    assert say_day(day, is_short=True, now=NOW) == said
    assert say_day(day, is_short=True) == said[:6].strip()
    end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    assert say_end(end, is_short=True, now=NOW) == said


def test_a_last_payment_of_last_year_shows_its_year(cast: Cast) -> None:
    paid = {"kind": "paid", "account": {"organisation": "samen"}, "external_id": "p-2", "source": "mollie"}
    last_year = datetime(2025, 12, 30, tzinfo=UTC)
    bring_all(
        *organisation("old", "Oud", last_year),
        *workspace("old-w", "old", "Oud", last_year),
        {**paid, "account": {"organisation": "old"}, "from": last_year, "booked_at": last_year,
         "until": last_year + timedelta(days=365), "net": "900.00", "gross": "1089.00"},
    )  # fmt: skip
    page = sign_in("ties@agora.example").get("/panel/usage/?q=oud").content.decode()
    assert "30 Dec 2025" in page and "1,089.00" in page


def test_a_colleague_who_is_not_set_up_reads_whom_to_ask_at_every_door(cast: Cast) -> None:
    newcomer, stranger = Client(), Client()
    for client, email in ((newcomer, "new@agora.example"), (stranger, "new@client.example")):
        client.force_login(User.objects.create(email=email, name="New"), "bursar.staff.backend.SignInBackend")
    words = "To get into the staff panel, ask"
    assert words in newcomer.get("/").content.decode()
    for address in ("/panel/", "/panel/usage/", "/panel/nothing", "/handbook/"):
        answer = newcomer.get(address)
        assert answer.status_code == 404 and words in answer.content.decode(), address
        answer = stranger.get(address)
        assert answer.status_code == 404 and words not in answer.content.decode(), address


TAKES_AWAY = {
    "staff.staff.deactivate", "staff.staff.sign_out", "staff.staff.reset_factor", "staff.token.revoke",
    "plans.account.remove_discount", "plans.workspace.remove_discount", "plans.workspace.end_grant",
    "plans.account.end_trial", "plans.account.set_self_serve", "plans.account.clear_manager", "rollup.view.delete",
    "payments.account.cancel_plan", "payments.account.cancel_subscription", "payments.account.end_at_once",
    "payments.account.end_strays", "payments.subscription.end", "payments.account.refund", "payments.payment.refund", "payments.payment_link.archive",
    "requests.request.withdraw", "support.workspace.end_session", "actions.bulk_run.stop", "notifications.delivery.drop", "product.key.revoke", "product.person.erase", "webhooks.endpoint.delete",
    "billing.draft.delete", "billing.company.remove_documents", "training.attendee.remove", "training.session.cancel",
    "training.licence.revoke", "partners.referral.end", "partners.workspace.hand_off",
}  # fmt: skip


def test_red_is_what_takes_something_away(cast: Cast) -> None:
    assert {key for key, action in ACTIONS.items() if action.takes_away} == TAKES_AWAY
    iris = sign_in("iris@agora.example")
    made = iris.get("/panel/actions/company/company/create_key").content.decode()
    taken = iris.get(f"/panel/actions/staff/{cast.noor.id}/deactivate").content.decode()
    assert "button main danger" not in made and "button main danger" in taken
    menu = iris.get(f"/panel/actions/menu/staff/{cast.noor.id}", headers={"HX-Request": "true"}).content.decode()
    assert menu.count('class="menu-entry takes"') == 2
