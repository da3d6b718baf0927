"""The subprocess of `py:`: limits first, then the user's code; arrays in, scores out.

A message is its length (8 bytes, little-endian) and its bytes. To the parent the first byte says what it
is: `=` an answer, `!` what went wrong.
"""

import ctypes
import json
import os
import resource
import struct
import sys
from collections.abc import Callable
from importlib import import_module
from typing import IO, Any

LENGTH = struct.Struct("<Q")
LARGEST = 2**31
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def write_message(pipe: IO[bytes], body: bytes) -> None:
    """One message, sent at once."""
    pipe.write(LENGTH.pack(len(body)))
    pipe.write(body)
    pipe.flush()


def read_message(pipe: IO[bytes]) -> bytes:
    """The next message; EOFError where the other side is gone."""
    head = pipe.read(LENGTH.size)
    length = LENGTH.unpack(head)[0] if len(head) == LENGTH.size else LARGEST + 1
    if length > LARGEST:
        raise EOFError("the other side is gone, or sends something else")
    body = pipe.read(length)
    if len(body) < length:
        raise EOFError("the other side is gone")
    return body


def without_network() -> bool:
    """Put this process into a network of its own, which has nobody else in it; False where the system refuses."""
    try:
        unshare = ctypes.CDLL(None, use_errno=True).unshare
    except (OSError, AttributeError):
        return False
    return any(unshare(flags) == 0 for flags in (CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNET))


def main(module: str, function: str, memory: str) -> None:
    """Serve until the parent closes the pipe."""
    answers, questions = os.fdopen(os.dup(1), "wb"), sys.stdin.buffer
    # What the user's code prints must not be taken for answers.
    os.dup2(2, 1)
    isolated = without_network()
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        told, answer = getattr(import_module(module), function)()
        said = {str(key): str(value) for key, value in told.items()}
        write_message(answers, b"=" + json.dumps({**said, "isolated": isolated}).encode())
        while True:
            write_message(answers, b"=" + _answered(answer, read_message(questions)))
    except EOFError:
        return
    except BaseException as error:  # whatever the user's code does ends as one line on the other side
        reason = (str(error).splitlines() or [""])[0]
        write_message(answers, f"!{type(error).__name__}: {reason}".encode())


def _answered(answer: Callable[[Any], Any], message: bytes) -> bytes:
    import numpy as np

    shape, _, data = message.partition(b"\n")
    values = np.frombuffer(data, dtype=np.float32).reshape(json.loads(shape))
    scores = np.ascontiguousarray(np.asarray(answer(values.copy()), dtype=np.float32))
    return json.dumps(scores.shape).encode() + b"\n" + scores.tobytes()


if __name__ == "__main__":
    main(*sys.argv[1:])
