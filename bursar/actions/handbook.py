"""An action's page of the handbook, from its declaration alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bursar.access.rights import By, Own, Right, explain_missing
from bursar.actions.registry import ACTIONS, TARGETS, list_actions_on
from bursar.actions.schema import describe_fields
from bursar.actions.sentences import list_refusals
from bursar.actions.spec import Action, Notice, Reason

Roles = Mapping[str, frozenset[str]]

PRODUCT = "(../../product-api.md)."
TOLD = {
    Notice.WORKSPACE_ADMINS: "the admins and owners of the workspaces concerned",
    Notice.BILLING: "the customer's billing people",
    Notice.GRANTER: "the colleague who granted what ends, else the account manager, else the leads",
    Notice.MANAGER: "the account manager",
    Notice.STAFF: "every colleague who may act",
    Notice.LEADS: "the leads",
    Notice.ORGANISATION_ADMINS: "the owners and admins of the organisation",
    Notice.REQUESTER: "whoever asked",
    Notice.OWN_PEOPLE: "the workspace's own admins and billing people, of a plain member's ask",
    Notice.FORMER: "who runs or pays in the organisation that it left",
    Notice.APPROVERS: "colleagues who decide on what waits for a second person",
    Notice.ASKER: "the colleague who asked for it",
}
REASONS = {
    Reason.REQUIRED: "Required. It stays in the book, for colleagues; the customer never sees it.",
    Reason.OPTIONAL: "Optional. It stays in the book, for colleagues; the customer never sees it.",
    Reason.NONE: "Not asked for.",
}


def action_page(action: Action, roles: Roles) -> str:
    """Markdown. `roles`: the rights of each role by its name, in their order."""
    parts = [
        f"# {heading(action)}",
        f"On: **{TARGETS[action.target_slug].label}** · key `{action.key}`",
        action.help,
        _finding(action),
        f"## When to reach for it\n\n{action.when}",
        f"## Who may\n\n{_who(action, roles)}",
        f"## What it asks for\n\n{_fields(action)}\n\n**Reason.** {REASONS[action.reason]}",
        f"## What follows\n\n{_follows(action)}",
        _refusals(action),
        f"## From a program\n\n{_programs(action)}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _finding(action: Action) -> str:
    if not action.in_menu:
        return ""
    words = f", or by what else it is called: {', '.join(action.formerly)}" if action.formerly else ""
    return f"In the kebab type <kbd>{action.code}</kbd>, or its name{words}."


def heading(action: Action) -> str:
    """Two levers may share a label: what they act on tells them apart, in search results too."""
    kind = TARGETS[action.target_slug].label
    return action.title if action.target_slug == "company" else f"{action.title} ({kind})"


def index_page() -> str:
    """Every action by what it acts on."""
    parts = [
        "# Actions",
        "Everything that changes anything is an action. Each has a page: when to reach for it, who may, what it asks "
        "for, whom it tells, and what it refuses. Which one fits what you see: "
        "[Choosing the right lever](../choosing-the-right-lever.md).",
    ]
    for slug, actions in by_target().items():
        rows = [f"| [{made.title}]({made.key}.md) | {_cell(made.help)} |" for made in actions]
        parts.append("\n".join([f"## On {_subject(slug)}\n", "| action | what it does |", "|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def by_target() -> dict[str, list[Action]]:
    """Actions by their title under each target; what hangs on one row first, the company's own last."""
    slugs = sorted({made.target_slug for made in ACTIONS.values()}, key=lambda slug: (slug == "company", slug))
    return {slug: sorted(list_actions_on(slug), key=lambda made: (made.title, made.key)) for slug in slugs}


def _subject(slug: str) -> str:
    label = TARGETS[slug].label
    return label if label.startswith(("the ", "one's ")) else f"{'an' if label[0] in 'aeiouAEIOU' else 'a'} {label}"


def _who(action: Action, roles: Roles) -> str:
    right = action.permission
    if right is None:
        words = ["Everybody, for themselves. No right is needed."]
    elif isinstance(right, By):
        words = [f"{explain_missing(right)} No staff role holds this."]
    elif isinstance(right, Own):
        words = ["Customers, on their own pages, where their role reaches. No staff role holds this."]
    elif not isinstance(right, Right):
        words = [f"The product's systems, with a key of the scope `{right.value}`. No staff role holds this."]
    else:
        may = [name for name, rights in roles.items() if right.value in rights]
        words = [f"Right `{right.value}` ({right.label}): {', '.join(may) or 'no shipped role'}."]
        words.append("Operators may have changed the roles: *Staff → Roles and actions* shows yours.")
    if action.danger:
        words.append("It asks you to confirm that it is you: password, authenticator code or passkey.")
    if isinstance(right, Right) and action.target_slug in ("account", "workspace"):
        words.append("Nobody does it on an account of which they are a customer themselves.")
    return " ".join(words)


def _fields(action: Action) -> str:
    described = describe_fields(action)
    if not described:
        return "No fields."
    rows = [_field_row(field) for field in described]
    return "\n".join(["| field | name | type | note |", "|---|---|---|---|", *rows])


def _field_row(field: dict[str, Any]) -> str:
    notes = [field["help"], "" if field["required"] else "Optional."]
    if field["choices"]:
        notes.append(f"One of {', '.join(f'`{choice}`' for choice in field['choices'])}.")
    kind = field["format"] or field["type"]
    return f"| {_cell(field['label'])} | `{field['name']}` | {kind} | {_cell(' '.join(filter(None, notes)))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _follows(action: Action) -> str:
    points = [_customer_sees(action), _tells(action)]
    if action.event:
        points.append(f"**The product** hears of it by the webhook event `{action.event}`.")
    if action.inverse:
        links = ", ".join(f"[{ACTIONS[key].title}]({key}.md)" for key in action.inverse)
        points.append(
            f"**[Undo](../undoing.md)**, for 24 hours, from the message that appears or on top of the kebab, by {links}"
            "; refused once something newer was done there."
        )
    elif action.way_back:
        points.append(
            "**Only as an [Undo](../undoing.md)**: it takes one line of the book back, and does nothing else."
        )
    elif action.is_harmless:
        points.append(f"**Undo**: nothing to undo. {action.instead}")
    else:
        points.append(f"**Undo**: none of its own{_say_opposite(action)}")
    if action.bulk:
        points.append("**Several at once**: pick rows in the list; each is done by itself, with a result per row.")
    return "\n".join(f"* {point}" for point in points)


def _say_opposite(action: Action) -> str:
    if action.opposite:
        return f"; the opposite is [{ACTIONS[action.opposite].title}]({action.opposite}.md)."
    return f". {action.instead}" if action.instead else "."


def _customer_sees(action: Action) -> str:
    if not action.customer_visible:
        return "**The customer sees** nothing of it."
    by = "who asked" if action.is_for_customers else "“the … team” and your message to them, if you write one"
    return (
        f"**The customer sees** in their history: “{action.told}”, what changed, when, {by}. "
        f"Never the reason, nor a colleague's name. {_who_reads(action)}"
    )


def _who_reads(action: Action) -> str:
    if action.concerns_money:
        return "It is about money: only people with billing rights read it."
    tick = ", and your message where you tick that it is for them" if action.asks_for_whom else ""
    return f"What in it is about money{tick}, only people with billing rights read."


def _tells(action: Action) -> str:
    if not action.tell:
        return "**Told**: nobody."
    people = "; ".join(TOLD[notice] for notice in action.tell)
    pace = "by mail at once" if action.topic.is_urgent else "by mail, five a day at once and the rest at 09:00 UTC"
    return f"**Told**: {people}; by bell, and {pace} (topic `{action.topic.value}`)."


def _refusals(action: Action) -> str:
    sentences = list_refusals(action)
    if not sentences:
        return ""
    lines = "\n".join(f"* {sentence}" for sentence in sentences)
    return f"## When it is refused\n\nThese sentences stand in the kebab, the dialog and the API alike.\n\n{lines}"


def _programs(action: Action) -> str:
    target = _example_id(action)
    if action.permission in (By.CLOCK, By.JOB):
        return "Not at all: the clock runs it."
    if isinstance(action.permission, Own):
        return "Customers do it on their own pages; what programs may do is listed at [the product's door]" + PRODUCT
    if action.permission is not None and not isinstance(action.permission, Right | By):
        return "By [the product's door]" + PRODUCT
    body: dict[str, Any] = {"data": {field["name"]: _example(field) for field in _needed(action)}}
    if action.reason is Reason.REQUIRED:
        body["reason"] = "…"
    pairs = [(name, value if isinstance(value, list) else [value]) for name, value in body["data"].items()]
    sets = "".join(f" --set {name}={one}" for name, several in pairs for one in several)
    why = ' --reason "…"' if action.reason is Reason.REQUIRED else ""
    address = f"POST /api/v1/{action.target_slug}/{target}/actions/{action.verb_name}"
    if action.permission is By.SHELL:
        return f"```\nbursar act {action.key} {target}{sets}{why}\n```"
    return (
        f"```\n{address}\n{json.dumps(body, ensure_ascii=False)}\n```\n\n"
        f"```\nbursar act {action.key} {target}{sets}{why}\n```"
    )


def _needed(action: Action) -> list[dict[str, Any]]:
    return [field for field in describe_fields(action) if field["required"]]


def _example(field: dict[str, Any]) -> Any:
    if field["choices"]:
        return [field["choices"][-1]] if field["type"] == "list of text" else field["choices"][-1]
    return 50 if field["type"] == "integer" else "2027-01-31" if field["format"] == "date" else "…"


def _example_id(action: Action) -> str:
    """“wsp_…”; the company's is a word, and an inbox has the id of whose it is."""
    if action.target_slug == "company":
        return "company"
    fields = {field.name: field for field in action.on._meta.get_fields()}  # type: ignore[attr-defined]  # models all
    return f"{getattr(fields.get('public_id'), 'prefix', 'stf')}_…"
