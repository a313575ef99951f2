from django.urls import path

from bursar.partners import pages

app_name = "partners"

urlpatterns = [
    path("", pages.show_page, name="page"),
    path("export", pages.export, name="export"),
    path("external-led", pages.show_led, name="led"),
    path("<slug:organisation_id>", pages.show_partner, name="partner"),
    path("<slug:organisation_id>/statements/<slug:quarter>", pages.show_statement, name="statement"),
    path("<slug:organisation_id>/self-billing/<slug:quarter>", pages.show_self_billing, name="self_billing"),
    path("<slug:organisation_id>/self-billing/<slug:quarter>/e-invoice", pages.show_e_invoice, name="e_invoice"),
]
