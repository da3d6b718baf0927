"""Quality reports made up for tests, with every part that a report can have."""

from bench.core.class_sheet import ClassSheet
from bench.core.quality import (
    Consistency,
    ExtractorCard,
    Link,
    LinkPoint,
    Number,
    QualityCard,
    SetCard,
    Share,
    VersionQuality,
)

SETS = ("test", "uci", "art")
SOURCES = ("real", "tiny@1.0.0", "real + generated")
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGOoBwAAgQCAbDO8tAAAAABJRU5ErkJggg=="


def quality_report(
    reference: str = "tiny@1.0.0", *, content_digest: str, track: str = "t", name: str = "zero"
) -> VersionQuality:
    """`name` is that of the first class; sets and sources stand in no alphabetical order."""
    share = Share(right=9, n=10, share=0.9, interval=(0.6, 0.98))
    points = [(5.0, 0.3), (2.0, 0.1), (-1.0, 0.05), (0.5, 0.2)]
    return VersionQuality(
        reference=reference,
        track=track,
        content_digest=content_digest,
        images=10,
        sets=SETS,
        cards={one: _card(reference, f"{track}/{one}", content_digest, name) for one in SETS},
        reference_set="test",
        command=f"python run_bench.py quality {reference} --track {track}",
        blank=Share(right=0, n=10, share=0, interval=(0, 0.28)),
        source_names=SOURCES,
        sources={source: {one: 3.0 + k for k, one in enumerate(SETS)} for source in SOURCES},
        floor=0.75,
        consistency=Consistency(
            judge="oracle:o",
            weights="sha256:0",
            overall=share,
            classes={"0": share, "1": share},
            templates={"a photo of a {}.": share, "a {}.": share},
        ),
        best=(ClassSheet(class_id="0", name=name, images=(DOT,), prompts=("a photo of a zero.",)),),
        link=Link(
            points=tuple(
                LinkPoint(arm=arm, set=one, gap=gap, gain=gain)
                for (gap, gain), (arm, one) in zip(
                    points, [(arm, one) for arm in ("synthetic", "mixed") for one in ("uci", "art")], strict=True
                )
            ),
            r=0.9,
            interval=(-0.2, 0.99),
            rho=0.8,
        ),
    )


def _card(reference: str, other: str, digest: str, name: str) -> QualityCard:
    numbers = {"frechet": 4.0, "kid": 0.01, "precision": 0.5, "recall": 0.25, "vendi a": 3.0, "vendi b": 4.0}
    return QualityCard(
        a=SetCard(name=reference, digest=digest, images=10, encodings={"PNG L 32x32": 10}),
        b=SetCard(name=other, digest="sha256:1", images=12, encodings={"JPEG RGB 40x30": 12}),
        extractor=ExtractorCard(
            name="oracle:o", weights="sha256:0", input={"mode": "L"}, decoder="Pillow", precision="float32 features"
        ),
        dimension=96,
        n=10,
        per_class=5,
        draw="the images whose id has the smallest hash with seed 0",
        precision="float64 distances",
        routes={"frechet": "samples"},
        versions={"numpy": "2"},
        numbers={key: Number(value=value, n=10, interval=None) for key, value in numbers.items()},
        classes={"frechet": {"0": 3.0, "1": 5.0}},
        class_names={"0": name, "1": "one"},
        notes=("n = 10 is below the 96 features",),
    )
