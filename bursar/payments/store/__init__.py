"""The pen of the tables of payments. No other module writes them."""
