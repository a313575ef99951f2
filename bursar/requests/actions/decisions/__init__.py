"""What staff do with a request: approve, deny, close as done, note."""

from bursar.requests.actions.decisions import approving, refusing

__all__ = ["approving", "refusing"]
