"""axe on a page that is open: what it finds serious."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

AXE = Path(settings.ROOT) / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = """async ([within, rules]) => {
  const options = { resultTypes: ["violations"], ...(rules.length ? { runOnly: { type: "rule", values: rules } } : {}) };
  const result = await axe.run(within, options);
  return result.violations.filter((v) => ["serious", "critical"].includes(v.impact))
    .map((v) => `${v.id}: ${v.nodes.slice(0, 2).map((n) => n.html.slice(0, 110)).join(" and ")}`);
}"""


def audit(page: Any, where: str) -> list[str]:
    """Serious and critical findings, each with where it was; the page's policy must let the script in (bypass_csp)."""
    page.add_script_tag(path=str(AXE))
    return [f"{where}: {line}" for line in page.evaluate(SERIOUS, ["body", []])]
