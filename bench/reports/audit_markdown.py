"""An audit as a section of the dataset card."""

from collections.abc import Callable

from bench.core.audit import Audit, ClassAudit, TemplateAudit
from bench.reports import audit_words
from bench.reports.markdown import table
from bench.reports.numerals import NOTHING, fixed, percent
from bench.reports.plain_text import to_markdown

LISTED = 12
QUESTIONS: dict[str, Callable[[Audit], list[str]]] = {
    "Privacy: is it memorised?": audit_words.privacy,
    "Bias: are some classes worse?": audit_words.bias,
    "Objectionable content": audit_words.content,
    "Labels: does it show what it should?": audit_words.labels,
    "Duplicates": audit_words.duplicates,
}
# Pictures by the question that they belong to, where there are any.
PICTURES = {
    "Privacy: is it memorised?": ("closest-real.png", "nearest-real.png"),
    "Bias: are some classes worse?": ("classes.png",),
    "Objectionable content": ("suspicious.png",),
    "Labels: does it show what it should?": ("doubtful.png",),
    "Duplicates": ("duplicates.png",),
}
TITLES = {
    "closest-real.png": "The closest pairs: generated left, real right",
    "nearest-real.png": "Distance to the nearest real image",
    "classes.png": "Consistency and diversity by class, the least consistent first",
    "suspicious.png": "The images that the detector finds most suspicious",
    "doubtful.png": "Images in which the classifier sees another class with the greatest confidence",
    "duplicates.png": "The closest pairs of the version",
}


def audit_section(audit: Audit | None) -> str:
    """The section `## Audit`, with links to the pictures in `pictures/`; says so where there was none."""
    if audit is None:
        return "## Audit\n\nThese images have not been audited."
    parts = ["## Audit", "Full numbers: [audit.json](audit.json)."]
    for question, words in QUESTIONS.items():
        parts += [f"### {question}", "\n".join(f"- {to_markdown(line)}" for line in words(audit))]
        parts += [f"![{TITLES[name]}](pictures/{name})" for name in PICTURES[question] if name in pictures_of(audit)]
    parts += ["### Worst classes and prompts", worst_classes(audit), worst_templates(audit)]
    if audit.notes:
        parts.append("Before you believe it: " + "; ".join(to_markdown(note) for note in audit.notes) + ".")
    return "\n\n".join(part for part in parts if part)


def render(audit: Audit) -> str:
    """The audit alone, as the README.md of its folder."""
    return f"# Audit of {to_markdown(audit.reference)}\n\n{audit_section(audit)}\n\nContent `{audit.content_digest}`.\n"


def pictures_of(audit: Audit) -> list[str]:
    """The pictures that an audit has, in order."""
    have = {
        "closest-real.png": audit.privacy is not None,
        "nearest-real.png": audit.privacy is not None,
        "classes.png": any(one.consistent is not None or one.real_diversity for one in audit.classes),
        "suspicious.png": bool(audit.content.most),
        "doubtful.png": audit.labels is not None and audit.labels.consistent.count < audit.labels.consistent.n,
        "duplicates.png": bool(audit.duplicates.pairs),
    }
    return [name for name, there in have.items() if there]


def worst_classes(audit: Audit) -> str:
    """The classes that are drawn worst."""
    shown = sorted(audit.classes, key=lambda one: (_or_one(one.consistent), _diversity(one), one.class_id))[:LISTED]
    rows = [
        [to_markdown(f"{one.class_id} {one.name}"), *_counts(one), _number(one.diversity), _number(one.real_diversity)]
        for one in shown
    ]
    return table(["class", *_HEAD, "diversity", "of real images"], rows)


def worst_templates(audit: Audit) -> str:
    """The prompts that are drawn worst; nothing where there are none."""
    if not audit.templates:
        return ""
    shown = sorted(audit.templates, key=lambda one: (_or_one(one.consistent), one.template_id))[:LISTED]
    return table(["prompt, such as", *_HEAD], [[to_markdown(one.example), *_counts(one)] for one in shown])


_HEAD = ["n", "seen as asked, %", "rejected attempts", "flagged"]


def _counts(one: ClassAudit | TemplateAudit) -> list[str]:
    seen = NOTHING if one.consistent is None else percent(one.consistent)
    return [f"{one.n:,}", seen, f"{one.rejected:,}", NOTHING if one.flagged is None else f"{one.flagged:,}"]


def _number(value: float | None) -> str:
    return NOTHING if value is None else fixed(value, 3)


def _or_one(value: float | None) -> float:
    return 1.0 if value is None else value


def _diversity(one: ClassAudit) -> float:
    return one.diversity / one.real_diversity if one.diversity and one.real_diversity else 1.0
