"""Files of a model hub, from its cache or, where that is allowed, by download; never a pickle."""

from collections.abc import Sequence
from pathlib import Path

from bench.core.errors import DataError


def hub_file(repository: str, name: str, *, where: str) -> Path:
    """A file of a repository; DataError, with what to do, where it is neither in the cache nor to be had."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(repository, name))
    except (HfHubHTTPError, LocalEntryNotFoundError, HFValidationError, OSError) as error:
        raise DataError(f"{where}: {name} of {repository} is not here{_reason(error)}; {_REMEDY}") from None


def hub_folder(repository: str, patterns: Sequence[str], *, where: str) -> Path:
    """The files of a repository that match `patterns`; DataError as `hub_file` has it."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repository, allow_patterns=list(patterns)))
    except (HfHubHTTPError, LocalEntryNotFoundError, HFValidationError, OSError) as error:
        raise DataError(f"{where}: {repository} is not here{_reason(error)}; {_REMEDY}") from None


_REMEDY = "go online once, or give a copy (?file=PATH, or a folder)"


def _reason(error: Exception) -> str:
    from huggingface_hub.constants import HF_HUB_OFFLINE

    return (
        " and --offline forbids to fetch it" if HF_HUB_OFFLINE else f" and cannot be fetched ({type(error).__name__})"
    )
