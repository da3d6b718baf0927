"""What is said of a dataset version in words, by its card and by its metadata alike."""

import re

from bench.core.dataset_card import DatasetCard
from bench.core.recipe import Recipe
from bench.reports.plain_text import one_line

PROJECT = "ImageNet-G Bench"

# Licences by the identifiers of SPDX, with what the Hugging Face Hub calls them.
_LICENCES = {
    "MIT": "mit",
    "Apache-2.0": "apache-2.0",
    "CC0-1.0": "cc0-1.0",
    "CC-BY-4.0": "cc-by-4.0",
    "CC-BY-SA-4.0": "cc-by-sa-4.0",
    "CC-BY-NC-4.0": "cc-by-nc-4.0",
    "OpenRAIL": "openrail",
    "CreativeML-OpenRAIL-M": "creativeml-openrail-m",
}
_SPDX = ("MIT", "Apache-2.0", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0")


def title(card: DatasetCard) -> str:
    """Title and version, and that it is a sample where it is one."""
    recipe, limit = card.recipe, card.exported.limit
    sample = "" if limit is None else f" (a sample of {limit} images a split, not for publication)"
    return one_line(f"{recipe.title} {recipe.version}{sample}")


def licence_of(name: str) -> tuple[str, str]:
    """What the Hub calls a licence (`other` where it does not know it), and its address or name."""
    known = {one.lower(): one for one in _LICENCES}.get(name.lower())
    if known is None:
        return "other", one_line(name)
    return _LICENCES[known], f"https://spdx.org/licenses/{known}.html" if known in _SPDX else known


def made_in_words(recipe: Recipe) -> str:
    """How the images were made, in some sentences."""
    generator, sampler = recipe.generator, recipe.sampler
    prompts = ""
    if recipe.prompts is not None:
        count = len(recipe.prompts.templates)
        ways = "one template" if count == 1 else f"one of {count} templates, drawn for each image"
        negative = f", negative prompt “{recipe.prompts.negative}”" if recipe.prompts.negative else ""
        prompts = f" Prompts put the class name into {ways} ({recipe.prompts.bank}){negative}."
    rules = ", ".join(one.name for one in recipe.filters) or "none but the rejection of blank images"
    return one_line(
        f"Each image was drawn by {generator.name} (revision {generator.revision}, {generator.dtype}) with the method"
        f" {recipe.method.name}.{prompts} Sampler {sampler.name}, {sampler.steps} steps, guidance {sampler.guidance:g},"
        f" {recipe.size.width} x {recipe.size.height} pixels, stored as {recipe.encoding.format.upper()}. The seed of"
        f" an image follows from dataset, split, class and slot alone ({recipe.seed_rule}, root {recipe.root_seed})."
        f" Filters: {rules}."
    )


def limitations(card: DatasetCard) -> list[str]:
    """What a user should hold against the data."""
    said = [
        "Every image is generated: none shows a real scene, and details may be impossible.",
        "A label is what was asked for, not what a person saw; the audit says how often a classifier agrees.",
        "Accuracy on these images of a model trained on images of the same generator is not accuracy under shift.",
    ]
    if card.audit is None:
        said.append("These images were not audited.")
    return said + [one_line(note) for note in (card.audit.notes if card.audit else ())]


def citation(card: DatasetCard) -> str:
    """BibTeX for the version, the benchmark's paper beside it."""
    recipe, exported = card.recipe, card.exported
    key = re.sub(r"[^A-Za-z0-9]+", "_", exported.reference).strip("_")
    return (
        f"@misc{{{key}, title = {{{_bibtex(recipe.title)} {recipe.version}}},"
        f" author = {{{{The {PROJECT} developers}}}}, note = {{content {exported.content_digest}}}}}\n"
        "@misc{bansal2023leaving, title = {Leaving Reality to Imagination: Robust Classification via Generated"
        " Datasets}, author = {Bansal, Hritik and Grover, Aditya}, year = {2023}, eprint = {2302.02503},"
        " archivePrefix = {arXiv}}"
    )


def _bibtex(text: str) -> str:
    return re.sub(r"[{}\\%$&#_^~]", " ", one_line(text))
