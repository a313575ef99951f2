"""axe on a page that is open: what it finds serious."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

AXE = Path(settings.ROOT) / "node_modules" / "axe-core" / "axe.min.js"
# A rule says how bad it is, and none of its checks says otherwise: a minor or moderate one is not asked at all, nor is
# anything fetched beforehand, which only a moderate one and an experimental one want.
SERIOUS = """async ([within, rules]) => {
  const isSerious = (one) => ["serious", "critical"].includes(one.impact);
  const mild = axe._audit.rules.filter((rule) => !isSerious(rule)).map((rule) => [rule.id, { enabled: false }]);
  const which = rules.length ? { runOnly: { type: "rule", values: rules } } : { rules: Object.fromEntries(mild) };
  const result = await axe.run(within, { resultTypes: ["violations"], preload: false, ...which });
  return result.violations.filter(isSerious)
    .map((v) => `${v.id}: ${v.nodes.slice(0, 2).map((n) => n.html.slice(0, 110)).join(" and ")}`);
}"""


def audit(page: Any, where: str) -> list[str]:
    """Serious and critical findings, each with where it was; the page's policy must let the script in (bypass_csp)."""
    page.add_script_tag(path=str(AXE))
    return [f"{where}: {line}" for line in page.evaluate(SERIOUS, ["body", []])]
