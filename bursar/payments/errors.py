"""What can go wrong between us and Mollie. Each carries a sentence, and says whether the same call may work later."""

from __future__ import annotations

from bursar.core.errors import Refusal


class MollieProblem(Refusal):
    """may_pass: the same call may work later. maybe_done: Mollie may have done it, though no answer came."""

    status = 409
    code = "mollie"
    may_pass = False
    maybe_done = False


class NotSetUp(MollieProblem):
    """No key is set."""


class NotAnId(MollieProblem):
    """What should be an id of Mollie's has not its form; nothing was asked."""

    status = 404


class NotThere(MollieProblem):
    """Mollie knows no such thing, or it is gone."""

    status = 404


class WrongMode(MollieProblem):
    """It exists in Mollie's other world: test instead of live, or the other way round."""

    def __init__(self) -> None:
        super().__init__("Mollie knows this in its other mode only: test and live do not mix.")


class RefusedThere(MollieProblem):
    """Mollie says no. `field`: what it names as the cause, in Mollie's spelling; empty when it names none."""

    status = 422

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class KeyRefused(MollieProblem):
    """Mollie does not take our key, or the key may not do this."""

    status = 503


class KeyTooOld(MollieProblem):
    """A call that makes something is too old to be repeated under its key: look at Mollie whether it was done."""

    def __init__(self) -> None:
        super().__init__("This call to Mollie is too old to be repeated safely: look first whether it was done.")


class RateLimited(MollieProblem):
    """Too many calls. seconds: how long Mollie asks us to wait, None when it does not say."""

    status = 503
    may_pass = True

    def __init__(self, seconds: float | None) -> None:
        super().__init__("Mollie asks us to slow down. Try again in a moment.")
        self.seconds = seconds


class Away(MollieProblem):
    """Mollie does not answer, or answers that it cannot."""

    status = 503
    may_pass = True

    def __init__(self, sentence: str = "Mollie does not answer just now. Try again later.", maybe_done: bool = True):
        super().__init__(sentence)
        self.maybe_done = maybe_done


class Nonsense(Away):
    """An answer that cannot be read."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Mollie answered something that cannot be read ({what}). Try again later.")


class OtherCurrency(Nonsense):
    """Money of a kind that nothing here counts."""
