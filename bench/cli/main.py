"""Run a command line."""

import sys
from typing import NoReturn

import typer

from bench.cli.app import app
from bench.core.errors import BenchError

INTERRUPTED = 130


def main() -> None:
    """Run a command; an error that a user can cause is one line on stderr and its exit code."""
    try:
        # Typer turns an interrupt into a silent status of its own.
        if app(standalone_mode=False) == INTERRUPTED:
            raise KeyboardInterrupt
    except BenchError as error:
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted; what was finished is kept, run the same command again to go on", INTERRUPTED)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see {context.command_path} --help" if context else ""
        _fail(error.format_message().rstrip(".").replace("Value error, ", "") + hint, error.exit_code)
    sys.exit(0)


def _fail(message: str, exit_code: int) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(exit_code)
