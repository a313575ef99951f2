"""A row removed or changed by hand is named by `verify`, column by column. The columns are read from the tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import models

from bursar.actions.run import run
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.models import InstallationFact
from bursar.plans.models import PinnedPrice
from bursar.rollup.models import AccountMonth, MonthRestatement, Unprojected, WorkspaceMonth
from bursar.rollup.refresh import refresh
from bursar.rollup.verify import list_differences
from bursar.tenants.models import BillingAccount, Organisation, Person, Workspace, WorkspaceAccount
from bursar.usage.models import Meter, UsageEvent, UsageMonth
from tests.cast import NOW, Cast, bring_all, prove, usage
from tests.rollup.test_ended import push_panel
from tests.rollup.test_marks import undone

# Tables that follow from others, whole; and the columns of source tables that do. Left out: what nothing follows from,
# the number of a row and, in a restatement, the words of why and what stood there before it.
DERIVED: dict[Any, set[str]] = {
    AccountMonth: set(),
    WorkspaceMonth: set(),
    UsageMonth: set(),
    Meter: set(),
    MonthRestatement: {"public_id", "why", "before"},
}
COLUMNS: dict[Any, set[str]] = {
    UsageEvent: {"tier"},
    BillingAccount: {"shown_label", "sort_key"},
    Organisation: {"sort_key"},
    Person: {"sort_key"},
    Workspace: {"sort_key", "account"},
    PinnedPrice: {"tier_rank"},
}


def list_columns(model: Any) -> list[Any]:
    if model in COLUMNS:
        return [model._meta.get_field(name) for name in sorted(COLUMNS[model])]
    return [field for field in _fields(model) if field.name not in DERIVED[model]]


def _fields(model: Any) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


def another(field: Any, value: Any) -> Any:
    """A value of the same kind that is not this one."""
    if isinstance(field, models.ForeignKey):
        others: Any = field.related_model
        return others.objects.exclude(pk=value).order_by("-pk").first().pk
    if isinstance(field, models.DateTimeField):
        return (value or NOW) + timedelta(days=4000)
    if isinstance(field, models.DateField):
        return date(2001, 1, 1)
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.JSONField):
        return {"code": "odd", "klass": "odd"}
    if isinstance(field, models.CharField):
        return "odd" if value != "odd" else "even"
    if isinstance(field, (models.DecimalField, models.IntegerField)):
        return (value or Decimal(0)) + 1
    return ["odd"]  # an array


@pytest.fixture
def lived(cast: Cast) -> Cast:
    """Some history: a closed month that was restated, a workspace that ended, a meter that is full, a kept price."""
    bring_all(
        usage("klimaat", "k", NOW - timedelta(days=2), 3600),
        {"kind": "price", "account": {"organisation": "haarlem"}, "tier": "guardian", "cadence": "yearly",
         "rate": "140", "from": NOW - timedelta(days=20)},
    )  # fmt: skip
    run("plans.account.set_discount", cast.iris, cast.oost.public_id, {"kind": "partner", "percent": "10"}, reason="x")
    refresh(NOW)
    bring_all({"kind": "discount", "account": {"organisation": "oost"}, "type": "partner", "percent": 20,
               "from": NOW - timedelta(days=70), "until": NOW - timedelta(days=30)})  # fmt: skip
    push_panel(NOW + timedelta(days=1), deleted=True)
    return cast


AT = datetime(2026, 12, 4, tzinfo=UTC)


@pytest.mark.parametrize("model", [*DERIVED, *COLUMNS], ids=lambda model: model.__name__)
def test_every_changed_column_is_named(lived: Cast, model: Any) -> None:
    unnamed = []
    with clock.frozen(AT):
        prove()
        for field in list_columns(model):
            for row in _samples(model):
                with undone():
                    _change(model, row, field)
                    found = [str(difference) for difference in list_differences(AT)]
                    word = f"{field.attname} " if field.attname in _named(model) else ""
                    if not any(word in text for text in found):
                        unnamed.append((field.name, row.pk, found))
        prove()
    assert not unnamed


def _change(model: Any, row: Any, field: Any) -> None:
    value = another(field, getattr(row, field.attname))
    if isinstance(field, models.ForeignKey) and field.remote_field.model in (BillingAccount, Workspace):
        months = {"month": row.month} if hasattr(row, "month") else {}
        if months and model is not MonthRestatement:
            model.objects.filter(**{field.attname: value}, **months).delete()  # the row takes its place
    assert model.objects.filter(pk=row.pk).update(**{field.attname: value}) == 1


def _named(model: Any) -> set[str]:
    """Columns of the facts are named as they are called."""
    if model not in (AccountMonth, WorkspaceMonth):
        return set()
    return {field.attname for field in _fields(model)} - {"account_id", "workspace_id", "month", "recorded_seconds"}


def _samples(model: Any) -> list[Any]:
    """One of a closed month and one of the open month, where there are months."""
    rows = model.objects.order_by("pk")
    if model in (AccountMonth, WorkspaceMonth):
        return [rows.filter(month=month).first() for month in ("2026-10-01", "2026-12-01")]
    return [rows.first()]


@pytest.mark.parametrize("model", DERIVED, ids=lambda model: model.__name__)
def test_every_removed_row_is_named(lived: Cast, model: Any) -> None:
    with clock.frozen(AT):
        prove()
        for row in model.objects.order_by("?")[:8]:
            with undone():
                row.delete()
                assert list(list_differences(AT)), row.__dict__


def test_the_row_of_an_ended_workspace_is_as_well_kept(lived: Cast) -> None:
    ended = WorkspaceMonth.objects.get(workspace=lived.panel, month="2026-11-01")
    with clock.frozen(AT):
        prove()
        for changed in ({"is_live": True}, {"ended_at": AT}, {"cap_seconds": 3600}, {"recorded_seconds": 0}):
            with undone():
                WorkspaceMonth.objects.filter(pk=ended.pk).update(**changed)
                assert list(list_differences(AT)), changed
        with undone():
            AccountMonth.objects.filter(account=lived.samen, month="2026-11-01").update(is_listed=False)
            assert list(list_differences(AT))


def test_rows_that_nothing_stands_behind_are_named(lived: Cast) -> None:
    with clock.frozen(AT):
        refresh(AT)
        oldest = AccountMonth.objects.filter(account=lived.oost).earliest("month")
        with undone():
            oldest.pk, oldest.month = None, date(2020, 1, 1)
            oldest.save()
            assert list(list_differences(AT))
        with undone():
            WorkspaceMonth.objects.create(
                workspace=lived.lab, account=lived.oost, month=date(2020, 1, 1), tier="free", base_tier="free", seats=0,
                externals=0, observers=0,
            )  # fmt: skip
            assert list(list_differences(AT))
        with undone():
            UsageMonth.objects.create(workspace=lived.lab, month=date(2026, 11, 1), seconds=0)
            assert list(list_differences(AT))
        with undone():
            Meter.objects.create(workspace=lived.lab, tier="pilot", seconds=5)
            assert list(list_differences(AT))
        with undone():
            UsageEvent.objects.filter(workspace=lived.klimaat).delete()
            assert list(list_differences(AT))
        with undone():
            WorkspaceAccount.objects.filter(workspace=lived.noord).delete()
            assert list(list_differences(AT))


def test_marks_and_the_roll_are_looked_at(lived: Cast) -> None:
    with clock.frozen(AT):
        prove()
        with undone():
            Unprojected.objects.create(account=lived.oost, month=date(2026, 11, 1), due_at=AT + timedelta(days=9))
            assert "waits to be computed" in str(next(iter(list_differences(AT))))
        with undone():
            InstallationFact.objects.filter(name="rolled_to").update(value="2099-01")
            assert [d.what for d in list_differences(AT)] == ["newest month"]


def test_one_account_and_one_month_alone(lived: Cast) -> None:
    with clock.frozen(AT):
        prove()
        AccountMonth.objects.filter(account=lived.oost, month="2026-10-01").update(seats=9)
        october, public_id = Month(2026, 10), lived.oost.public_id
        assert [d.what for d in list_differences(AT, account=public_id)] == ["seats"]
        assert not list(list_differences(AT, account=lived.samen.public_id))
        assert next(d.where for d in list_differences(AT, month=october)) == f"{public_id} 2026-10"
        assert not list(list_differences(AT, month=october.next()))
