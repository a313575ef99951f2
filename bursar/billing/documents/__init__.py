"""Documents: what an invoice or a credit note says, frozen, and its forms: PDF, and UBL for networks."""
