from bursar.partners.actions import handoff  # noqa: F401
