"""The only pen of partners' tables."""
