"""Boards for the presses: realistic, of any size, with any part missing."""

import base64
import struct
import zlib

import numpy as np
import pytest

from bench.core.class_sheet import ClassSheet
from bench.core.dataset_version import AuditFinding, DatasetVersion, VersionChanges
from bench.core.leaderboard import (
    ArmGain,
    ArmRow,
    Cell,
    Column,
    Distances,
    EffectiveRobustness,
    Fit,
    Leaderboard,
    Mean,
    Ranking,
    Row,
)
from bench.core.score import pack_bits

SETS = (
    ("test", "MNIST test", 1000),
    ("uci", "UCI digits", 1797),
    ("print", "printed fonts", 1000),
    ("sketch", "outlines", 1000),
    ("paper", "ink on paper", 1000),
    ("digits-g", "generated", 1000),
)
MORE_SETS = (*SETS, *((f"shift-{k}", f"shift {k}", 1000) for k in range(4)))
HEADLINE = ("uci", "print", "sketch", "paper")
ARMS = (
    ("real", "steps", "real", 0.976, 0.35),
    ("synthetic", "steps", "synthetic", 0.902, 0.826),
    ("mixed", "steps", "mixed, equal steps", 0.974, 0.823),
    ("mixed", "epochs", "mixed, equal epochs", 0.979, 0.838),
)


def make_board(
    models: int = 27,
    *,
    arms: bool = True,
    fits: bool = True,
    distances: bool = True,
    version: bool = True,
    sets: tuple[tuple[str, str, int], ...] = SETS,
) -> Leaderboard:
    """A board of `models` rows: first 12 arm runs if there is room for them, the rest standard and submitted."""
    rng = np.random.default_rng(0)
    rows = [_row(rng, index, models, fits=fits, arms=arms, sets=sets) for index in range(models)]
    rows.sort(key=lambda row: -row.shifted)
    rows = [row.model_copy(update=_ranks(rank, models)) for rank, row in enumerate(rows, 1)]
    return Leaderboard(
        track="digits",
        title="digits",
        classes=10,
        class_names=tuple(f"digit {d}" for d in range(10)),
        software="imagenet-g-bench 0.1.0",
        question="Which classifiers hold up when handwritten digits change their look?",
        summary="Training on real and generated digits lifts mean shifted accuracy from 35.0 % to 82.3 %.",
        columns=tuple(
            Column(
                name=name,
                title=title,
                about=f"What {title} holds and where it comes from.",
                n=n,
                digest=f"sha256:{name.encode().hex():0<64}",
                headline=name in HEADLINE,
                in_distribution=name == "test",
                labels=base64.b64encode((np.arange(n) % 10).astype("<u2").tobytes()).decode(),
            )
            for name, title, n in sets
        ),
        rows=tuple(rows),
        fits=tuple(_fit(name, transform) for name, *_ in sets[1:] for transform in ("linear", "logit")) if fits else (),
        ranking=Ranking(
            method="paired by image, Holm over all ordered pairs of models",
            confidence=0.95,
            pairs=models * (models - 1),
            paired=True,
            bands=-(-models // 4),
            tied=min(models, 4),
        ),
        arms=_arms(rng) if arms else (),
        gains=_gains() if arms else (),
        distances=_distances() if distances else None,
        version=_version() if version else None,
        notes=(
            "The arms have three seeds; intervals over seeds are wide.",
            "The oracle that measures FID saw the fonts of training.",
        ),
    )


def cell(rng, top1: float, n: int) -> Cell:
    """A cell with a whole number of right answers and its Wilson interval."""
    correct = rng.random(n) < np.clip(top1, 0.02, 0.998)
    p, z = float(correct.mean()), 1.96
    middle, half = (
        (p + z * z / (2 * n)) / (1 + z * z / n),
        z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5,
    )
    return Cell(
        n=n,
        top1=p,
        top5=min(1.0, p + 0.02),
        interval=(max(middle - half, 0.0), min(middle + half, 1.0)),
        correct=pack_bits(correct),
        predictions_digest="sha256:" + "9a" * 32,
    )


def _ranks(rank: int, models: int) -> dict:
    return {
        "rank": rank,
        "rank_interval": (max(1, rank - 2), min(models, rank + 3)),
        "band": 1 + (rank - 1) // 4,
        "ties_first": rank <= 4,
    }


def _row(rng, index: int, models: int, *, fits: bool, arms: bool, sets) -> Row:
    if arms and index < 12 and models > 1:
        arm, match, label, top, shifted = ARMS[index % 4]
        role, title, arch = "arm", f"resnet10t, {label}, seed {index // 4}", "resnet10t"
    else:
        top = 1 - 0.02 * 20 ** rng.random()
        shifted, arm, match, arch = 0.55 * top - 0.18, "real", "steps", f"net{index}"
        role = "standard" if index % 9 or index < 28 else "submitted"
        title = (
            f"some_network_v{index}.a1_in1k"
            if index % 7
            else f"a_very_long_model_name_that_goes_on_{index}.clip_openai_ft_in12k_in1k_384"
        )
        shifted += 0.1 * rng.random() * (role == "submitted")
    cells = {"test": cell(rng, top, 1000)}
    for name, _, n in sets[1:]:
        cells[name] = cell(rng, shifted + 0.08 * rng.standard_normal(), n)
    mean = float(np.mean([cells[name].top1 for name in HEADLINE]))
    er = (
        {
            name: {
                t: EffectiveRobustness(
                    value=cells[name].top1 - (0.55 * cells["test"].top1 - 0.18),
                    interval=(-0.01, 0.02) if t == "linear" else None,
                    extrapolated=top > 0.977,
                )
                for t in ("linear", "logit")
            }
            for name in cells
            if name != "test"
        }
        if fits
        else {}
    )
    return Row(
        rank=1,
        slug=f"model-{index}",
        title=title,
        model=f"run:model-{index}",
        role=role,
        arch=arch,
        arm=arm,
        match=match,
        seed=index // 4 if role == "arm" else 0,
        parameters=None if index % 5 == 4 else 100_000 * (index + 1),
        shifted=mean,
        shifted_interval=(mean - 0.011, mean + 0.011),
        cells=cells,
        robustness=er,
        command=f"python run_bench.py submit run:model-{index} --track digits",
    )


def _fit(name: str, transform: str) -> Fit:
    x = np.linspace(0.6, 0.98, 40)
    y = 0.55 * x - 0.18
    return Fit(
        set=name,
        transform=transform,
        slope=0.55,
        intercept=-0.18,
        r=0.9,
        n=15,
        x_range=(0.62, 0.97),
        line=tuple(zip(x.tolist(), y.tolist(), strict=True)),
        band=tuple(zip(x.tolist(), (y - 0.03).tolist(), (y + 0.03).tolist(), strict=True)),
    )


def _mean(value: float) -> Mean:
    return Mean(mean=value, n=3, deviation=0.012, interval=(value - 0.03, value + 0.03))


def _arms(rng) -> tuple[ArmRow, ...]:
    return tuple(
        ArmRow(
            label=label,
            arm=arm,
            match=match,
            images=4000 if arm != "mixed" else 8000,
            steps=400 if match == "steps" else 800,
            sets={"test": _mean(top)} | {name: _mean(shifted + 0.05 * rng.standard_normal()) for name, *_ in SETS[1:]},
            shifted=_mean(shifted),
        )
        for arm, match, label, top, shifted in ARMS
    )


def _gains() -> tuple[ArmGain, ...]:
    sets = {"test": _mean(-0.002)} | {name: _mean(0.47) for name, *_ in SETS[1:]}
    return tuple(ArmGain(label=label, baseline="real", sets=sets, shifted=_mean(0.473)) for *_, label, _, _ in ARMS[1:])


def _distances() -> Distances:
    values = {
        source: {name: base + 17.3 * k for k, (name, *_) in enumerate(SETS[:5])}
        for source, base in (("real", 3.1), ("synthetic", 22.9))
    }
    values["synthetic"]["paper"] = None
    return Distances(
        extractor="digits-oracle",
        extractor_digest="sha256:" + "ab" * 32,
        dimension=64,
        per_class=80,
        input="32x32, no resize",
        precision="float64",
        values=values,
        digests={
            name: f"sha256:{name.encode().hex():0<64}" for name in ("real", "synthetic", *(s[0] for s in SETS[:5]))
        },
    )


def png(rng) -> str:
    """A base64 PNG of a 32x32 grey blob."""
    y, x = np.mgrid[:32, :32]
    cx, cy = rng.uniform(10, 22, 2)
    image = (255 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 40)).astype(np.uint8)
    raw = b"".join(b"\0" + line.tobytes() for line in image)
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))  # noqa: E731
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )
    return base64.b64encode(data).decode()


def _version() -> DatasetVersion:
    rng = np.random.default_rng(5)
    sheets = tuple(
        ClassSheet(
            class_id=str(d),
            name=f"digit {d}",
            images=tuple(png(rng) for _ in range(12)),
            prompts=tuple(f"a sketch of the number {d}, version {k}." for k in range(12)),
        )
        for d in range(10)
    )
    return DatasetVersion(
        reference="digits-g@1.0.0",
        recipe_digest="sha256:" + "cd" * 32,
        content_digest="sha256:" + "ef" * 32,
        digests={"train": "sha256:" + "01" * 32, "val": "sha256:" + "23" * 32},
        counts={"train": 4000, "val": 1000},
        generator="digits-sd",
        sampler="ddim, 25 steps, guidance 3",
        sheets=sheets,
        audit=(
            AuditFinding(
                what="Memorised?",
                share=0.012,
                n=5000,
                interval=(0.0093, 0.0154),
                words="nearer to a training image than real images are to each other",
            ),
            AuditFinding(what="Labels", words="not measured: no oracle for this track"),
        ),
        changes=VersionChanges(before="digits-g@0.9.0", kept=4000, added=1000, removed=0, changed=0, bump="minor"),
    )


@pytest.fixture(scope="session")
def board() -> Leaderboard:
    """The usual board: 27 models, everything present."""
    return make_board()


@pytest.fixture(scope="session")
def many() -> Leaderboard:
    """A board of 1,500 models on 10 sets."""
    return make_board(1500, sets=MORE_SETS)


@pytest.fixture(scope="session")
def make():
    """The builder, for boards of other sizes and with parts missing."""
    return make_board


@pytest.fixture(scope="session")
def hostile() -> Leaderboard:
    """A board whose every text tries to be markup, a formula, maths or a link."""
    board = make_board(5)
    evil = HOSTILE

    def row(index: int, one: Row) -> Row:
        return one.model_copy(
            update={
                "title": f"{evil[index]} {index}",
                "arch": evil[index],
                "model": f"run:{evil[index]}",
                "command": f"run {evil[index]}",
                "arm": evil[0] if one.role == "arm" else one.arm,
            }
        )

    columns = tuple(c.model_copy(update={"title": f"{evil[0]} {c.name}", "about": evil[1]}) for c in board.columns)
    arms = tuple(arm.model_copy(update={"label": evil[k]}) for k, arm in enumerate(board.arms))
    gains = tuple(gain.model_copy(update={"label": evil[2], "baseline": evil[0]}) for gain in board.gains)
    sheet = ClassSheet(class_id=evil[1], name=evil[0], images=(png(np.random.default_rng(0)),), prompts=(evil[1],))
    return board.model_copy(
        update={
            "title": evil[0],
            "question": evil[1],
            "summary": evil[0],
            "class_names": tuple(f"{evil[k % 5]} {k}" for k in range(10)),
            "notes": evil,
            "columns": columns,
            "arms": arms,
            "gains": gains,
            "track": evil[1],
            "software": evil[0],
            "rows": tuple(row(k, one) for k, one in enumerate(board.rows)),
            "distances": board.distances.model_copy(
                update={"extractor": evil[0], "input": evil[1], "values": {evil[0]: {"uci": 1.0}}}
            ),
            "version": board.version.model_copy(
                update={"reference": evil[1], "generator": evil[0], "sheets": (sheet,)}
            ),
        }
    )


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://evil")|`x`*b*[l](http://evil)',
    "$\\frac{1$ \\input{/etc/passwd} & 100% #1 _a_ ^~{}",
    "</script><!--<svg onload=alert(1)>\u2028\u202e\nnew line",
)
