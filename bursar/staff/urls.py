from allauth.account.views import LoginView, LogoutView
from django.urls import path

from bursar.staff import pages

urlpatterns = [
    path("sign-in/", LoginView.as_view(), name="account_login"),
    path("sign-in/link/<str:token>", pages.follow_link, name="sign_in_link"),
    path("sign-out/", LogoutView.as_view(), name="account_logout"),
]
