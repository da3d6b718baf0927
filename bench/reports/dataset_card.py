"""The dataset card: `README.md` of an exported version, with the front matter that the Hugging Face Hub reads."""

import re

import yaml

from bench.core.dataset_card import DatasetCard
from bench.core.exported import Layout
from bench.core.quality import VersionQuality
from bench.reports.audit_markdown import audit_section
from bench.reports.croissant import COLUMNS
from bench.reports.dataset_words import PROJECT, citation, licence_of, limitations, made_in_words, title
from bench.reports.markdown import table
from bench.reports.plain_text import one_line, to_markdown
from bench.reports.quality_markdown import CAPTIONS, section
from bench.reports.quality_plots import figures

LISTED_CLASSES = 40
SHEET = "pictures/contact-sheet.png"
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def render(card: DatasetCard) -> str:
    """The card; the same facts give the same text."""
    parts = [
        f"---\n{_front_matter(card)}---",
        f"# {to_markdown(title(card))}",
        to_markdown(card.recipe.description),
        f"![Some images of each class]({SHEET})",
        f"## What is in it\n\n{_facts(card)}\n\n{_counts(card)}",
        f"## How it was made\n\n{to_markdown(made_in_words(card.recipe))}",
        f"## Use it\n\n{_use(card)}",
        f"## Make it again\n\n{_again(card)}",
        *(_quality(report) for report in card.quality),
        audit_section(card.audit),
        "## Limits\n\n" + "\n".join(f"- {to_markdown(line)}" for line in limitations(card)),
        f"## Licence\n\n{_licence(card)}",
        f"## Cite it\n\n{_fenced(citation(card), 'bibtex')}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(card: DatasetCard) -> str:
    short, name = licence_of(card.recipe.licence)
    images = sum(card.exported.counts.values())
    front = {
        "pretty_name": title(card),
        "license": short,
        **({"license_name": name} if short == "other" else {}),
        "task_categories": ["image-classification"],
        "size_categories": [next((word for limit, word in _SIZES if images < limit), "n>1M")],
        "tags": ["synthetic", "imagenet-g", "distribution-shift", "croissant"],
        **_configs(card),
    }
    return yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000)


def _configs(card: DatasetCard) -> dict[str, object]:
    paths = {"huggingface": "data/{}/*.parquet", "webdataset": "{}/*.tar"}
    if card.exported.layout not in paths:
        return {}
    where = paths[card.exported.layout]
    # The Hub's names of splits know no dash.
    files = [{"split": split.replace("-", "_"), "path": where.format(split)} for split in card.exported.counts]
    return {"configs": [{"config_name": "default", "data_files": files}]}


def _facts(card: DatasetCard) -> str:
    exported, recipe = card.exported, card.recipe
    rows = [
        ["version", f"`{exported.reference}`"],
        ["images", ", ".join(f"{split} {count:,}" for split, count in exported.counts.items())],
        ["classes", f"{len(recipe.classes):,}"],
        ["content digest", f"`{exported.content_digest}`"],
        ["recipe digest", f"`{exported.recipe_digest}` ([recipe.json](recipe.json))"],
        ["drawn with", to_markdown(", ".join(f"{name} {number}" for name, number in card.drawn_with.items()))],
    ]
    return table(["", ""], [row for row in rows if row[1]], left=2)


def _counts(card: DatasetCard) -> str:
    names = [to_markdown(f"{one.id} {one.name}") for one in card.recipe.classes[:LISTED_CLASSES]]
    more = len(card.recipe.classes) - len(names)
    listed = ", ".join(names) + (f", and {more:,} more in [recipe.json](recipe.json)" if more > 0 else "")
    columns = table(["column", "what it is"], [[f"`{name}`", words] for name, words in COLUMNS.items()], left=2)
    return f"Classes: {listed}.\n\n{columns}"


def _use(card: DatasetCard) -> str:
    code: dict[Layout, str] = {
        "huggingface": 'from datasets import load_dataset\n\ndataset = load_dataset("FOLDER")  # {splits}',
        "imagefolder": 'from torchvision.datasets import ImageFolder\n\nimages = ImageFolder("FOLDER/{first}")',
        "webdataset": 'import webdataset\n\nimages = webdataset.WebDataset("FOLDER/{file}").decode("pil")',
    }
    splits = ", ".join(split.replace("-", "_") for split in card.exported.counts)
    first, file = next(iter(card.exported.counts)), next((one.path for one in card.exported.files), "")
    said = code[card.exported.layout].format(splits=splits, first=first, file=file)
    return (
        f"{_fenced(said, 'python')}\n\nIs it still what was published?\n\n{_fenced('imagenet-g verify FOLDER', 'sh')}"
    )


def _again(card: DatasetCard) -> str:
    reference = card.exported.reference
    option = "" if card.exported.limit is None else f" --limit {card.exported.limit}"
    commands = f"imagenet-g generate {reference}{option}\nimagenet-g verify {reference}{option}"
    return (
        f"{_fenced(commands, 'sh')}\n\nOn equal libraries and an equal processor every file comes out with the same"
        f" bits and the content digest above. Software: {to_markdown(card.exported.software)}."
    )


def _licence(card: DatasetCard) -> str:
    recipe = card.recipe
    return (
        f"The images: {to_markdown(recipe.licence)}. The generator {to_markdown(recipe.generator.name)}:"
        f" {to_markdown(recipe.generator.licence)}. The software {PROJECT}: MIT."
    )


def quality_picture(report: VersionQuality, stem: str) -> str:
    """Where the folder has a figure of a quality report."""
    return f"pictures/quality-{report.track}-{stem}.png"


def _quality(report: VersionQuality) -> str:
    pictures = [f"![{CAPTIONS[stem]}]({quality_picture(report, stem)})" for stem in figures(report)]
    head = f"## Quality, by the sets of the track {to_markdown(report.track)}"
    numbers = f"Full numbers: [quality-{report.track}.json](quality-{report.track}.json)."
    return "\n\n".join([head, numbers, section(report), *pictures])


def _fenced(text: str, kind: str) -> str:
    lines = [one_line(line) if line.strip() else "" for line in text.splitlines()]
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
    return "\n".join([f"{fence}{kind}", *lines, fence])
