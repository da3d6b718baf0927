"""**The door**: text in, one pipeline call, text out.

Pipelines are imported inside the commands, so that `--help` and a typo cost no import of torch.
"""

from bench.cli.main import main

__all__ = ["main"]
