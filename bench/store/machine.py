"""What the bits of an image can depend on besides its recipe: libraries and processor."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("torch", "diffusers", "transformers", "numpy", "pillow")


def library_versions(names: tuple[str, ...] = LIBRARIES) -> dict[str, str]:
    """The installed version of each library; `absent` where there is none."""
    return {name: _version(name) for name in names}


def processor() -> str:
    """The processor's model as the system names it, such as `AMD EPYC 7B13`."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    except OSError:
        pass  # Not Linux: the standard library knows it there.
    return platform.processor() or platform.machine()


def threads() -> int:
    """Hardware threads of the machine."""
    return os.cpu_count() or 1


def device_name(device: str) -> str:
    """What draws: `cpu`, or an accelerator's name as its driver has it, such as `NVIDIA H100 80GB HBM3`."""
    if not device.startswith(("cuda", "auto")):
        return device
    # Imported here: on a processor nobody needs torch to say so.
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
