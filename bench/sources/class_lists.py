"""Class lists by name: ids and display names, in the order of the models' outputs.

ImageNet's ids are WordNet ids as timm carries them, its names those that CLIP's authors curated, as
open_clip carries them (MIT): 998 names for 1,000 classes, "missile" and "sunglasses" stand for two each.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from bench.core.classes import ClassName
from bench.core.errors import DataError
from bench.core.registry import look_up
from bench.sources.prompt_banks import open_clip_metadata

# The hundred classes, drawn at random, of the authors of ImageNet-G (methods.md, appendix A). Two other
# lists of the same name are in use.
IMAGENET_100 = """
n01558993 n01692333 n01729322 n01735189 n01749939 n01773797 n01820546 n01855672 n01978455 n01980166 n01983481
n02009229 n02018207 n02085620 n02086240 n02086910 n02087046 n02089867 n02089973 n02090622 n02091831 n02093428
n02099849 n02100583 n02104029 n02105505 n02106550 n02107142 n02108089 n02109047 n02113799 n02113978 n02114855
n02116738 n02119022 n02123045 n02138441 n02172182 n02231487 n02259212 n02326432 n02396427 n02483362 n02488291
n02701002 n02788148 n02804414 n02859443 n02869837 n02877765 n02974003 n03017168 n03032252 n03062245 n03085013
n03259280 n03379051 n03424325 n03492542 n03494278 n03530642 n03584829 n03594734 n03637318 n03642806 n03764736
n03775546 n03777754 n03785016 n03787032 n03794056 n03837869 n03891251 n03903868 n03930630 n03947888 n04026417
n04067472 n04099969 n04111531 n04127249 n04136333 n04229816 n04238763 n04336792 n04418357 n04429376 n04435653
n04485082 n04493381 n04517823 n04589890 n04592741 n07714571 n07715103 n07753275 n07831146 n07836838 n13037406
n13040303
""".split()


def class_list(name: str) -> tuple[ClassName, ...]:
    """The classes of a list; an unknown name is a UsageError."""
    return look_up(CLASS_LISTS, name, kind="class list")()


@cache
def imagenet_1k() -> tuple[ClassName, ...]:
    """The 1,000 classes of ILSVRC 2012, by WordNet id."""
    names, ids = tuple(open_clip_metadata().IMAGENET_CLASSNAMES), tuple(timm_file("imagenet_synsets.txt").split())
    if len(names) != 1000 or len(set(ids)) != 1000 or list(ids) != sorted(ids):
        raise DataError(
            f"ImageNet's classes: expected 1000 names (open_clip) and 1000 sorted ids (timm), got {len(names)} and"
            f" {len(set(ids))}; install the versions in the constraints file"
        )
    return tuple(ClassName(id=one, name=name) for one, name in zip(ids, names, strict=True))


def imagenet_100() -> tuple[ClassName, ...]:
    """The 100 classes of `IMAGENET_100`, in the order of their ids."""
    return tuple(item for item in imagenet_1k() if item.id in IMAGENET_100)


def digits() -> tuple[ClassName, ...]:
    """Zero to nine."""
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return tuple(ClassName(id=str(digit), name=word) for digit, word in enumerate(words))


CLASS_LISTS = {"imagenet-1k": imagenet_1k, "imagenet-100": imagenet_100, "digits": digits}


def timm_file(name: str) -> str:
    """The text of one of the tables that timm carries; read by itself, because importing timm pulls in torch."""
    spec = find_spec("timm")
    if spec is None or spec.origin is None:
        raise DataError("ImageNet's tables are read from timm; pip install timm")
    return (Path(spec.origin).parent / "data" / "_info" / name).read_text(encoding="utf-8")
