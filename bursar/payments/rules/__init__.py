"""The rules of payments, one module a subject: amounts, intervals, seats, retries, and the table of states. Pure."""
