"""The one command line: `bursar <command>`."""

from __future__ import annotations

import os
import sys

COMMANDS = {
    "serve": "runs the web server",
    "worker": "runs jobs and the minute clock",
    "migrate": "brings the database up to this release",
    "import": "loads a file of organisations, terms and usage",
    "demo": "loads the demo company, or a company of any size",
    "act": "runs an action, through the same door as the panel",
    "undo": "lists what can still be taken back, or takes one of it back",
    "actions": "lists every action",
    "texts": "lists kept texts of others that name a person, for “Erase person”",
    "verify": "proves the figures: recomputes every month and prints differences",
    "audit": "proves the book: bursar audit verify",
    "staff": "adds staff: bursar staff add (prints a one-time sign-in link)",
    "grant": "lets a database role serve without the right to change the book",
    "check-deploy": "says what an operator forgot",
    "backup": "writes the whole database into one file",
    "restore": "replaces the database by a backup",
    "ready": "asks a running web server whether it is ready",
    "bank": "reads statements of the bank: bursar bank FILE…",
    "payments": "compares payments with Mollie: bursar payments sync",
    "mollie-sim": "runs a simulator of Mollie on this machine",
    "docs": "writes the generated reference pages",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bursar.config.settings")
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        _print_help()
        return
    from bursar.core.database import DatabaseProblem

    try:
        from django.core.management import execute_from_command_line

        execute_from_command_line(["bursar", *arguments])
    except DatabaseProblem as problem:
        sys.exit(f"bursar: {problem}")
    except ValueError as problem:
        if not str(problem).startswith("The setting "):
            raise
        sys.exit(f"bursar: {problem}")
    except BrokenPipeError:
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as problem:
        if not _is_connection_failure(problem):
            raise
        sys.exit(f"bursar: The database does not answer: {str(problem).strip().splitlines()[0]}")


def _is_connection_failure(problem: Exception) -> bool:
    """True for “cannot connect”, and only then: a failing query must stay loud."""
    from django.db import OperationalError

    return isinstance(problem, OperationalError) and getattr(problem.__cause__, "sqlstate", None) is None


def _print_help() -> None:
    print("bursar: the staff back office of a SaaS company\n")
    for name, help_text in COMMANDS.items():
        print(f"  {name:<13} {help_text}")
    print("\n`bursar <command> --help` says more, with an example. To try it all: python3 dev.py run")


if __name__ == "__main__":
    main()
