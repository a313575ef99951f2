from django.urls import path

from bursar.notifications import delivery_pages, mail_pages, pages, stop_pages

app_name = "notifications"

urlpatterns = [
    path("panel/notices/", pages.show_notices, name="staff_notices"),
    path("panel/notices/read", pages.read, name="staff_read"),
    path("panel/notices/<slug:notice_id>/open", pages.open_notice, name="staff_open"),
    path("notices/", pages.show_notices, name="own_notices"),
    path("notices/bell", pages.show_bell, name="own_bell"),
    path("notices/read", pages.read, name="own_read"),
    path("notices/<slug:notice_id>/open", pages.open_notice, name="own_open"),
    path("notices/stop/<str:token>", stop_pages.stop_mail, name="stop"),
    path("panel/deliveries/", delivery_pages.show_deliveries, name="deliveries"),
    path("panel/deliveries/<slug:delivery_id>", delivery_pages.show_delivery, name="delivery"),
    path("panel/mail/", mail_pages.show_mails, name="mails"),
    path("panel/mail/<slug:mail_id>", mail_pages.show_mail, name="mail"),
    path("panel/mail/<slug:mail_id>/html", mail_pages.show_html, name="mail_html"),
]
