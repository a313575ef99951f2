"""The referral ledger by hand: an entry is made, changed, ended. The client's discount comes and goes with it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, DayInput, Group, Loss, Outcome, Undo
from bursar.billing.seller import seller_day
from bursar.core.days import say_day
from bursar.core.money import euros, plain
from bursar.partners.actions.entries_kept import RESTORE, WITHDRAW, keep, undo_entry
from bursar.partners.models import ReferralEntry
from bursar.partners.queries import ledger
from bursar.partners.queries.sources import load_positions
from bursar.partners.rules import settling as rules
from bursar.partners.rules.accrual import Terms, calc_whole
from bursar.partners.store import entries as store
from bursar.partners.store.accruing import agreement_of
from bursar.plans.models import Discount, DiscountKind
from bursar.plans.queries import get_discount
from bursar.tenants.models import BillingAccount, Organisation

SET_DISCOUNT = "plans.account.set_discount"
REMOVE_DISCOUNT = "plans.account.remove_discount"
OTHER_DISCOUNT = (
    "The client's account has another discount: {words}. End that first, or make the entry without a client discount."
)


class TermsForm(ActionForm):
    rare = ("cap", "expires_on", "with_other", "notes")
    share = forms.IntegerField(
        label="Share, per cent", min_value=1, max_value=100, help_text="Of what the client really pays, without VAT."
    )
    cap = forms.DecimalField(
        label="Cap, EUR", required=False, min_value=Decimal("0.00"), max_digits=12, decimal_places=2,
        help_text="All that the entry may come to; empty for none.",
    )  # fmt: skip
    expires_on = forms.DateField(
        label="Last day", required=False, widget=DayInput(), help_text="Inclusive; empty for no end."
    )
    with_other = forms.BooleanField(
        label="Other money counts too", required=False,
        help_text="Trainings, pilots and other lines of invoices. Without it the subscription's money alone counts.",
    )  # fmt: skip
    client_discount = forms.IntegerField(
        label="Client's discount, per cent", required=False, min_value=0, max_value=100,
        help_text="A partner discount on the client's account, which ends with the entry; 0 or empty for none.",
    )  # fmt: skip
    notes = forms.CharField(
        label="Notes", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For colleagues. The partner does not see them.",
    )  # fmt: skip

    def clean_client_discount(self) -> int:
        return self.cleaned_data["client_discount"] or 0


class ReferForm(TermsForm):
    partner = forms.ChoiceField(label="Partner")
    starts_on = forms.DateField(
        label="First day", widget=DayInput(), help_text="What was received from this day on counts."
    )
    field_order = ("partner", "starts_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        partner = self.fields["partner"]
        assert isinstance(partner, forms.ChoiceField)
        partner.choices = [(one.public_id, one.name) for one in _partners(self.case)]
        self.leave_open("partner")
        self.fields["starts_on"].initial = seller_day(self.case.now)

    def clean_starts_on(self) -> date:
        day: date = self.cleaned_data["starts_on"]
        if day > seller_day(self.case.now):
            raise forms.ValidationError("An entry begins today at the latest.")
        return day


def _partners(case: Case) -> list[Organisation]:
    found: list[Organisation] = case.once("partners", ledger.list_partners)
    return found


def _partner_of(case: Case, data: Cleaned) -> Organisation:
    return next(one for one in _partners(case) if one.public_id == data["partner"])


def live_discount(case: Case, client: BillingAccount) -> Discount | None:
    found: Discount | None = case.once("client discount", lambda: get_discount(case.now, account_id=client.pk))
    return found


def _why_not_refer(case: Case, data: Cleaned) -> str | None:
    client, partner, today = case.target, _partner_of(case, data), seller_day(case.now)
    sentence = rules.why_not_refer(
        partner_id=partner.pk, organisation_id=client.organisation_id, is_partner=partner.is_partner,
        partner=partner.name,
    ) or rules.why_not_run(data["starts_on"], data["expires_on"], today)  # fmt: skip
    sentence = sentence or why_overlap(client, data["starts_on"], data["expires_on"])
    return sentence or _why_not_discount(case, client, 0, data["client_discount"])


def why_overlap(client: BillingAccount, starts_on: date, expires_on: date | None, but: int = 0) -> str | None:
    other = ledger.find_overlap(client, starts_on, expires_on, but)
    return rules.why_overlap(other.partner.name, other.starts_on, other.expires_on) if other else None


def _why_not_discount(case: Case, client: BillingAccount, before: int, wanted: int) -> str | None:
    """before: what the entry gave so far; then the account's partner discount is this entry's own."""
    live = live_discount(case, client)
    is_own = live is not None and before > 0 and live.kind == DiscountKind.PARTNER
    if live is None or is_own or not wanted:
        return None
    return OTHER_DISCOUNT.format(words=f"{live.percent} % {live.get_kind_display()}")


def _follow_discount(act: Act, client: BillingAccount, before: int, wanted: int, last_day: date | None) -> None:
    """The client's discount becomes what the entry says. Somebody else's is left alone."""
    live = live_discount(act.case, client)
    own = live if live is not None and before and live.kind == DiscountKind.PARTNER else None
    if wanted and (own is None or (own.percent, own.end_date) != (wanted, last_day)):
        end = last_day.isoformat() if last_day else ""
        act.also(SET_DISCOUNT, client, {"kind": DiscountKind.PARTNER.value, "percent": wanted, "end_date": end})
    elif own is not None and not wanted:
        act.also(REMOVE_DISCOUNT, client, {})


def say_terms(share: int, *, with_other: bool) -> str:
    return f"{share} % of {'all money' if with_other else 'the subscription'}"


def say_cap(cap: Decimal | None) -> str:
    return "no cap" if cap is None else euros(cap)


def say_last(day: date | None) -> str:
    return say_day(day) or "no end"


@action(
    key="partners.account.refer",
    on=BillingAccount,
    form=ReferForm,
    label="Add referral…",
    inverse=(WITHDRAW,),
    opposite="partners.referral.end",
    group=Group.PARTNER,
    done="Referral added",
    icon="affiliate",
    code="ar",
    formerly=("commission", "affiliate", "reseller"),
    help="Writes into the referral ledger which partner brought this client, and which share of what the client pays "
    "the partner gets. With a client discount the account gets that at once.",
    when="When a partner agreement says so for this client. Entries of one client never overlap: end the present one "
    "first. For a discount without a partner's share use “Discount”.",
    concerns_money=True,
    refused=_why_not_refer,
    calls=(SET_DISCOUNT,),
)
def refer(act: Act, client: BillingAccount, data: Cleaned) -> Outcome:
    partner = _partner_of(act.case, data)
    made = store.add(
        {
            "partner": partner, "client": client, "created_at": act.now,
            **{name: data[name] for name in ("starts_on", "expires_on", "cap", "client_discount", "notes")},
        },
        data["share"], with_other=data["with_other"],
    )  # fmt: skip
    _follow_discount(act, client, 0, data["client_discount"], data["expires_on"])
    words = say_terms(data["share"], with_other=data["with_other"])
    changes = [
        Change("Partner", "", partner.name),
        Change("Share", "", words, concerns_money=True),
        Change("Cap", "", say_cap(made.cap), concerns_money=True),
        Change("Last day", "", say_last(made.expires_on)),
    ]
    sentence = f"{partner.name} gets {words} of {client}, from {say_day(made.starts_on)} on."
    undo = Undo(WITHDRAW, {"entry": made.public_id}, left=keep(made).as_json())
    told = {"referral": made.public_id}
    return Outcome(sentence, changes, touches=[made.public_id, partner.public_id], data=told, undo=undo)


class EditForm(TermsForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entry, terms = self.case.target, terms_of(self.case)
        values = {name: getattr(entry, name) for name in ("expires_on", "client_discount", "notes")}
        values |= {"share": terms.share, "with_other": terms.with_other, "cap": plain(entry.cap)}
        for name, value in values.items():
            self.fields[name].initial = value


def terms_of(case: Case) -> Terms:
    """Those that hold now, or held last."""
    terms: tuple[Terms, ...] = agreement_of(case.target).terms
    return terms[-1]


def accrued_of(case: Case) -> Decimal:
    """What the entry comes to as its sources stand, EUR."""
    entry: ReferralEntry = case.target
    found: Decimal = case.once("accrued", lambda: calc_whole(agreement_of(entry), load_positions(entry.client_id)))
    return found


def _why_over(case: Case) -> str | None:
    return rules.why_over(case.target.expires_on, seller_day(case.now))


def _why_not_edit(case: Case, data: Cleaned) -> str | None:
    entry: ReferralEntry = case.target
    today = seller_day(case.now)
    sentence = rules.why_not_run(entry.starts_on, data["expires_on"], today)
    sentence = sentence or why_overlap(entry.client, entry.starts_on, data["expires_on"], entry.pk)
    sentence = sentence or rules.why_not_cap(data["cap"], accrued_of(case))
    return sentence or _why_not_discount(case, entry.client, entry.client_discount, data["client_discount"])


def _foresee_edit(case: Case, data: Cleaned) -> list[str]:
    entry, said = case.target, []
    if entry.cap is not None and (data["cap"] is None or data["cap"] > entry.cap):
        said.append("What was received above the former cap counts up to the new one.")
    if (data["share"], data["with_other"]) != (terms_of(case).share, terms_of(case).with_other):
        said.append("Another share holds for what is received from today on.")
    return said


def _list_edits(case: Case, data: Cleaned) -> list[Change]:
    entry, terms = case.target, terms_of(case)
    pairs = [
        ("Share", say_terms(terms.share, with_other=terms.with_other),
         say_terms(data["share"], with_other=data["with_other"])),
        ("Cap", say_cap(entry.cap), say_cap(data["cap"])),
        ("Last day", say_last(entry.expires_on), say_last(data["expires_on"])),
        ("Client's discount", f"{entry.client_discount} %", f"{data['client_discount']} %"),
        ("Notes", entry.notes, data["notes"]),
    ]  # fmt: skip
    return [Change(label, was, now, concerns_money=True) for label, was, now in pairs if was != now]


@action(
    key="partners.referral.edit",
    on=ReferralEntry,
    form=EditForm,
    label="Edit referral…",
    inverse=(RESTORE,),
    group=Group.PARTNER,
    done="Referral changed",
    icon="pencil",
    code="er",
    formerly=("change commission",),
    help="Changes share, cap, last day, notes or the client's discount. Another share holds from today on; the cap and "
    "the last day hold for the whole entry.",
    when="When the agreement was changed. What was settled stays; an entry that is over is not brought back.",
    concerns_money=True,
    blocked=_why_over,
    refused=lambda case, data: (
        _why_not_edit(case, data) or (None if _list_edits(case, data) else "That is what holds already.")
    ),
    preview=_foresee_edit,
    calls=(SET_DISCOUNT, REMOVE_DISCOUNT),
)
def edit_referral(act: Act, entry: ReferralEntry, data: Cleaned) -> Outcome:
    changes, before, terms = _list_edits(act.case, data), entry.client_discount, terms_of(act.case)
    was = keep(entry)
    if (data["share"], data["with_other"]) != (terms.share, terms.with_other):
        store.set_terms(entry, seller_day(act.now), data["share"], with_other=data["with_other"])
    store.put(entry, **{name: data[name] for name in ("expires_on", "cap", "client_discount", "notes")})
    _follow_discount(act, entry.client, before, data["client_discount"], data["expires_on"])
    return Outcome(
        f"The entry of {entry.client} by {entry.partner.name} is changed.", changes, undo=undo_entry(was, entry)
    )


class EndForm(ActionForm):
    last_day = forms.DateField(
        label="Last day", widget=DayInput(), help_text="What is received on it still counts. Today or later."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["last_day"].initial = seller_day(self.case.now)


def _why_not_end(case: Case, data: Cleaned) -> str | None:
    entry: ReferralEntry = case.target
    if sentence := rules.why_not_run(entry.starts_on, data["last_day"], seller_day(case.now)):
        return sentence
    if entry.expires_on is not None and data["last_day"] >= entry.expires_on:
        return f"It ends on {say_day(entry.expires_on)} already. “Edit referral” makes it last longer."
    return None


@action(
    key="partners.referral.end",
    on=ReferralEntry,
    form=EndForm,
    label="End referral…",
    inverse=(RESTORE,),
    group=Group.PARTNER,
    done="Referral ended",
    icon="circle-off",
    code="en",
    formerly=("stop commission",),
    help="Ends it with a last day: what is received later does not count. What goes back later is still taken "
    "off. The client's "
    "partner discount ends on that day too.",
    when="When the agreement ends before its own last day. What is owed by then stays owed.",
    concerns_money=True,
    blocked=_why_over,
    refused=_why_not_end,
    preview=lambda case, data: [Loss(f"What is received after {say_day(data['last_day'])} gives the partner nothing.")],
    calls=(SET_DISCOUNT,),
    takes_away=True,
)
def end_referral(act: Act, entry: ReferralEntry, data: Cleaned) -> Outcome:
    before, was = say_last(entry.expires_on), keep(entry)
    store.put(entry, expires_on=data["last_day"], ended_at=act.now)
    live = live_discount(act.case, entry.client)
    if live is not None and live.kind == DiscountKind.PARTNER:
        _follow_discount(act, entry.client, entry.client_discount, entry.client_discount, data["last_day"])
    changes = [Change("Last day", before, say_day(data["last_day"]))]
    sentence = f"The entry of {entry.client} by {entry.partner.name} ends on {say_day(data['last_day'])}."
    return Outcome(sentence, changes, undo=undo_entry(was, entry))
