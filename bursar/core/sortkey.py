"""Sort and search keys made here, because the embedded PostgreSQL has no ICU and sorts “Zebra, apple, Éclair”."""

import unicodedata

LENGTH = 200  # of the columns that keep a key
# Letters that do not decompose, as people type them who have not got them; typographers' marks as keyboards have them.
_AS_TYPED = str.maketrans(
    {
        "ı": "i",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ħ": "h",
        "ŧ": "t",
        "ŋ": "n",
        "ĸ": "k",
        "ƀ": "b",
        "ɓ": "b",
        "ɖ": "d",
        "ɗ": "d",
        "ƒ": "f",
        "ɨ": "i",
        "ƙ": "k",
        "ƶ": "z",
        **dict.fromkeys("‘’‚‛′‵ʹʻʼʽˈ", "'"),
        **dict.fromkeys("“”„‟«»", '"'),
        **dict.fromkeys("‐‒–—―−⸺⸻", "-"),
    }
)


def sort_key(text: str) -> str:
    """`text` as one would type it without accents: "Éclair" and "eclair", "Łódź" and "lodz" are one key.

    Casefolded, single spaced, without what nobody sees, and no longer than `LENGTH`.
    """
    if not text.isascii():
        folded = unicodedata.normalize("NFKD", text.replace("´", "'")).casefold()
        text = "".join(c for c in folded if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
        text = text.translate(_AS_TYPED)
    return " ".join(text.casefold().split())[:LENGTH].rstrip()
