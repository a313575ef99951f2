"""A filter by many keys finds what one by few does."""

from __future__ import annotations

import pytest

from bursar.core.among import FEW, among
from bursar.plans.models import TierTerms


@pytest.mark.django_db
@pytest.mark.parametrize("more", [0, FEW - 3, FEW, 3000])
def test_few_keys_or_many_find_the_same(more: int) -> None:
    first, _, third = TierTerms.objects.order_by("id").values_list("id", flat=True)[:3]
    strange = list(range(10**9, 10**9 + more))
    assert set(TierTerms.objects.filter(among("id", [first, *strange, third]))) == {
        TierTerms.objects.get(pk=first), TierTerms.objects.get(pk=third)
    }  # fmt: skip
    assert not TierTerms.objects.filter(among("id", strange))
