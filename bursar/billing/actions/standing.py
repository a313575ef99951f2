"""How an account stands before what is to be invoiced, loaded once a case."""

from __future__ import annotations

from bursar.actions.spec import Case
from bursar.billing.queries import to_issue
from bursar.billing.rules.to_issue import AskedPeriod, Standing
from bursar.plans.actions.shared import state_of
from bursar.plans.queries import load_catalogue
from bursar.plans.rules import Catalogue


def catalogue_of(case: Case) -> Catalogue:
    found: Catalogue = case.once("catalogue", load_catalogue)
    return found


def asked_of(case: Case) -> list[AskedPeriod]:
    found: list[AskedPeriod] = case.once("asked", lambda: to_issue.list_asked([case.target.pk]).get(case.target.pk, []))
    return found


def standing_of(case: Case) -> Standing:
    found: Standing = case.once("invoicing standing", lambda: _read(case))
    return found


def _read(case: Case) -> Standing:
    is_asked = bool(to_issue.list_pilots_asked([case.target.pk]))
    return to_issue.read_standing(state_of(case), asked_of(case), is_asked, case.now, catalogue_of(case))
