from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView
from ninja.errors import ValidationError
from ninja.security import HttpBearer
from ninja.utils import check_csrf

from bursar.access.holders import HOLDERS
from bursar.access.request import actor_of
from bursar.actions.api import build_router
from bursar.actions.cards import FACTS
from bursar.approvals.api import router as approvals_router
from bursar.approvals.queues import QUEUES
from bursar.attention.api import router as attention_router
from bursar.attention.needs import NEEDS
from bursar.billing.api import router as billing_router
from bursar.billing.balance_api import router as balances_router
from bursar.billing.bank_api import router as bank_router
from bursar.billing.brought import BRINGERS
from bursar.billing.invoice_api import router as invoices_router
from bursar.billing.obstacles import OBSTACLES
from bursar.billing.store.ledger import FOLLOWERS
from bursar.billing.to_issue import SOURCES
from bursar.billing.to_issue_api import router as to_issue_router
from bursar.config import handbook, operator, unavailable
from bursar.core import body_words
from bursar.core.api import DescribedAPI
from bursar.core.api import refusal as refuse_json
from bursar.core.errors import Forbidden
from bursar.files.api import router as files_router
from bursar.notifications.api import router as deliveries_router
from bursar.panel.api import router as accounts_router
from bursar.panel.book_api import router as book_router
from bursar.panel.story_api import router as story_router
from bursar.panel.undo_api import router as undo_router
from bursar.partners.api import router as partners_router
from bursar.payments.api import router as payments_router
from bursar.payments.vat_api import router as vat_router
from bursar.plans.agreed import AGREEMENTS
from bursar.plans.turning import TURNS
from bursar.product.admin_api import router as keys_router
from bursar.product.api import api as product_api
from bursar.requests.api import router as requests_router
from bursar.rollup.api import router as rollup_router
from bursar.staff.api import router as staff_router
from bursar.support.api import router as support_router
from bursar.tenants.handoff import PARTS
from bursar.training.api import router as training_router
from bursar.ui import lists, navigation
from bursar.webhooks.api import router as webhooks_router


@require_safe
def show_api_docs(request: HttpRequest) -> HttpResponse:
    """Both APIs, browsable and to be tried with one's own session or token."""
    return render(request, "ui/api.html")


class ActorAuth(HttpBearer):
    """A personal token, or the browser's session with its CSRF token. The gate has found the actor already."""

    def __call__(self, request: HttpRequest) -> Any:
        if request.user.is_authenticated and check_csrf(request) is not None:
            raise Forbidden("This request came without its CSRF token, or from elsewhere.")
        return actor_of(request)

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return actor_of(request)


api = DescribedAPI(title="Bursar", version="1", auth=ActorAuth(), urls_namespace="api", docs_url=None)
api.add_router("", build_router())
_ROUTERS = (
    rollup_router, attention_router, accounts_router, requests_router, book_router, staff_router, deliveries_router,
    webhooks_router, keys_router, files_router, payments_router, billing_router, invoices_router, balances_router,
    bank_router, approvals_router, vat_router, training_router, to_issue_router, support_router, partners_router,
    undo_router, story_router,
)  # fmt: skip
for router in _ROUTERS:
    api.add_router("", router)


@api.exception_handler(ValidationError)
def refuse_malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """A body that does not fit its schema: the same shape of refusal as everywhere."""
    fields = body_words.collect(error.errors, ("body", "data", "query", "path"))
    return refuse_json(422, "invalid", "Some fields need another look.", fields)


def handler429(request: HttpRequest) -> HttpResponse:
    """What the sign-in library answers to whoever tries too often; its longest window is five minutes."""
    response = render(request, "429.html", status=429)
    response["Retry-After"] = "300"
    return response


handler500 = unavailable.server_error

urlpatterns = [
    path("healthz", operator.healthz),
    path("readyz", operator.readyz),
    path("metrics", operator.metrics),
    path("api/v1/docs", show_api_docs, name="api_docs"),
    path("api/v1/", api.urls),
    path("api/product/v1/", product_api.urls),
    path("handbook", RedirectView.as_view(url="/handbook/")),
    path("handbook/", handbook.show, name="handbook"),
    path("handbook/<path:path>", handbook.show, name="handbook_page"),
    path("sign-in/oidc/", include("bursar.product.sign_in_urls")),
    path("panel/keys/", include("bursar.product.urls")),
    path("panel/import/", include("bursar.product.import_urls")),
    path("panel", RedirectView.as_view(url="/panel/")),
    path("panel/actions/", include("bursar.actions.urls")),
    path("actions/", include("bursar.actions.urls", namespace="own_actions")),
    path("panel/files/", include("bursar.files.urls")),
    path("panel/book/", include("bursar.audit.urls")),
    path("panel/", include("bursar.panel.urls")),
    path("panel/usage/", include("bursar.rollup.urls")),
    path("panel/payments/", include("bursar.payments.urls")),
    path("panel/vat-ids/", include("bursar.billing.urls")),
    path("panel/invoices/reminders/", include("bursar.billing.reminder_urls")),
    path("panel/invoices/", include("bursar.billing.invoice_urls")),
    path("panel/at-risk/", include("bursar.attention.urls")),
    path("panel/requests/", include("bursar.requests.urls")),
    path("panel/training/", include("bursar.training.urls")),
    path("panel/support/", include("bursar.support.urls")),
    path("panel/visits/", include("bursar.dashboard.visit_urls")),
    path("panel/partners/", include("bursar.partners.urls")),
    path("panel/webhooks/", include("bursar.webhooks.urls")),
    path("", include("bursar.payments.hook_urls")),
    path("panel/to-approve/", include("bursar.approvals.urls")),
    path("panel/vat/", include("bursar.payments.vat_urls")),
    path("panel/refunds/", include("bursar.payments.refund_urls")),
    path("pay/", include("bursar.payments.pay_urls")),
    path("", include("bursar.training.certificate_urls")),
    path("", include("bursar.notifications.urls")),
    path("", include("bursar.staff.urls")),
    path("", include("bursar.dashboard.urls")),
]
navigation.ENTRIES.close()
QUEUES.close()
lists.VIEW_KEEPERS.close()
lists.ACCOUNT_FILTERS.close()
for registry in (OBSTACLES, FOLLOWERS, SOURCES, TURNS, AGREEMENTS, BRINGERS, NEEDS, FACTS, HOLDERS, PARTS):
    registry.close()
