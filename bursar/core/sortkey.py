"""Sort and search keys made here, because the embedded PostgreSQL has no ICU and sorts “Zebra, apple, Éclair”."""

import unicodedata


def sort_key(text: str) -> str:
    """`text` decomposed, without accents, casefolded, single spaced: "Éclair" and "eclair" are one key."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())
