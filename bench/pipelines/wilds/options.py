"""Options of `train` that belong to one kind of track and not to the other."""

from collections.abc import Mapping
from typing import Any

from bench.core.errors import UsageError
from bench.pipelines.wilds.tracks import wilds_names

DEFAULTS = {"match": "steps", "steps": None, "ratio": None, "fraction": 1.0, "mix_probability": None}


def apart(track: str, for_wilds: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    """Is `track` one of WILDS? UsageError for an option that was given and is for the other kind of track."""
    wilds = track in wilds_names()
    strange = (
        [name for name, value in others.items() if value != DEFAULTS[name]]
        if wilds
        else [name for name, value in for_wilds.items() if value is not None]
    )
    if strange:
        option = "--" + strange[0].replace("_", "-")
        kind = (
            f"not for tracks of WILDS, which {track} is"
            if wilds
            else f"for tracks of WILDS: {', '.join(wilds_names())}"
        )
        raise UsageError(f"{option} is {kind}")
    return wilds
