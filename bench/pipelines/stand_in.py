"""A recipe with another generator in its place: to try it out with weights that are at hand."""

from pathlib import Path

import yaml

from bench.core.errors import UsageError
from bench.pipelines.versions.recipes import recipe_path
from bench.store.atomic import write_text
from bench.store.documents import read_yaml
from bench.synthesis.pinned_weights import weights_digest


def stand_in(reference: str, generator: Path, *, data_root: Path) -> str:
    """The path of a recipe file that differs from `reference` in its generator, its name and its title alone.

    `generator`: a folder with a diffusers pipeline that the recipe's method can draw with, in float32, pinned by
    the digest of its weights. The name ends in `-stand-in`, so that nothing made by it is taken for the dataset;
    every verb takes the file in the place of NAME@VERSION.
    """
    folder, data = generator.expanduser().resolve(), read_yaml(recipe_path(reference))
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        raise UsageError(f"{reference}: not a recipe")
    data |= {
        "name": f"{data['name']}-stand-in",
        "title": f"{data.get('title')} (stand-in generator, not for publication)",
        "generator": {"name": str(folder), "revision": "stand-in", "weights": weights_digest(folder)},
    }
    data.pop("parent", None)
    path = data_root / "stand-ins" / data["name"] / f"{data.get('version')}.yaml"
    write_text(path, yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120))
    return str(path)
