from django.urls import path
from django.views.generic import RedirectView

from bursar.panel import book_pages, jump, pages, story_pages, undo_pages

app_name = "panel"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="rollup:page"), name="home"),
    path("counts", pages.show_counts, name="counts"),
    path("book/", book_pages.show_book, name="book"),
    path("book/export", book_pages.export, name="export_book"),
    path("undo/", undo_pages.show_undo, name="undo"),
    path("keys-help", pages.show_keys_help, name="keys_help"),
    path("jump", jump.show_jump, name="jump"),
    path("accounts/<slug:account_id>", pages.show_account, name="account"),
    path("accounts/<slug:account_id>/story", story_pages.show_account_story, name="account_story"),
    path("invoices/<slug:invoice_id>", pages.show_invoice, name="invoice"),
    path("workspaces/<slug:workspace_id>", pages.show_workspace, name="workspace"),
    path("workspaces/<slug:workspace_id>/story", story_pages.show_workspace_story, name="workspace_story"),
    path("people/<slug:person_id>", pages.show_person, name="person"),
    path("people/<slug:person_id>/story", story_pages.show_person_story, name="person_story"),
    path("organisations/<slug:organisation_id>", pages.show_organisation, name="organisation"),
    path("organisations/<slug:organisation_id>/story", story_pages.show_organisation_story, name="organisation_story"),
]
