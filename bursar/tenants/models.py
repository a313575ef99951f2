from __future__ import annotations

from django.db import models
from django.db.models import Q

from bursar.access.models import User
from bursar.core import clock
from bursar.core.dated import Dated, no_overlap, span_is_positive
from bursar.core.ids import PublicIdField
from bursar.core.sortkey import sort_key

PEN = "bursar.tenants.store"


class Scope(models.TextChoices):
    ORGANISATION = "organisation", "organisation"
    WORKSPACE = "workspace", "workspace"


class Kind(models.TextChoices):
    INTERNAL = "internal", "internal"
    EXTERNAL_CLIENT = "external_client", "external client"


class Visibility(models.TextChoices):
    OPEN = "open_to_organisation", "open to organisation"
    INVITE_ONLY = "invite_only", "invite only"
    PRIVATE = "private", "private"


class OrganisationRole(models.TextChoices):
    OWNER = "owner", "owner"
    ADMIN = "admin", "admin"
    MEMBER = "member", "member"
    BILLING = "billing", "billing"


class WorkspaceRole(models.TextChoices):
    OWNER = "owner", "owner"
    ADMIN = "admin", "admin"
    MEMBER = "member", "member"
    BILLING = "billing", "billing"
    EXTERNAL = "external", "external"
    OBSERVER = "observer", "observer"


class InvitationState(models.TextChoices):
    PENDING = "pending", "pending"
    ACCEPTED = "accepted", "accepted"
    WITHDRAWN = "withdrawn", "withdrawn"
    EXPIRED = "expired", "expired"


class Person(models.Model):
    """Somebody the product knows. `user` is set once they can sign in here; `pushed_at` when a push last spoke."""

    public_id = PublicIdField(prefix="per")
    external_id = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    sort_key = models.CharField(max_length=320, editable=False, db_index=True)
    user = models.OneToOneField(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="person")
    changed_at = models.DateTimeField(default=clock.now)
    erased_at = models.DateTimeField(null=True, blank=True)
    pushed_at = models.DateTimeField(null=True, blank=True)

    pen = PEN

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = sort_key(self.name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # Django's own signature, passed on


class Organisation(models.Model):
    """`changed_at`: as the product says; null: imported. `partner_set_at`: when staff last said whether it is one."""

    public_id = PublicIdField(prefix="org")
    external_id = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    sort_key = models.CharField(max_length=200, editable=False, db_index=True)
    country = models.CharField(max_length=2, blank=True)
    is_partner = models.BooleanField(default=False)
    partner_set_at = models.DateTimeField(null=True, blank=True)
    creator = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    pen = PEN

    def __str__(self) -> str:
        return self.name

    @property
    def awaits_product(self) -> bool:
        """As a workspace does."""
        return self.external_id == self.public_id

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = sort_key(self.name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # Django's own signature, passed on


class BillingAccount(models.Model):
    """The payer; owns every commercial term.

    `label` is the account's own name or empty; `sort_key` is of the name that is shown.
    `clock_at` is the last instant at which an action changed it: its clock never steps back.
    """

    public_id = PublicIdField(prefix="acc")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="accounts")
    scope = models.CharField(max_length=12, choices=Scope.choices, default=Scope.ORGANISATION)
    label = models.CharField(max_length=200, blank=True)
    shown_label = models.CharField(max_length=200, editable=False)
    sort_key = models.CharField(max_length=200, editable=False, db_index=True)
    created_at = models.DateTimeField()
    clock_at = models.DateTimeField(null=True, blank=True)

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_pooled_account", fields=["organisation"], condition=Q(scope=Scope.ORGANISATION)
            )
        ]

    def __str__(self) -> str:
        return self.shown_label


class Workspace(models.Model):
    """`account` is the present payer; `WorkspaceAccount` keeps who paid when.

    `here_from`, `here_until`: when it was made, and when it went, by a push or an action. History that is imported
    reaches back from there and never takes them away. `visibility_set_at`: when staff last said who finds it.
    """

    public_id = PublicIdField(prefix="wsp")
    external_id = models.CharField(max_length=100, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="workspaces")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="workspaces")
    name = models.CharField(max_length=200)
    sort_key = models.CharField(max_length=200, editable=False, db_index=True)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.INTERNAL)
    visibility = models.CharField(max_length=24, choices=Visibility.choices, default=Visibility.OPEN)
    data_owner = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    data_owner_email = models.EmailField(blank=True)
    agreement_accepted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    here_from = models.DateTimeField(null=True, blank=True)
    here_until = models.DateTimeField(null=True, blank=True)
    visibility_set_at = models.DateTimeField(null=True, blank=True)

    feeds_facts = True
    pen = PEN

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="data_owner_only_for_clients",
                condition=Q(kind=Kind.EXTERNAL_CLIENT) | Q(data_owner=None, data_owner_email=""),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def awaits_product(self) -> bool:
        """Made here: it goes by Bursar's own id until the product has reported its own."""
        return self.external_id == self.public_id

    @property
    def visibility_waits(self) -> bool:
        """Staff set it, and the product has not spoken since."""
        said = self.visibility_set_at
        return said is not None and (self.changed_at is None or self.changed_at < said)

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = sort_key(self.name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # Django's own signature, passed on


class WorkspaceAccount(Dated):
    """Which account paid for a workspace, and when."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="account_history")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="workspace_history")

    feeds_facts = True
    pen = PEN

    class Meta:
        constraints = [no_overlap("one_account_at_a_time", "workspace"), span_is_positive("workspace_account_span")]


class OrganisationMembership(Dated):
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="organisation_memberships")
    role = models.CharField(max_length=10, choices=OrganisationRole.choices)
    changed_at = models.DateTimeField(null=True, blank=True)
    is_commanded = models.BooleanField(default=False)

    pen = PEN

    class Meta:
        constraints = [
            no_overlap("one_role_in_organisation", "organisation", "person"),
            span_is_positive("organisation_membership_span"),
        ]


class WorkspaceMembership(Dated):
    """A direct membership. `is_support` marks a temporary support member: never a seat, login or contact.

    `changed_at`: when the product, or a colleague (`is_commanded`), last said so. A command waits for the product
    until a newer push says the same, or something else.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="workspace_memberships")
    role = models.CharField(max_length=10, choices=WorkspaceRole.choices)
    is_support = models.BooleanField(default=False)
    changed_at = models.DateTimeField(null=True, blank=True)
    is_commanded = models.BooleanField(default=False)

    feeds_facts = True
    pen = PEN

    class Meta:
        constraints = [
            no_overlap("one_role_in_workspace", "workspace", "person"),
            span_is_positive("workspace_membership_span"),
        ]


class Invitation(models.Model):
    """Somebody was asked into a workspace: shown, never a seat, a contact or a figure.

    One that ended keeps no address, and one that was erased (`erased_at`) never gets it back.
    """

    public_id = PublicIdField(prefix="ivt")
    external_id = models.CharField(max_length=100, unique=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=10, choices=WorkspaceRole.choices)
    invited_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="sent_invitations"
    )
    invited_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=InvitationState.choices, default=InvitationState.PENDING)
    ended_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    pen = PEN

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="pending_until_ended",
                condition=Q(state=InvitationState.PENDING, ended_at=None)
                | ~Q(state=InvitationState.PENDING) & Q(ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="ended_without_address", condition=Q(state=InvitationState.PENDING) | Q(email="")
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class Login(models.Model):
    """How often a person signed in to the product on a UTC day."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="logins")
    day = models.DateField()
    count = models.PositiveIntegerField()

    pen = PEN

    class Meta:
        constraints = [models.UniqueConstraint(name="one_login_row_a_day", fields=["person", "day"])]
