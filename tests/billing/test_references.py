"""Creditor references: made, checked, written in groups, and found in what banks send."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.billing.rules.references import find_references, is_reference, make_reference, say_reference

BODIES = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=21)
BETWEEN = st.sampled_from(["", " ", "\n", "\u00a0", "  ", " - ", ".", "/"])


@pytest.mark.parametrize(
    ("number", "reference"),
    [
        ("539007547034", "RF18539007547034"),  # the example that banks publish
        ("2026-000042", "RF022026000042"),
        ("cn 2026/7", "RF65CN20267"),
        ("0" * 12, "RF04000000000000"),
    ],
)
def test_a_reference_is_made_of_letters_and_digits(number: str, reference: str) -> None:
    assert make_reference(number) == reference and is_reference(reference)


@pytest.mark.parametrize("number", ["", "---", "é٣", "1" * 22])
def test_no_reference_of_nothing_or_too_much(number: str) -> None:
    with pytest.raises(ValueError, match="1 to 21 letters and digits"):
        make_reference(number)


def test_it_is_written_in_groups_of_four() -> None:
    assert say_reference("RF18539007547034") == "RF18 5390 0754 7034"


@pytest.mark.parametrize(
    "text", ["", "RF", "RF18", "RF19539007547034", "rf18539007547034", "RF18 5390 0754 7034", "RF18٥39007547034"]
)
def test_what_is_none(text: str) -> None:
    assert not is_reference(text)


@given(BODIES)
def test_every_made_one_is_valid_and_one_wrong_sign_is_seen(body: str) -> None:
    made = make_reference(body)
    assert is_reference(made) and made.endswith(body) and say_reference(made).replace(" ", "") == made
    signs = "12" if made[-1].isdigit() else "AB"  # a letter counts as two digits, and is mistaken for another letter
    other = signs[made[-1] == signs[0]]
    assert not is_reference(made[:-1] + other)


@given(BODIES, st.lists(BETWEEN, min_size=25, max_size=25), st.booleans())
def test_it_is_found_whatever_stands_between_its_signs(body: str, between: list[str], is_small: bool) -> None:
    made = make_reference(body)
    parted = "".join(f"{sign}{gap}" for sign, gap in zip(made, between, strict=False))
    text = f"Betaling factuur, kenmerk {parted.lower() if is_small else parted} van 12,50"
    assert made in find_references(text)
    assert made in find_references(f"KENMERK{made}VAN")


@given(BODIES, BODIES)
def test_two_are_found_in_their_order(one: str, two: str) -> None:
    made = [make_reference(one), make_reference(two)]
    found = find_references(f"{say_reference(made[0])}; {say_reference(made[1])}")
    assert [reference for reference in found if reference in made] == list(dict.fromkeys(made))


@given(st.text())
def test_all_that_is_found_is_valid(text: str) -> None:
    found = find_references(text)
    assert all(is_reference(one) for one in found) and len(set(found)) == len(found)
    letters = "".join(sign for sign in text if sign.isascii() and sign.isalnum()).upper()
    assert all(one in letters for one in found)


@given(st.text("RF0123456789 -\n", max_size=200))
def test_digits_and_letters_of_references_in_disorder(text: str) -> None:
    assert all(is_reference(one) for one in find_references(text))


@pytest.mark.parametrize(
    "text",
    [
        "/REMI/STRD/CUR/RF18539007547034/",
        "/EREF/NOTPROVIDED/REMI/USTD//RF18 5390 0754\r\n7034 bedankt",
        "Rf18-5390-0754-7034 invoice 2026-000042",
        "uw ref.:RF18539007547034.",
    ],
)
def test_the_forms_in_which_banks_send_it(text: str) -> None:
    assert find_references(text)[0] == "RF18539007547034"


def test_what_ends_with_a_word_comes_first_and_the_longer() -> None:
    """Where both are valid: text alone does not say which was meant."""
    short = make_reference("2026")
    ends = (f"{number:03d}" for number in range(1000))
    more = next(end for end in ends if is_reference(short + end))
    assert find_references(f"{short} {more}") == [short + more, short]
    assert find_references(f"{short}{more}") == [short + more, short]
    assert find_references(f"{short} {more}0")[0] == short, "the longer would end within a word"


def test_nothing_is_found_where_nothing_is() -> None:
    assert find_references("Invoice 2026-000042, perfect 12, RF, RF1, RF19 5390 0754 7034") == []


def test_a_long_text_is_read_at_once() -> None:
    """Nothing is read again and again: steps grow with the text, not with its square."""
    assert find_references("R" * 20_000 + " " * 20_000 + "RF18539007547034") == ["RF18539007547034"]
