"""From an outsider's prediction files to a card: restricted and many-to-one sets against NumPy by hand, refusals
with a card, caveats, explanations, and names that try to be code."""

import csv
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import yaml

from bench.core.errors import DataError, UsageError
from bench.core.images import ImageSet
from bench.core.model_ref import slug_of
from bench.core.predictions import Answers, PredictionHeader, Predictions, answers_of
from bench.core.score import Declaration
from bench.core.track import Track
from bench.pipelines.boards.publish import publish
from bench.pipelines.scoring.declarations import given
from bench.pipelines.scoring.provenance import flags
from bench.pipelines.scoring.score import Given, score, track_of
from bench.pipelines.scoring.submit import submit
from bench.pipelines.track_files import load_track
from bench.pipelines.tracks import list_tree_once, open_set
from bench.pipelines.versions.explain import explain
from bench.store.predictions import write_predictions
from tests.trees import plant

GROUPS = {"dog": [3, 4, 5], "guitar": 1, "house": [7, 0]}
HOSTILE = '=HYPERLINK("x")|<script>alert(1)</script>[a](javascript:b)_$\\input{/etc/passwd}'


@pytest.fixture
def track(tmp_path: Path) -> Track:
    """Ten classes; `photo` lets all compete, `art` only those of its three folders."""
    list_tree_once.cache_clear()
    plant(tmp_path / "photos", GROUPS, per_folder=20)
    plant(tmp_path / "art", GROUPS, per_folder=15)
    said = {
        "name": "own",
        "classes": "digits",
        "in_distribution": "photo",
        "headline": {"sets": ["art"]},
        "sets": {
            "photo": {"folder": "photos", "map": GROUPS},
            "art": {"folder": "art", "map": GROUPS, "restrict": True},
        },
    }
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(said, sort_keys=False))
    return load_track(str(tmp_path / "own.yaml"))


def header(track: Track, name: str, images: ImageSet, **changes) -> PredictionHeader:
    said = {
        "track": track.name,
        "set": name,
        "dataset_digest": images.digest,
        "classes_digest": track.classes_digest,
        "model": "onnx:mine.onnx",
        "preprocessing": {"size": 12},
        "versions": {},
    }
    return PredictionHeader.model_validate(said | changes)


def files(track: Track, root: Path, *, restricted: bool = True, **changes) -> tuple[list[Path], dict[str, np.ndarray]]:
    """A prediction file a set, of random logits float64 [n, 10], and these logits in the order of sorted ids."""
    paths, logits = [], {}
    for number, name in enumerate(track.sets):
        images = open_set(track, name, data_root=root)
        scores = np.random.default_rng(number).normal(0, 2, (len(images), 10))
        kept = images.kept if restricted else None
        head = header(track, name, images, kept_digest=images.kept_digest if restricted else None, **changes)
        paths.append(root / f"{name}.parquet")
        write_predictions(paths[-1], Predictions(head, tuple(images.ids), answers_of(scores, kept=kept)))
        logits[name] = scores
    return paths, logits


def by_hand(scores: np.ndarray, ids: list[str], *, only: list[int] | None) -> tuple[list[bool], float]:
    """Correctness of each image, and the mean negative log-likelihood, with loops and nothing of ours."""
    right, total = [], 0.0
    for row, image_id in zip(scores, ids, strict=True):
        wanted = GROUPS[image_id.split("/")[0]]
        wanted = wanted if isinstance(wanted, list) else [wanted]
        allowed = list(range(10)) if only is None else only
        best = max(allowed, key=lambda c: row[c])
        right.append(best in wanted)
        odds = {c: np.exp(row[c]) for c in allowed}
        total -= np.log(sum(odds[c] for c in wanted) / sum(odds.values()))
    return right, total / len(ids)


@pytest.mark.parametrize("restricted", [True, False])
def test_restricted_and_many_to_one_agree_with_loops_by_hand(track: Track, tmp_path: Path, restricted: bool) -> None:
    paths, logits = files(track, tmp_path, restricted=restricted)
    (card,) = score(paths, track=track, data_root=tmp_path)
    for name, only in (("photo", None), ("art", [0, 1, 3, 4, 5, 7])):
        ids = sorted(open_set(track, name, data_root=tmp_path).ids)
        right, likelihood = by_hand(logits[name], ids, only=only)
        found = card.sets[name]
        assert found.bits().tolist() == right
        assert found.top1 == sum(right) / len(right)
        assert found.nll == pytest.approx(likelihood, rel=2e-3)  # logits are kept in float16
        classes = {one.split("/")[0] for one in ids}
        shares = [np.mean([r for r, one in zip(right, ids, strict=True) if one.startswith(c)]) for c in classes]
        assert found.mean_per_class == pytest.approx(np.mean(shares))
        assert found.calibration_error is not None
        assert not found.unavailable


def test_what_the_best_answers_do_not_tell_is_said(track: Track, tmp_path: Path) -> None:
    images = open_set(track, "photo", data_root=tmp_path)
    whole = answers_of(np.random.default_rng(0).normal(size=(len(images), 10)))
    path = tmp_path / "p.parquet"
    write_predictions(
        path, Predictions(header(track, "photo", images), tuple(images.ids), Answers(whole.topk_class[:, :3]))
    )
    (card,) = score([path], track=track, data_root=tmp_path)
    found = card.sets["photo"]
    assert (found.top5, found.nll, found.calibration_error) == (None, None, None)
    assert set(found.unavailable) == {"top5", "nll", "calibration_error"}
    assert "not available on photo: nll: the predictions hold the best answers, not every class" in str(card)


def test_csv_from_elsewhere(track: Track, tmp_path: Path) -> None:
    images = open_set(track, "photo", data_root=tmp_path)
    path = tmp_path / "theirs.csv"
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file_name", "predicted_class", "predicted_probability"])
        rows.writerows([one.split("/")[1], 3, 0.5] for one in reversed(images.ids))
    with pytest.raises(UsageError, match=r"add --set SET \(photo, art\)"):
        score([path], track=track, data_root=tmp_path)
    (card,) = score([path], track=track, data_root=tmp_path, given=Given(set="photo", model="lab:theirs"))
    assert (card.model, card.sets["photo"].top1) == ("lab:theirs", pytest.approx(1 / 3))
    assert card.flags == ("scored from a CSV, which is not bound to a dataset by its digest",)
    ordered = tmp_path / "own_split:photo_seed:0_pred.csv"
    ordered.write_text("3\n" * len(images))
    (again,) = score([ordered], track=track, data_root=tmp_path)
    assert again.sets["photo"].correct == card.sets["photo"].correct
    with pytest.raises(UsageError, match="add --track"):
        track_of([path])


def test_one_class_outside_the_kept_ones_is_refused(track: Track, tmp_path: Path) -> None:
    images = open_set(track, "art", data_root=tmp_path)
    path = tmp_path / "a.csv"
    path.write_text(
        "image_id,predicted_class\n" + "".join(f"{one},{9 if i == 4 else 1}\n" for i, one in enumerate(images.ids))
    )
    with pytest.raises(DataError, match=f"image '{images.ids[4]}': none of its 1 answers is one of the 6 classes"):
        score([path], track=track, data_root=tmp_path, given=Given(set="art"))


def test_a_submission_is_listed_explained_and_never_displaced(track: Track, tmp_path: Path) -> None:
    boards = {"board_dir": tmp_path / "boards", "data_root": tmp_path}
    paths, _ = files(track, tmp_path)
    (card,) = submit(paths, track=track, given=Given(title="Mine"), **boards)
    assert (card.state, card.reason) == ("listed", "complete on photo, art")
    for name in ("Mine", card.model, card.slug):
        found = explain(name, track=track, **boards)
        assert (found.state, found.passed) == ("listed", ("received", "valid", "scored", "listed"))
    paths[1].write_bytes(paths[1].read_bytes()[:500])
    (other,) = submit([paths[1]], track=track, given=Given(model="lab:broken"), **boards)
    assert other.state == "rejected"
    assert other.reason.startswith("art.parquet: not a readable Parquet file")
    assert str(tmp_path) not in other.model_dump_json()
    found = explain("lab:broken", track=track, **boards)
    assert (found.state, found.passed, found.remedy) == ("rejected", ("received",), "write it again")
    (partial,) = submit([paths[0]], track=track, given=Given(title="Mine"), **boards)
    assert partial.reason == "no answers on art; predict every required set of the track"
    assert explain("Mine", track=track, **boards).state == "listed"
    with pytest.raises(UsageError, match="unknown submission on track own 'Mien': did you mean Mine"):
        explain("Mien", track=track, **boards)


def test_two_models_never_share_a_card(track: Track, tmp_path: Path) -> None:
    boards = {"board_dir": tmp_path / "boards", "data_root": tmp_path}
    names = [
        "onnx:a b.onnx",
        "onnx:a-b.onnx",
        "onnx:A-b.onnx",
        "onnx:a/b.onnx",
        "onnx:a-b.onnx?x=1",
        f"onnx:{'a' * 99}",
    ]
    slugs = set()
    for name in names:
        (card,) = submit(files(track, tmp_path, model=name)[0], track=track, **boards)
        slugs.add(card.slug.lower())
    assert len(slugs) == len(names) == len(list((tmp_path / "boards" / "own" / "results").iterdir()))
    taken = next(iter(sorted(slugs)))
    path = tmp_path / "boards" / "own" / "results" / f"{taken}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model": "onnx:somebody else"}))
    model = next(name for name in names if slug_of(name).lower() == taken)
    with pytest.raises(DataError, match="is the card of onnx:somebody else"):
        submit(files(track, tmp_path, model=model)[0], track=track, **boards)


def test_names_of_submissions_are_text_on_every_surface(track: Track, tmp_path: Path) -> None:
    boards = {"board_dir": tmp_path / "boards", "data_root": tmp_path}
    paths, _ = files(track, tmp_path, model=f"onnx:{HOSTILE}")
    (card,) = submit(paths, track=track, given=Given(title=HOSTILE), **boards)
    assert card.state == "listed"
    publish(track, **boards)
    folder = tmp_path / "boards" / "own"
    assert {path.parent for path in (tmp_path / "boards").rglob("*.json")} <= {folder, folder / "results"}
    page = (folder / "index.html").read_text()
    assert "<script>alert" not in page
    readme = (folder / "README.md").read_text()
    words, code = (
        re.sub(r"```.*?```", "", readme, flags=re.DOTALL),
        "".join(re.findall(r"```.*?```", readme, re.DOTALL)),
    )
    assert "<script>" not in words
    assert "](javascript:" not in words.replace(r"\](javascript:", "")
    assert shlex.quote(f"onnx:{HOSTILE}") in code  # who pastes the command runs it and nothing else
    assert r"\input{" not in (folder / "table.tex").read_text()
    with open(folder / "table.csv", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell[:1] in "=+@" and cell]
    for text in ("a\nb", "a\u202eb", "a\x1b[31m"):
        with pytest.raises(ValueError, match="printable text"):
            header(track, "photo", open_set(track, "photo", data_root=tmp_path), title=text)


def test_what_a_model_declares_is_on_its_card_and_flags_its_generator(
    track: Track, tmp_path: Path, monkeypatch
) -> None:
    file = tmp_path / "declaration.yaml"
    file.write_text("data: [{name: digits-g@1.0.0/train}]\nparameters: 1000\nlicence: MIT\npaper: arXiv 1\n")
    said = given(file)
    paths, _ = files(track, tmp_path, declaration=Declaration(arch="net", licence="CC BY 4.0"))
    (card,) = score(paths, track=track, data_root=tmp_path, given=said)
    assert (card.declaration.arch, card.declaration.licence, card.declaration.parameters) == ("net", "CC BY 4.0", 1000)
    assert card.flags == ()
    digits = load_track("digits")
    (flag,) = flags(digits, digits.sets, card.declaration)
    assert (
        flag == "trained on images of digits-sd, which drew the set generated too: for this model it is in distribution"
    )
    file.write_text("licence: MIT\nlicense: MIT\n")
    with pytest.raises(UsageError, match=r"declaration.yaml, line 2: unknown key 'license': did you mean licence"):
        given(file)
