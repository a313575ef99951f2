"""Mollie on this machine: its v2 API, checkout page, webhooks and clock, for the demo and for tests. It stands alone.

Nothing of Bursar imports it, and it knows nothing of Bursar: the two meet over HTTP, as they do with Mollie.
"""
