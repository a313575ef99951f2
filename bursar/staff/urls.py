from allauth.account import views as account
from allauth.account.views import LoginView, LogoutView
from django.urls import include, path
from django.views.generic import RedirectView

from bursar.staff import pages

urlpatterns = [
    path("sign-in/", LoginView.as_view(), name="account_login"),
    path("sign-in/link/<str:token>", pages.follow_link, name="sign_in_link"),
    path("sign-in/closed", RedirectView.as_view(url="/sign-in/"), name="account_signup"),
    path("sign-in/with/", include("allauth.socialaccount.urls")),
    path("sign-out/", LogoutView.as_view(), name="account_logout"),
    path("account/", pages.show_account, name="account"),
    path("account/inactive", account.account_inactive, name="account_inactive"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/password/set/", account.password_set, name="account_set_password"),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("account/sessions/", include("allauth.usersessions.urls")),
    path("panel/staff/", pages.show_staff, name="staff_list"),
    path("panel/staff/roles", pages.show_roles, name="staff_roles"),
]
