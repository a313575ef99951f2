"""The only pen of tenants' tables. One module a subject; every function takes a set, and one is a set of one."""

from bursar.tenants.store import accounts, handing, invitations, logins, memberships, organisations, people, workspaces
from bursar.tenants.store.accounts import lock_accounts
from bursar.tenants.store.told import Told
from bursar.tenants.store.written import Written

__all__ = [
    "Told",
    "Written",
    "accounts",
    "handing",
    "invitations",
    "lock_accounts",
    "logins",
    "memberships",
    "organisations",
    "people",
    "workspaces",
]
