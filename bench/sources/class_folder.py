"""A folder of one's own real images, one sub-folder a class: `<folder>/<class_id>/<image>`."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from bench.core.errors import DataError
from bench.core.images import ImageSet

ENDINGS = (".jpeg", ".jpg", ".png", ".webp")


def class_folder(folder: Path, class_ids: Sequence[str]) -> ImageSet:
    """Every image under `folder`, labelled by its sub-folder's place in `class_ids`, -1 where it is not there.

    DataError where there is none; an image that won't decode is a DataError when it is read.
    """
    place = {class_id: index for index, class_id in enumerate(class_ids)}
    files = sorted(path for path in folder.glob("*/*") if path.suffix.lower() in ENDINGS and path.is_file())
    if not files:
        raise DataError(f"{folder}: no images; expected {folder}/CLASS_ID/IMAGE ({', '.join(ENDINGS)})")

    def read(index: int) -> Image.Image:
        try:
            with Image.open(files[index]) as image:
                return image.convert("RGB")
        except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
            raise DataError(f"{files[index]}: not a readable image ({str(error)[:80]})") from None

    return ImageSet(
        name=folder.name,
        ids=[f"{path.parent.name}/{path.name}" for path in files],
        labels=np.array([place.get(path.parent.name, -1) for path in files], dtype=np.int64),
        read=read,
        sha256=lambda index: hashlib.sha256(files[index].read_bytes()).hexdigest(),
    )
