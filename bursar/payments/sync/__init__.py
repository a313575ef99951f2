"""What no webhook told, and what was before: walks through Mollie's lists."""
