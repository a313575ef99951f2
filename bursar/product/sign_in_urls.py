"""Beside the sign-in page; the names are the library's."""

from django.urls import path

from bursar.product import oidc

urlpatterns = [
    path("<slug:provider_id>/login/", oidc.log_in, name="openid_connect_login"),
    path("<slug:provider_id>/login/callback/", oidc.come_back, name="openid_connect_callback"),
]
