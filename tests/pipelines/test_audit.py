"""An audit finds what was planted, is calibrated on real images, and says what it did not measure."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.core.audit import Audit, Copies
from bench.core.errors import DataError, UsageError
from bench.core.record import parse
from bench.filters.blank import Blank
from bench.filters.rule import Judgement
from bench.metrics.neighbours import unit
from bench.models.features import open_extractor
from bench.pipelines.audits import evidence as audit_evidence
from bench.pipelines.audits.audit import audit
from bench.pipelines.audits.evidence import Means
from bench.pipelines.audits.images import Gathered
from bench.pipelines.audits.measures import content, privacy
from bench.pipelines.boards.sheets import dataset_version
from bench.pipelines.boards.version import with_findings
from bench.pipelines.versions.export import export
from bench.pipelines.versions.generate import generate
from bench.store.audits import read_audit, write_audit
from bench.store.versions import open_version
from bench.synthesis import METHODS
from tests.stub_maker import real_picture, write_recipe

HOSTILE = '<script>alert(1)</script> ](x "$1$'
CLASSES = [{"id": "0", "name": HOSTILE}, {"id": "1", "name": "one"}]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A version with planted copies of real images, repeats and black images, and the folders real/ and held-out/."""
    root = tmp_path_factory.mktemp("audit")
    for folder, numbers in (("real", range(40)), ("held-out", range(100, 140))):
        for number in numbers:
            path = root / folder / str(number % 2) / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            real_picture(number).convert("RGB").resize((64, 64)).save(path, quality=90)
    write_recipe(root / "datasets", classes=CLASSES, splits={"train": 20, "val": 5})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(METHODS, "text-to-image", "tests.stub_maker:PlantingMaker")
        patch.setattr(Blank, "judge", lambda self, shown, kept: [Judgement(False, 0.0) for _ in shown])
        generate(str(root / "datasets" / "1.0.0.yaml"), data_root=root, workers=1, quiet=True)
    return root


@pytest.fixture(scope="module")
def items(root):
    return open_version("tiny@1.0.0", root).manifest.items


def seen_by_brightness(images):
    bright = np.array([np.asarray(image).mean() > 127 for image in images], dtype=float)
    return np.stack([1 - bright, bright], axis=1)


@pytest.fixture(scope="module")
def report(root):
    means = Means(classifier="brightness", real=str(root / "real"), held_out=str(root / "held-out"), detect=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit_evidence, "identified_classifier", lambda *_, **__: ("sha256:x", seen_by_brightness))
        return audit(str(root / "datasets" / "1.0.0.yaml"), data_root=root, means=means, quiet=True)


def test_a_board_says_what_the_audit_of_its_images_found(report, root):
    recipe = str(root / "datasets" / "1.0.0.yaml")
    shown = with_findings(dataset_version(recipe, data_root=root), recipe, data_root=root)
    told = {one.what: one for one in shown.audit}
    copies, alike = report.audit.privacy.copies, report.audit.duplicates.alike
    found = told["Copies of real images"]
    assert (found.share, found.n, found.interval) == (copies.count / copies.n, copies.n, copies.interval)
    assert told["Look the same as another one"].share == alike.count / alike.n
    assert told["Show the class asked for"].n == report.audit.labels.consistent.n
    assert told["Objectionable"].share is None
    assert told["Objectionable"].words == "not measured"
    assert HOSTILE in told["Worse for some classes?"].words
    other = dataset_version(recipe, data_root=root).model_copy(update={"content_digest": "sha256:0"})
    assert with_findings(other, recipe, data_root=root).audit == ()


def test_planted_copies_of_real_images_are_found_and_shown_first(report, items):
    found, planted = report.audit.privacy, {item.id: item.seed for item in items if item.seed % 5 == 0}
    assert len(planted) > 5
    assert found.copies.count == len(planted)
    first = found.pairs[: len(planted)]
    assert {pair.left for pair in first} == set(planted)
    for pair in first:
        assert pair.same
        assert pair.right.endswith(f"/{planted[pair.left] % 40}.jpg")
    assert not any(pair.same for pair in found.pairs[len(planted) :])


def test_planted_repeats_and_black_images_are_counted(report, items):
    again = [item for item in items if item.seed % 5 == 1]
    black = [item for item in items if item.seed % 5 == 2 and item.seed % 3 == 0]
    copied = [item for item in items if item.seed % 5 == 0]
    twice = [item for item in copied if sum(item.seed % 40 == other.seed % 40 for other in copied) > 1]
    assert min(len(again), len(black)) > 1
    repeated = len(again) + len(black) + len(twice)
    assert (report.audit.duplicates.alike.count, report.audit.duplicates.identical) == (repeated, repeated)
    assert report.audit.content.blank.count == len(black)
    pairs = [frozenset((pair.left, pair.right)) for pair in report.audit.duplicates.pairs]
    assert len(set(pairs)) == len(pairs)


def test_nearly_blank_images_are_counted_apart(items):
    shown = replace(points(4, 1), spans=np.array([0, 5, 32, 200]))
    found = content(shown, items[:4], {0: 0.2, 3: 0.9}, detector="x", below=0.5)
    assert (found.blank.count, found.faint.count) == (1, 2)
    assert (found.flagged.count, found.flagged.n, found.most) == (1, 2, ("1/3", "1/0"))


def test_labels_and_classes_agree_with_counting(report, root, items):
    version = open_version("tiny@1.0.0", root)
    right = 0
    for split in ("train", "val"):
        images = version.image_set(split, ("0", "1"))
        answers = seen_by_brightness([images.read(i) for i in range(len(images))]).argmax(axis=1)
        right += int((answers == images.labels).sum())
    found = report.audit
    assert (found.labels.consistent.count, found.labels.consistent.n) == (right, 50)
    assert found.labels.accuracy.n == 40
    assert sum(one.count for one in found.labels.confusions) == 50 - right
    assert sum(round(one.consistent * one.n) for one in found.classes) == right
    assert sum(one.n for one in found.templates) == 50
    assert all(0 < one.diversity < 2 and 0 < one.real_diversity < 2 for one in found.classes)


def test_the_report_is_written_whole_and_says_what_was_not_measured(report, root):
    folder = root / "audits" / "tiny" / "1.0.0"
    assert report.folder == str(folder)
    assert parse(Audit, json.loads((folder / "audit.json").read_text()), where="audit.json") == report.audit
    names = {path.name for path in (folder / "pictures").iterdir()}
    assert names == {"closest-real.png", "nearest-real.png", "classes.png", "duplicates.png", "doubtful.png"}
    assert report.audit.notes == (
        "objectionable content: not asked for (--detect 0)",
        "features are plain pixels: only close copies are near (--extractor)",
    )
    assert "note: objectionable content: not asked for" in str(report)


def test_no_folder_of_the_user_is_published(report, root):
    assert (report.audit.privacy.real, report.audit.privacy.held_out) == ("real", "held-out")
    texts = [path.read_bytes() for path in Path(report.folder).rglob("*.*") if path.is_file()]
    assert not [text for text in texts if str(root).encode() in text]


def test_hostile_names_are_text_on_the_page_and_in_the_card(report, root):
    page = (Path(report.folder) / "index.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert page.count("data:image/png;base64,") == 5
    assert "<script" not in (Path(report.folder) / "README.md").read_text()


def test_auditing_twice_gives_the_same_bytes(report, root, tmp_path):
    means = Means(real=str(root / "real"), detect=0)
    for name in ("a", "b"):
        audit(str(root / "datasets" / "1.0.0.yaml"), data_root=root, means=means, out=tmp_path / name, quiet=True)
    a, b = ({p.name: p.read_bytes() for p in (tmp_path / n).rglob("*.*") if p.is_file()} for n in ("a", "b"))
    assert a == b


@pytest.mark.parametrize("step", ["fsync", "replace", "unlink"])
def test_killed_before_any_step_an_audit_is_whole_or_absent_and_the_next_mends_it(report, tmp_path, step):
    others = {"README.md": b"new", "pictures/a.png": b"new"}
    write_audit(tmp_path, report.audit, others | {"pictures/old.png": b"old"})
    places = 0
    while True:
        child = os.fork()
        if not child:
            write_and_die(tmp_path, report.audit, others, step, places)
        if not os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            break
        places += 1
        found = read_audit(tmp_path)
        assert found in (None, report.audit)
        assert found is None or places in (1, 2) or (tmp_path / "pictures" / "a.png").read_bytes() == b"new"
    assert places >= 3
    assert read_audit(tmp_path) == report.audit
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["README.md", "audit.json", "pictures/a.png"]


def write_and_die(folder, audit, others, step, places):
    left, before = iter(range(places)), getattr(os, step)
    setattr(os, step, lambda *given, **named: os._exit(9) if next(left, None) is None else before(*given, **named))
    write_audit(folder, audit, others)
    os._exit(0)


@pytest.mark.parametrize("others", [[], ["audit.json", "recipe.json"]])
def test_somebody_s_pictures_and_an_exported_version_are_left_alone(root, tmp_path, others):
    (tmp_path / "pictures").mkdir()
    for name in ("pictures/holiday.png", *others):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UsageError, match="holds more than an audit; choose a folder that is not there yet"):
        audit(str(root / "datasets" / "1.0.0.yaml"), data_root=root, means=Means(detect=0), out=tmp_path, quiet=True)
    assert {path.name for path in tmp_path.rglob("*")} == {"pictures", "holiday.png", *others}


def test_a_version_of_a_recipe_that_has_changed_is_not_audited(root, tmp_path):
    changed = write_recipe(tmp_path / "datasets", classes=CLASSES, splits={"train": 20, "val": 5}, root_seed=1)
    with pytest.raises(DataError, match=r"made by recipe sha256:.*, the recipe is now"):
        audit(changed, data_root=root, means=Means(detect=0), quiet=True)


def test_the_export_of_audited_images_carries_the_audit(report, root, tmp_path):
    out = tmp_path / "out"
    reference = str(root / "datasets" / "1.0.0.yaml")
    assert export(reference, layout="webdataset", out=out, data_root=root, quiet=True).audited
    assert (out / "audit.json").read_bytes() == (Path(report.folder) / "audit.json").read_bytes()
    card = (out / "README.md").read_text()
    assert "### Privacy: is it memorised?" in card
    assert "![The closest pairs: generated left, real right](pictures/closest-real.png)" in card
    assert (out / "pictures" / "closest-real.png").is_file()


def test_without_real_images_or_a_classifier_it_says_so(root, tmp_path):
    reference = str(root / "datasets" / "1.0.0.yaml")
    found = audit(reference, data_root=root, means=Means(detect=0), out=tmp_path, quiet=True).audit
    assert (found.privacy, found.labels) == (None, None)
    assert any("no real images (--real)" in note for note in found.notes)
    assert any("no classifier (--classifier)" in note for note in found.notes)
    assert found.duplicates.alike.count > 0


def points(n, seed):
    features = unit(np.random.default_rng(seed).normal(size=(n, 8)))
    nothing = np.zeros(n, np.int64)
    pixels = np.random.default_rng(seed).integers(0, 256, (n, 1024), dtype=np.uint8)
    hashes = np.random.default_rng((seed, 1)).integers(0, 2**63, n).astype(np.uint64)
    ids = [f"{seed}/{i}" for i in range(n)]
    return Gathered(ids, nothing, features, hashes, pixels, nothing, None, lambda i: None)


def test_the_threshold_is_calibrated_on_real_images():
    real, new, held_out = points(2000, 1), points(2000, 2), points(2000, 3)
    copies, names = Copies(bits=6, difference=0.02), {"real": "r", "digest": "sha256:" + "0" * 64, "held_out": "h"}
    found, distances = privacy(new, real, held_out, copies=copies, names=names)
    # Images of the real distribution are under it about as often as real ones are, which is the quantile.
    assert found.under.interval[0] < 0.01 < found.under.interval[1]
    assert found.held_out_under.interval[0] < 0.01 < found.held_out_under.interval[1]
    assert found.copies.count == 0
    assert (distances["real"] <= found.threshold).mean() == pytest.approx(0.01, abs=0.001)
    nudged = unit(real.features[:500] + np.float32(0.002) * new.features[:500])
    found, _ = privacy(replace(points(500, 4), features=nudged), real, None, copies=copies, names=names)
    assert found.under.share > 0.95


@pytest.mark.parametrize(
    ("means", "kind", "message"),
    [
        (Means(real="/nowhere"), DataError, r"real images '/nowhere': neither a source \(mnist-train"),
        (Means(extractor="dino"), UsageError, "unknown extractor 'dino': "),
        (Means(extractor="openclip:"), UsageError, "expected openclip:FOLDER with open_clip_config.json"),
        (Means(extractor="timm:/nowhere"), DataError, "/nowhere has no config.json; put the weights there"),
        (Means(classifier="oracle:digits-oracle"), DataError, "answers for 10 classes, the dataset has 2"),
    ],
)
def test_bad_means_are_one_line(root, tmp_path, means, kind, message):
    with pytest.raises(kind, match=message) as caught:
        audit(str(root / "datasets" / "1.0.0.yaml"), data_root=root, means=means, out=tmp_path / "x", quiet=True)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "x").exists()


def test_a_real_image_that_does_not_decode_is_one_line(root, tmp_path):
    (tmp_path / "real" / "0").mkdir(parents=True)
    (tmp_path / "real" / "0" / "a.png").write_bytes(b"not a picture")
    means = Means(real=str(tmp_path / "real"), detect=0)
    with pytest.raises(DataError, match=r"a.png: not a readable image"):
        audit(str(root / "datasets" / "1.0.0.yaml"), data_root=root, means=means, out=tmp_path / "x", quiet=True)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::Warning")
def test_timm_and_open_clip_weights_from_a_folder_give_features(tmp_path):
    import open_clip
    import timm
    from safetensors.torch import save_file

    pictures = [real_picture(number) for number in range(3)]
    model = timm.create_model("test_resnet", num_classes=3)
    timm.models.save_for_hf(model, tmp_path / "timm", safe_serialization=True)
    assert open_extractor(f"timm:{tmp_path / 'timm'}").read(pictures).shape == (3, model.num_features)
    vision = {"image_size": 32, "layers": 1, "width": 16, "head_width": 8, "patch_size": 8}
    text = {"context_length": 8, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
    config = {"embed_dim": 12, "vision_cfg": vision, "text_cfg": text}
    folder = tmp_path / "clip"
    folder.mkdir()
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))
    save_file(open_clip.CLIP(**config).state_dict(), folder / "open_clip_model.safetensors")
    extractor = open_extractor(f"openclip:{folder}")
    assert extractor.read(pictures).shape == (3, 12)
    assert extractor.digest.startswith("sha256:")
    (folder / "open_clip_model.safetensors").write_bytes(b"x")
    with pytest.raises(DataError, match="its weights do not load"):
        open_extractor(f"openclip:{folder}")
