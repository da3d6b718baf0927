"""Every shipped recipe from generation to export, its generator replaced by a small random one of the same class."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.core.errors import DataError, UsageError
from bench.core.real_images import Mirrored
from bench.pipelines.audits.audit import audit
from bench.pipelines.audits.evidence import Means
from bench.pipelines.stand_in import stand_in
from bench.pipelines.versions.check_export import check_export
from bench.pipelines.versions.export import WRITERS, export
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.recipes import list_recipes, load_recipe
from bench.pipelines.versions.verify import verify
from bench.store.versions import open_version
from tests.tiny_generators import BUILDERS, build_tiny_generator, stable_diffusion
from tests.tiny_pipeline import build_tiny_pipeline

# What each shipped recipe draws with; "digits-sd" is text to image in grey.
KIND = {
    "digits-g@1.0.0": "digits-sd",
    "digits-g@1.1.0": "digits-sd",
    "digits-g@2.0.0": "digits-sd",
    "digits-g-da-fusion@1.0.0": "digits-sd",
    "digits-g-ldm@1.0.0": "ldm",
    "digits-g-sentences@1.0.0": "digits-sd",
    "digits-g-single@1.0.0": "digits-sd",
    "digits-g-variations@1.0.0": "image-variations",
    "imagenet-100-g@1.0.0": "stable-diffusion",
    "imagenet-g@1.0.0": "stable-diffusion",
    "imagenet-g@2.0.0": "z-image",
    "imagenet-g-finetuned@1.0.0": "stable-diffusion",
    "imagenet-g-image@1.0.0": "image-variations",
    "imagenet-g-label-image@1.0.0": "stable-diffusion",
    "imagenet-g-ldm@1.0.0": "dit",
    "imagenet-g-single@1.0.0": "stable-diffusion",
}
# Those whose networks are learned from nothing: no weights stand in for them (test_learned_augmenters.py).
FROM_NOTHING = ("digits-g-dagan@1.0.0", "digits-g-deepaugment@1.0.0")
# One recipe of each method and class of generator; the others differ in data.
EACH_WAY = (
    "digits-g-ldm@1.0.0",
    "imagenet-g@1.0.0",
    "imagenet-g@2.0.0",
    "imagenet-g-image@1.0.0",
    "imagenet-g-label-image@1.0.0",
    "imagenet-g-ldm@1.0.0",
)
# Those of them that are published too without `-m slow`: prompts, labels, real images.
PUBLISHED = ("imagenet-g@1.0.0", "imagenet-g-ldm@1.0.0", "imagenet-g-label-image@1.0.0")
# Other people's packages warn of each other's changes.
others = pytest.mark.filterwarnings("ignore::Warning")


@pytest.fixture(scope="session")
def generators(tmp_path_factory):
    """A function from kind to the folder of a small random generator."""
    root, made = tmp_path_factory.mktemp("generators"), {}

    def folder(kind):
        if kind not in made:
            build = build_tiny_pipeline if kind == "digits-sd" else lambda path: build_tiny_generator(kind, path)
            made[kind] = build(root / kind)
        return made[kind]

    return folder


def photographs(root, recipe, *, classes, each=10):
    """Random pictures where the recipe's conditioning looks for real ones, different ones in each split."""
    if recipe.conditioning is None or recipe.conditioning.source:
        return
    for seed, real in enumerate(recipe.conditioning.splits.values()):
        pictures(root / recipe.conditioning.folder / real, recipe.classes[:classes], seed=seed, each=each)


def pictures(root, classes, *, seed, each):
    noise = np.random.default_rng(seed)
    for item in classes:
        (root / item.id).mkdir(parents=True)
        for number in range(each):
            pixels = noise.integers(0, 256, (24, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / item.id / f"{item.id}_{number}.JPEG")


def made_small(path):
    """The recipe in that file, made quick: 64 pixels for 512, four steps, batches of 5 for 50."""
    text = Path(path).read_text()
    quick = {": 512": ": 64", "steps: 50": "steps: 4", "steps: 20": "steps: 4", "batch: 50": "batch: 5"}
    for old, new in quick.items():
        text = text.replace(old, new)
    Path(path).write_text(text)


def made(reference, generators, root, *, limit, small=False):
    """Draw the recipe, lose a file, draw it again; the reference for other verbs, and the content digest."""
    photographs(root, load_recipe(reference), classes=limit)
    mine = stand_in(reference, generators(KIND[reference]), data_root=root)
    if small:
        made_small(mine)
    recipe = load_recipe(mine)
    report = generate(mine, data_root=root, limit=limit, workers=1, quiet=True)
    version = open_version(recipe.reference, root, limit=limit)
    assert report.limited
    assert report.counts == dict.fromkeys(recipe.splits, limit)
    assert version.reference == reference.replace("@", "-stand-in@")
    images = [version.image_set(split, [item.id for item in recipe.classes]) for split in recipe.splits]
    for one in (each for split in images for each in map(split.read, range(len(split)))):
        assert (one.size, one.mode) == ((recipe.size.width, recipe.size.height), recipe.mode)
        assert len(set(one.convert("L").tobytes())) > 1
    first = next(iter(version.folder.glob("images/*/*/*.parquet")))
    first.unlink()
    again = generate(mine, data_root=root, limit=limit, workers=1, quiet=True)
    assert (again.drawn, again.content_digest) == (1, report.content_digest)
    for item in version.manifest.items:
        assert bool(item.prompt) == (recipe.prompts is not None)
        assert bool(item.source_image) == (recipe.conditioning is not None)
        if item.source_image:
            assert item.source_image.startswith(f"{item.split}/{item.class_id}/")
    return mine, report.content_digest


def published(mine, digest, root, *, limit):
    """Verify, audit and export what was made; every layout reads back, and its Croissant metadata are valid."""
    recipe = load_recipe(mine)
    total = limit * len(recipe.splits)
    checked = verify(mine, data_root=root, limit=limit, workers=1, quiet=True)
    assert (checked.images, checked.content_digest, checked.lock) == (total, digest, "not compared")
    pictures(root / "real", recipe.classes[:limit], seed=9, each=2)
    means = Means(real=str(root / "real"), detect=2)
    found = audit(mine, data_root=root, limit=limit, means=means, quiet=True).audit
    assert (found.images, found.content_digest, found.limit) == (total, digest, limit)
    assert sum(one.n for one in found.classes) == total
    assert (found.privacy.real, found.privacy.real_images) == ("real", 2 * limit)
    for layout in WRITERS:
        out = root / "published" / layout
        report = export(mine, layout=layout, out=out, data_root=root, limit=limit, quiet=True)
        assert (report.images, report.limited, report.audited) == (total, True, True)
        assert check_export(out, quiet=True).content_digest == digest
        card = (out / "README.md").read_text()
        assert recipe.generator.revision in card
        assert "not for publication" in card
        opens_as_croissant(out, recipe, total)


def opens_as_croissant(folder, recipe, total):
    mlcroissant = pytest.importorskip("mlcroissant", reason="needs the extra publish")
    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    assert dataset.metadata.version == recipe.version
    records = list(dataset.records("images"))
    assert len(records) == total
    assert {record["images/image"].size for record in records} == {(recipe.size.width, recipe.size.height)}
    document = json.loads((folder / "croissant.json").read_text())
    assert document["license"]


@pytest.mark.parametrize("reference", sorted(set(EACH_WAY) - set(PUBLISHED)))
def test_each_method_and_class_of_generator_draws_its_recipe_in_small(reference, generators, tmp_path):
    made(reference, generators, tmp_path, limit=1, small=True)


@others
@pytest.mark.parametrize("reference", PUBLISHED)
def test_what_each_way_of_asking_draws_is_verified_audited_and_exported(reference, generators, tmp_path):
    published(*made(reference, generators, tmp_path, limit=1, small=True), tmp_path, limit=1)


@others
@pytest.mark.slow
@pytest.mark.parametrize("reference", sorted(KIND))
def test_every_shipped_recipe_is_made_resumed_verified_audited_and_exported(reference, generators, tmp_path):
    published(*made(reference, generators, tmp_path, limit=8), tmp_path, limit=8)


def test_every_shipped_recipe_is_known_here():
    assert sorted([*KIND, *FROM_NOTHING]) == sorted(list_recipes())
    assert {KIND[reference] for reference in EACH_WAY} == set(BUILDERS)


@pytest.mark.parametrize("reference", sorted(KIND))
def test_a_stand_in_changes_the_generator_and_the_name_alone(reference, generators, tmp_path):
    original = load_recipe(reference)
    other = load_recipe(stand_in(reference, generators("ldm"), data_root=tmp_path))
    changed = {"name", "title", "parent", "generator"}
    assert other.model_dump(exclude=changed) == original.model_dump(exclude=changed)
    assert other.name == f"{original.name}-stand-in"
    assert "not for publication" in other.title


def test_what_the_checker_flags_is_never_kept(tmp_path):
    stable_diffusion(flags=True).save_pretrained(tmp_path / "flags")
    mine = stand_in("imagenet-g@1.0.0", tmp_path / "flags", data_root=tmp_path)
    made_small(mine)
    with pytest.raises(DataError, match="came out as one colour"):
        generate(mine, data_root=tmp_path, limit=1, workers=1, quiet=True)


def test_an_unpinned_generator_draws_nothing_and_says_why(tmp_path):
    with pytest.raises(UsageError, match="is not pinned yet: no commit of it could be confirmed"):
        generate("imagenet-g-finetuned@1.0.0", data_root=tmp_path, limit=1, workers=1, quiet=True)
    assert not list(tmp_path.iterdir())


def test_imagenet_recipes_mirror_the_real_set():
    for reference in (one for one in KIND if one.startswith("imagenet")):
        recipe = load_recipe(reference)
        assert len(recipe.classes) == (100 if recipe.name == "imagenet-100-g" else 1000)
        assert recipe.count("val", recipe.classes[0].id) == 50
        train = recipe.splits["train"]
        assert isinstance(train, Mirrored)
        assert (train.mirrors, train.least, train.most) == ("imagenet-1k-train", 732, 1300)
        assert recipe.generator.unpinned or len(recipe.generator.revision) == 40


def test_a_larger_digits_version_draws_the_smaller_one_s_images():
    small, large = load_recipe("digits-g@1.0.0"), load_recipe("digits-g@1.1.0")
    words = {"version", "title", "description", "parent", "splits"}
    assert small.model_dump(exclude=words) == large.model_dump(exclude=words)
    assert all(large.count(split, "0") > small.count(split, "0") for split in small.splits)
    assert large.parent == small.reference


def test_the_fine_tuned_and_the_original_share_all_but_the_generator():
    one, other = load_recipe("imagenet-g@1.0.0"), load_recipe("imagenet-g-finetuned@1.0.0")
    words = {"name", "title", "description", "generator"}
    assert one.model_dump(exclude=words) == other.model_dump(exclude=words)


@pytest.mark.parametrize("real", ["train", "val"])
def test_a_real_image_in_both_splits_is_refused(real, generators, tmp_path):
    reference = "imagenet-g-label-image@1.0.0"
    recipe = load_recipe(reference)
    photographs(tmp_path, recipe, classes=1)
    wnid = recipe.classes[0].id
    root = tmp_path / recipe.conditioning.folder
    other = "val" if real == "train" else "train"
    shutil.copy(root / other / wnid / f"{wnid}_3.JPEG", root / real / wnid / "zzz.JPEG")
    mine = stand_in(reference, generators("stable-diffusion"), data_root=tmp_path)
    made_small(mine)
    with pytest.raises(DataError, match="are the same image: training and evaluation images must not mix"):
        generate(mine, data_root=tmp_path, limit=1, workers=1, quiet=True)
