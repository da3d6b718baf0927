"""Populations by name: tables in public repositories, fetched once, pinned by commit and SHA-256."""

from pathlib import Path

from bench.core.errors import DataError

_TESTBED = "https://raw.githubusercontent.com/modestyachts/imagenet-testbed/0170eec658d664289d9f61de8f90f967f49abca0"
_TIMM = "https://raw.githubusercontent.com/huggingface/pytorch-image-models/aa4b5850c1543fa488abf260f18390eda46cf85d"

# Name -> {URL: SHA-256}.
PUBLISHED = {
    "imagenet-testbed": {
        f"{_TESTBED}/robustness_top1s.csv": "6b32665be2eef1594d6d296fcb07d33fed0dd4ecacacff463841d7cb08e835f7",
    },
    "timm": {
        f"{_TIMM}/results/results-{name}.csv": digest
        for name, digest in {
            "imagenet": "30972bf7c7ab451bbd4480ec6116b13d0a84441c57bbc946896fd312264acfcd",
            "sketch": "f3176de38d4a26aa808b3d0cc1fee4261268d70b2be7c9d43e65cb03b3864f46",
            "imagenet-r": "2dcc1f3dea098ffc1080ad04309b11477646f6f25837b041ce6075610f863209",
            "imagenet-r-clean": "ce531f6b5d2471f98a1029dae76f683b9ccf69d1d5b54ee09d78c4d530e2bb9c",
            "imagenet-a": "89471dcea0cd98b56211e2b808cb6bbf7b3c8bb4fe691ba58fec1f198e3fcf91",
            "imagenet-a-clean": "9146fe8f640dffec93fc7b0052aff2bc38f9de6627cab06117bdf9f43496c162",
            "imagenetv2-matched-frequency": "1d066d8897c40224b14f3cf1d02029c49ebdc56b761ba9a3841bd3bdd3bd0a8e",
        }.items()
    },
}


def published_tables(name: str, data_root: Path, *, offline: bool) -> list[Path]:
    """The files of a named population under `<data_root>/populations/<name>/`, fetched where they are missing.

    A file that is there is held to its digest too. DataError where one is missing and `offline`, cannot be
    fetched, or is another one; it names the URL and the path to put it at.
    """
    folder = data_root / "populations" / name
    return [_file(url, digest, folder, offline=offline) for url, digest in PUBLISHED[name].items()]


def _file(url: str, digest: str, folder: Path, *, offline: bool) -> Path:
    import pooch

    path = folder / url.rpartition("/")[2]
    remedy = f"get {url} and put it at {path}, or give your own files"
    if path.is_file():
        if pooch.file_hash(str(path)) != digest:
            raise DataError(f"{path}: not the file that is pinned (expected sha256:{digest[:12]}…); {remedy}")
        return path
    if offline:
        raise DataError(f"{path}: not here, and --offline forbids fetching it; {remedy}")
    pooch.get_logger().setLevel("ERROR")
    try:
        pooch.retrieve(url, known_hash=f"sha256:{digest}", path=folder, fname=path.name)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: could not be fetched ({str(error).splitlines()[0][:80]}); {remedy}") from None
    return path
