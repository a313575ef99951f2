from django.urls import path

from bursar.payments import refund_pages

app_name = "refunds"

urlpatterns = [path("<slug:refund_id>", refund_pages.show_refund, name="refund")]
