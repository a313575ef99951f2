"""What a handoff means for trainings: what was learned stays learned, and what the partner planned stays planned."""

from __future__ import annotations

from datetime import datetime

from bursar.tenants.handoff import PARTS, Part
from bursar.tenants.models import Workspace
from bursar.training.queries.trained import count_coming_of, is_needed_in, list_trained


def foresee(workspace: Workspace, now: datetime) -> list[str]:
    partner, said = workspace.organisation, list[str]()
    if is_needed_in(workspace):
        said.append("That a training is needed there goes along.")
    if list_trained(workspace, now).filter(organisation=partner).exists():
        said.append(f"Licences of its people hold on; those that {partner.name} had granted stay on its list.")
    if count := count_coming_of(workspace, now):
        what = "A training" if count == 1 else f"{count} trainings"
        said.append(f"{what} of {partner.name} with people of it on the roster: nothing changes there.")
    return said


PARTS.add("training", Part(foresee=foresee))
