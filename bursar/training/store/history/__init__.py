"""What files say of trainings. Each function returns the places of the lines that are refused, with the sentence."""

from bursar.training.store.history.catalogue import Offer, take_trainings
from bursar.training.store.history.licences import take_licences
from bursar.training.store.history.sessions import Entry, take_sessions

__all__ = ["Entry", "Offer", "take_licences", "take_sessions", "take_trainings"]
