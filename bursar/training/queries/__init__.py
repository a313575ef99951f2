"""Every read of trainings, scoped by the actor: a stranger finds nothing."""
