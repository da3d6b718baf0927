"""Everything that can go wrong, in one tree.

BenchError               one line for the user; `exit_code` is the process's exit status
├── DiskError            1  the disk does not take what is written: it is full, or not ours to write to
├── UsageError           2  the command line, a recipe or a track file is wrong
├── DataError            3  data are missing, damaged, or do not match a digest
├── SubmissionRejected   4  a submission cannot be listed
└── PartialFailure       5  finished, but some models or items failed

A message says what, which one, what was expected, what was found, and what to do, in one line.
"""


class BenchError(Exception):
    """A failure that its reader can act on; shown as one line, never as a traceback."""

    exit_code = 1


class DiskError(BenchError):
    """The disk does not take what is written: it is full, or not ours to write to."""


class UsageError(BenchError):
    """The command line, a recipe or a track file is wrong."""

    exit_code = 2


class DataError(BenchError):
    """Data are missing, damaged, or do not match what was promised."""

    exit_code = 3


class SubmissionRejected(BenchError):
    """A submission cannot be listed, with the reason and the remedy."""

    exit_code = 4


class PartialFailure(BenchError):
    """Everything that could be done was done; some models or items failed."""

    exit_code = 5
