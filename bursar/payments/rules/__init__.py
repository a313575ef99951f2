"""Rules of payments. Pure."""
