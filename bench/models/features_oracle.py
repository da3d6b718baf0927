"""`oracle:NAME`: penultimate features of an oracle that this package ships."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.core.errors import DataError
from bench.core.model_ref import ModelRef
from bench.models.extractor import Extractor, card, check_options
from bench.models.modes import RULE, to_mode
from bench.models.oracle import open_oracle


def open_features(ref: ModelRef, *, device: str, data_root: Path) -> Extractor:
    """The oracle `ref.name`, on the processor; an image of another size is a DataError when it is read."""
    check_options(ref, ())
    oracle = open_oracle(ref.name)

    def prepare(image: Any) -> np.ndarray:
        if image.size != (oracle.side, oracle.side):
            size = "x".join(map(str, image.size))
            raise DataError(f"{ref}: expected images of {oracle.side}x{oracle.side}, got {size}; use another extractor")
        return np.array(to_mode(image, "L"))

    return Extractor(
        card=card(str(ref), oracle.digest, {"mode": "L", "modes": RULE, "input": oracle.input}),
        prepare=prepare,
        load=lambda: lambda pixels: torch.from_numpy(oracle.features(pixels.numpy())),
    )
