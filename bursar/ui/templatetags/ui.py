"""Filters and tags that know no subject: numbers, instants, addresses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BoundField
from django.template.loader import get_template
from django.utils.html import format_html

from bursar.core import clock
from bursar.core import hours as core_hours
from bursar.core.days import is_end_of_day, say_day, say_end, say_instant
from bursar.core.money import format_money
from bursar.ui import drawn, icons
from bursar.ui.navigation import Shown, Side, build
from bursar.ui.sections import Loaded

register = template.Library()
NOTHING = "–"


@register.filter
def money(amount: Decimal | None) -> str:
    """ "1,234.00" """
    return NOTHING if amount is None else format_money(amount)


@register.filter
def money_or_dash(amount: Decimal | None) -> str:
    """As `money`; an en dash for nothing and for zero."""
    return format_money(amount) if amount else NOTHING


@register.filter
def hours(seconds: int | None) -> str:
    """Hours with one decimal, rounded half up; an en dash for none."""
    if not seconds:
        return NOTHING
    return core_hours.short_hours(int(seconds))


@register.filter
def clock_hours(seconds: int | None) -> str:
    """ "1 h 02" """
    return core_hours.clock_hours(int(seconds or 0))


@register.filter
def cap_hours(seconds: int) -> str:
    """ "10 h" for whole hours, else "1 h 30" """
    return core_hours.cap_hours(seconds)


@register.filter
def plain_hours(seconds: int) -> str:
    """ "1.25": what a chart reads from its table."""
    return core_hours.plain_hours(seconds)


@register.filter
def integer(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


@register.filter
def dash(value: object) -> object:
    return value if value not in (None, "") else NOTHING


@register.filter
def day(value: date | datetime | None, form: str = "long") -> str:
    """ "2 December 2026", or "2 Dec" with the form “short”, which names the year where it is not this one."""
    return NOTHING if value is None else say_day(value, is_short=form == "short", now=clock.now())


@register.filter
def end(at: datetime | None, form: str = "long") -> str:
    """The end of something: its last day, the same for every reader; or day and time in the reader's zone."""
    if at is None:
        return NOTHING
    return say_end(at, is_short=form == "short", now=clock.now()) if is_end_of_day(at) else instant(at)


@register.filter
def instant(at: datetime | None) -> str:
    """A <time> in UTC; the page's script shows it in the reader's zone, with UTC on hover."""
    if at is None:
        return NOTHING
    words = say_instant(at)
    return format_html('<time datetime="{}" title="{}" data-local>{}</time>', _utc(at), words, words)


@register.filter
def plain_instant(at: datetime | None) -> str:
    """As `instant`, in UTC and without a tag: for what stands in an attribute."""
    return NOTHING if at is None else say_instant(at)


@register.filter
def local_day(at: datetime | None) -> str:
    """As `instant`, the day alone; the time is on hover."""
    if at is None:
        return NOTHING
    words = say_instant(at)
    shown = words.partition(",")[0]
    return format_html('<time datetime="{}" title="{}" data-local="day">{}</time>', _utc(at), words, shown)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "a Mac"),
           ("Linux", "Linux"))  # fmt: skip


@register.filter
def browser(user_agent: str) -> str:
    """ "Firefox on Windows"; what names itself otherwise is shown as it does, shortened."""
    name = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((system for mark, system in SYSTEMS if mark in user_agent), "")
    return f"{name} on {system}" if name and system else name or user_agent[:60] or "unknown"


@register.simple_tag
def icon(name: str) -> str:
    """One of @tabler/icons, beside words that say the same: “{% icon "users" %}”."""
    return icons.draw(name)


@register.simple_tag
def once(template: str, **values: Any) -> str:
    """A part of the page that follows from these values alone: “{% once "ui/_look.html" %}”."""
    return drawn.draw(template, **values)


@register.simple_tag(takes_context=True)
def navigation(context: template.Context, side: str = "panel") -> list[Shown]:
    """The entries of one side, with the one we are on, and what was last counted beside them."""
    request = context["request"]
    match = request.resolver_match
    here = match.view_name if match else ""
    return build(Side(side), here, getattr(request, "actor", None), context.get("counts"))


@register.filter
def here(entries: list[Shown]) -> Shown | None:
    """The one we are on."""
    return next((shown for shown in entries if shown.is_here), None)


@register.simple_tag(takes_context=True)
def show_section(context: template.Context, loaded: Loaded) -> str:
    """One section with what it loaded, beside what the page knows."""
    chosen = loaded.section.template
    with context.push(section=loaded.section, **loaded.context):
        name = "ui/_section.html" if loaded.section.title else chosen
        return str(get_template(name).template.render(context))  # type: ignore[attr-defined]  # Django's own templates


@register.filter
def bare(field: BoundField, takes_focus: bool) -> str:
    """The field without a placeholder, which would only repeat the label and vanish while one types."""
    return str(field.as_widget(attrs={"placeholder": False, "autofocus": takes_focus}))
