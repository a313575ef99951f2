"""Seconds as hours, without floats. Pages, CSV, API and mail take their words from here."""


def plain_hours(seconds: int) -> str:
    """For CSV and API: two decimals, rounded half up ("1.25")."""
    return _decimal(seconds, 100)


def short_hours(seconds: int) -> str:
    """For tables: one decimal, rounded half up ("1,234.5")."""
    return _decimal(seconds, 10, ",")


def clock_hours(seconds: int) -> str:
    """ "1 h 02" """
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d}"


def cap_hours(seconds: int) -> str:
    """ "10 h" for whole hours, else "1 h 30" """
    return clock_hours(seconds) if seconds % 3600 else f"{seconds // 3600} h"


def _decimal(seconds: int, parts: int, thousands: str = "") -> str:
    whole, rest = divmod((seconds * parts + 1800) // 3600, parts)
    return f"{whole:{thousands}}.{str(rest + parts)[1:]}"
