"""What partners get, and when. Pure: no Django, no clock. Rules: DOMAIN 9, decision 47."""
