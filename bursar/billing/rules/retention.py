"""How long issued documents are kept. Pure.

Article 52 AWR of the Netherlands asks for seven years, article 369k of Directive 2006/112/EC for ten of what is
declared by the one-stop shop. Both are counted from the end of the year.
"""

from __future__ import annotations

from datetime import date


def last_day_of(issued_on: date, years: int) -> date:
    """Through which a document of that day is kept. `years`: whole ones, after the seller's year of issue."""
    return date(issued_on.year + years, 12, 31)


def first_day_kept(today: date, years: int) -> date:
    """The same the other way round: what was issued before this day is kept no more."""
    return date(today.year - years, 1, 1)
