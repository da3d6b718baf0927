"""Exported folders: they read back to the same content, other programs open them, and nothing harmful gets through."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from bench.core.errors import BenchError, DataError, UsageError
from bench.pipelines.versions.check_export import check_export
from bench.pipelines.versions.export import WRITERS, export
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.recipes import load_recipe
from bench.store import exported, huggingface_layout, webdataset_layout
from bench.store.encoding import sha256_hex
from bench.store.exported import RECORD, new_folder, stored_images
from bench.store.paths import quality_folder
from bench.store.qualities import write_quality
from bench.store.versions import open_version
from bench.synthesis import METHODS
from tests.quality_reports import quality_report
from tests.stub_maker import STUB, write_recipe

# Other people's packages warn of each other's changes.
others = pytest.mark.filterwarnings("ignore::Warning")
ROOT = Path(__file__).parents[2]
HOSTILE = "<script>alert(1)</script> `x` | [a](javascript:b) ../../etc"
CLASSES = [{"id": "0", "name": HOSTILE}, {"id": "n0.1", "name": '=HYPERLINK("x")'}, {"id": "2", "name": HOSTILE}]
SHARED = {HOSTILE: ["0", "2"]}
LAYOUTS = sorted(WRITERS)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data root with `tiny@1.0.0`, and the recipe's file."""
    root = tmp_path_factory.mktemp("made")
    splits = {"train": 9, "val-hard": 2}
    reference = write_recipe(root / "datasets" / "tiny", classes=CLASSES, ambiguous_names=SHARED, splits=splits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(METHODS, "text-to-image", STUB)
        digest = generate(reference, data_root=root, workers=1, quiet=True).content_digest
    return root, reference, digest


@pytest.fixture(scope="module")
def folders(made):
    """The version in each layout, in several files each."""
    root, reference, _ = made
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(huggingface_layout, "ROWS", 4)
        patch.setattr(huggingface_layout, "FILE_BYTES", 1)
        patch.setattr(webdataset_layout, "SHARD", 10)
        for layout in LAYOUTS:
            export(reference, layout=layout, out=root / layout, data_root=root, quiet=True)
    return {layout: root / layout for layout in LAYOUTS}


@pytest.fixture
def copied(folders, tmp_path):
    def copy(layout):
        return Path(shutil.copytree(folders[layout], tmp_path / layout))

    return copy


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_reads_back_to_the_same_content(made, folders, layout):
    report = check_export(folders[layout], quiet=True)
    assert (report.content_digest, report.images, report.layout) == (made[2], 33, layout)
    assert "no lock of this version here" in str(report)


def test_the_quality_report_of_these_images_is_on_the_card(made, tmp_path):
    root, reference, digest = made
    kept = quality_folder(root, "tiny@1.0.0", "t")
    try:
        for name, content in (("stale", "sha256:" + "0" * 64), ("fresh", digest)):
            write_quality(kept, quality_report(content_digest=content, name=HOSTILE), {})
            export(reference, layout="huggingface", out=tmp_path / name, data_root=root, quiet=True)
    finally:
        shutil.rmtree(kept.parent)
    assert "## Quality" not in (tmp_path / "stale" / "README.md").read_text()
    text = (tmp_path / "fresh" / "README.md").read_text()
    assert "## Quality, by the sets of the track t" in text
    assert "halves of the real training images lie 0.75 apart" in text
    assert "| real | 3.00 | 4.00 | 5.00 |" in text
    assert HOSTILE not in text
    for name in re.findall(r"\(((?:pictures/)?quality-[^)]+)\)", text):
        assert (tmp_path / "fresh" / name).stat().st_size > 100
    assert (tmp_path / "fresh" / "pictures" / "quality-t-link.png").is_file()
    check_export(tmp_path / "fresh", quiet=True)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_exporting_twice_gives_the_same_bytes(made, tmp_path, layout):
    root, reference, _ = made
    for name in ("a", "b"):
        export(reference, layout=layout, out=tmp_path / name, data_root=root, quiet=True)
    one, two = (
        {
            str(path.relative_to(tmp_path / name)): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("a", "b")
    )
    assert one == two


@others
@pytest.mark.parametrize("layout", LAYOUTS)
def test_croissant_is_valid_and_its_records_open(folders, layout):
    mlcroissant = pytest.importorskip("mlcroissant", reason="needs the extra publish")
    dataset = mlcroissant.Dataset(jsonld=str(folders[layout] / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    assert {line.split("org/")[1].split('"')[0] for line in dataset.metadata.ctx.issues.warnings} == {"datePublished"}
    records = list(dataset.records("images"))
    assert (len(records), {one["images/image"].size for one in records}) == (33, {(32, 32)})
    assert dataset.metadata.version == "1.0.0"
    document = json.loads((folders[layout] / "croissant.json").read_text())
    assert document["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert document["prov:wasDerivedFrom"][0]["prov:label"] == "stub"
    for file in document["distribution"]:
        if "sha256" in file:
            assert sha256_hex((folders[layout] / file["contentUrl"]).read_bytes()) == file["sha256"]


def test_archives_of_other_images_have_other_names(made, tmp_path):
    root, reference, _ = made
    images = list(stored_images(open_version("tiny@1.0.0", root), load_recipe(reference)))
    changed = [one._replace(item=replace(one.item, sha256="0" * 64)) for one in images]
    names = []
    for name, shown in (("a", images), ("b", changed)):
        (tmp_path / name).mkdir()
        webdataset_layout.write(tmp_path / name, shown, labels=[])
        names.append({path.relative_to(tmp_path / name) for path in (tmp_path / name).glob("*/*.tar")})
    assert len(names[0]) == len(names[1]) == 2
    assert not names[0] & names[1]


@others
def test_load_dataset_gives_images_and_labels(folders, tmp_path):
    datasets = pytest.importorskip("datasets", reason="needs the extra publish")
    loaded = datasets.load_dataset(str(folders["huggingface"]), cache_dir=str(tmp_path))
    assert {name: len(rows) for name, rows in loaded.items()} == {"train": 27, "val_hard": 6}
    row = loaded["train"][10]
    assert row["image"].size == (32, 32)
    names = loaded["train"].features["label"].names
    assert names == [f"{HOSTILE} (0)", '=HYPERLINK("x")', f"{HOSTILE} (2)"]
    assert [CLASSES[row["label"]]["id"] for row in loaded["train"]] == loaded["train"]["class_id"]


@others
def test_webdataset_gives_images_and_labels(folders):
    webdataset = pytest.importorskip("webdataset", reason="needs the extra publish")
    tars = sorted(map(str, (folders["webdataset"] / "train").glob("*.tar")))
    assert len(tars) == 3
    rows = list(webdataset.WebDataset(tars, shardshuffle=False).decode("pil").to_tuple("png", "cls", "json"))
    assert len(rows) == 27
    image, label, row = rows[-1]
    assert (image.size, CLASSES[label]["id"]) == ((32, 32), row["class_id"])


@others
@pytest.mark.slow
def test_torchvision_reads_the_image_folder(folders):
    torchvision = pytest.importorskip("torchvision.datasets")
    images = torchvision.ImageFolder(folders["imagefolder"] / "train")
    assert (len(images), images.classes) == (27, ["0", "2", "n0.1"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_hostile_names_are_text_in_the_card(folders, layout):
    card = (folders[layout] / "README.md").read_text()
    _, front, body = card.split("---\n", 2)
    assert yaml.safe_load(front)["license"] == "mit"
    assert "<script>" not in body
    assert not re.search(r"(?<!\\)\]\(javascript:", body)
    assert r"\[a\]" in body
    for phrase in ("## Audit", "## Licence", "## Cite it", "imagenet-g generate tiny@1.0.0", "stub (revision 1"):
        assert phrase in body
    if layout == "imagefolder":
        assert "'=HYPERLINK" in (folders[layout] / "train" / "metadata.csv").read_text()


def test_a_folder_that_is_not_empty_is_left_alone(made, tmp_path):
    root, reference, _ = made
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match="mine is not empty"):
        export(reference, layout="webdataset", out=tmp_path / "mine", data_root=root, quiet=True)
    with pytest.raises(UsageError, match=r"thesis.txt is not empty"):
        export(reference, layout="webdataset", out=tmp_path / "mine" / "thesis.txt", data_root=root, quiet=True)
    assert os.listdir(tmp_path / "mine") == ["thesis.txt"]
    assert os.listdir(tmp_path) == ["mine"]


def test_a_killed_export_leaves_nothing_that_looks_complete(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from bench.store.exported import new_folder\n"
        "with new_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'imagenet-g.json').write_text('{}'); print('there', flush=True); time.sleep(60)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, str(tmp_path / "out")]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "there\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    (left,) = os.listdir(tmp_path)
    assert left.startswith(".out.")
    with new_folder(tmp_path / "out") as folder:
        (folder / "new").write_text("x")
    assert os.listdir(tmp_path) == ["out"]
    assert os.listdir(tmp_path / "out") == ["new"]


@pytest.mark.parametrize("step", ["mkdir", "fsync", "replace"])
def test_killed_before_any_step_an_export_is_whole_or_absent(tmp_path, step):
    out, places = tmp_path / "out", 0
    while True:
        child = os.fork()
        if not child:
            fill_and_die(out, step, places)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert not out.exists() or sorted(os.listdir(out)) == ["a", "b"]
        shutil.rmtree(out, ignore_errors=True)
        if not status:
            break
        places += 1
    assert places == {"mkdir": 1, "fsync": 3, "replace": 1}[step]
    assert os.listdir(tmp_path) == []


def fill_and_die(out, step, places):
    """In a child: fill `out`, killed before the step after so many of them."""
    left, before = iter(range(places)), getattr(os, step)
    setattr(os, step, lambda *given, **named: os._exit(9) if next(left, None) is None else before(*given, **named))
    with new_folder(out) as folder:
        for name in "ab":
            (folder / name).write_text("x")
    os._exit(0)


def test_of_two_exports_into_one_folder_one_is_refused(tmp_path):
    out = tmp_path / "out"

    def both():
        with new_folder(out) as late:
            (late / "late").write_text("x")
            with new_folder(out) as first:
                (first / "first").write_text("x")

    with pytest.raises(UsageError, match="out was filled by another process meanwhile"):
        both()
    assert os.listdir(tmp_path) == ["out"]
    assert os.listdir(out) == ["first"]


def test_an_export_in_the_works_elsewhere_is_let_be(tmp_path):
    elsewhere = tmp_path / ".out.another-host.999999999.01234567.partial"
    elsewhere.mkdir()
    with new_folder(tmp_path / "out") as folder:
        (folder / "new").write_text("x")
    assert elsewhere.is_dir()


def test_a_failure_leaves_nothing(made, tmp_path, monkeypatch):
    root, reference, _ = made
    full = OSError(28, "No space left on device")
    monkeypatch.setattr(exported, "write_json", lambda *_: (_ for _ in ()).throw(full))
    with pytest.raises(BenchError, match="No space left on device; nothing was left there"):
        export(reference, layout="imagefolder", out=tmp_path / "out", data_root=root, quiet=True)
    assert os.listdir(tmp_path) == []


def replace_in_tar(path, change):
    """Write the archive anew with each (name, data, kind) as `change` has it."""
    with tarfile.open(path) as archive:
        members = [(member.name, archive.extractfile(member).read(), tarfile.REGTYPE) for member in archive]
    with tarfile.open(path, "w") as archive:
        for name, data, kind in map(change, members):
            member = tarfile.TarInfo(name)
            member.size, member.type = (len(data) if kind == tarfile.REGTYPE else 0), kind
            member.linkname = "/etc/passwd" if kind != tarfile.REGTYPE else ""
            archive.addfile(member, io.BytesIO(data))


CLIMBING = ["../../evil.png", "/etc/evil.png", "a/../../b.png", "..\\evil.png", "C:evil.png", "a\nb.png"]


@pytest.mark.parametrize("name", CLIMBING)
def test_an_archive_that_climbs_out_is_refused(copied, name):
    folder = copied("webdataset")
    replace_in_tar(next(folder.glob("train/*.tar")), lambda one: (name, *one[1:]) if one[0].endswith("png") else one)
    with pytest.raises(DataError, match="leads out of the folder; nothing of it was read"):
        check_export(folder, quiet=True)


def test_an_archive_with_a_link_is_refused(copied):
    folder = copied("webdataset")
    replace_in_tar(next(folder.glob("train/*.tar")), lambda one: (one[0], one[1], tarfile.SYMTYPE))
    with pytest.raises(DataError, match="is a link or a folder, not a plain file"):
        check_export(folder, quiet=True)


@pytest.mark.parametrize("name", ["../../../secret.png", "/etc/hostname", "0/link.png"])
def test_a_table_that_points_out_of_its_folder_is_refused(copied, tmp_path, name):
    folder = copied("imagefolder")
    (folder / "train" / "0" / "link.png").symlink_to(tmp_path / "secret.png")
    table = folder / "train" / "metadata.csv"
    table.write_text(table.read_text().replace("0/train_0_000000.png", name))
    with pytest.raises(DataError, match="leads out of the folder"):
        check_export(folder, quiet=True)


def change_a_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[:-700])


@pytest.mark.parametrize("harm", [change_a_byte, cut, Path.unlink])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_harmed_file_is_one_line(copied, layout, harm):
    folder = copied(layout)
    files = {"huggingface": "data/train/*.parquet", "imagefolder": "train/0/*.png", "webdataset": "train/*.tar"}
    path = sorted(folder.glob(files[layout]))[0]
    if layout == "imagefolder" and harm is cut:
        harm = partial(Path.write_bytes, data=b"")
    harm(path)
    with pytest.raises(DataError) as caught:
        check_export(folder, quiet=True)
    assert "\n" not in str(caught.value)


def test_an_image_that_does_not_decode_is_one_line(copied):
    folder = copied("imagefolder")
    picture = folder / "train" / "0" / "train_0_000000.png"
    before, junk = sha256_hex(picture.read_bytes()), b"not a picture"
    picture.write_bytes(junk)
    table = folder / "train" / "metadata.csv"
    table.write_text(table.read_text().replace(before, sha256_hex(junk)))
    with pytest.raises(DataError, match=r"image 'train/0/000000': not a readable image"):
        check_export(folder, quiet=True)


def test_a_picture_too_many_and_another_s_record_are_found(copied, folders):
    folder = copied("imagefolder")
    extra = folder / "train" / "0" / "extra.png"
    shutil.copy(folder / "train" / "0" / "train_0_000000.png", extra)
    with pytest.raises(DataError, match=r"extra.png: .*metadata.csv does not name it"):
        check_export(folder, quiet=True)
    extra.unlink()
    record = json.loads((folder / RECORD).read_text())
    (folder / RECORD).write_text(json.dumps(record | {"content_digest": "sha256:" + "0" * 64}))
    with pytest.raises(DataError, match="was published with sha256:000"):
        check_export(folder, quiet=True)
    (folder / RECORD).write_text("{")
    with pytest.raises(DataError, match=f"{RECORD}: damaged"):
        check_export(folder, quiet=True)
    with pytest.raises(DataError, match=f"has no {RECORD}: not a folder that export made"):
        check_export(folders["webdataset"] / "train", quiet=True)


def test_the_parquet_files_say_that_they_hold_pictures(folders):
    paths = sorted(folders["huggingface"].glob("data/train/*.parquet"))
    assert len(paths) > 3
    features = json.loads(pq.read_schema(paths[0]).metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    assert list(features) == pq.read_schema(paths[0]).names


def test_a_version_of_another_recipe_or_an_unknown_format_is_one_line(made, tmp_path):
    root, reference, _ = made
    with pytest.raises(UsageError, match="unknown format 'zip'"):
        export(reference, layout="zip", out=tmp_path / "out", data_root=root, quiet=True)
    changed = write_recipe(
        tmp_path / "datasets", classes=CLASSES, ambiguous_names=SHARED, splits={"train": 9, "val-hard": 2}, root_seed=1
    )
    with pytest.raises(DataError, match=r"made by recipe sha256:.*, the recipe is now"):
        export(changed, layout="webdataset", out=tmp_path / "out", data_root=root, quiet=True)
    with pytest.raises(DataError, match=r"make it: imagenet-g generate tiny@1\.0\.0 --limit 3"):
        export(reference, layout="webdataset", out=tmp_path / "out", data_root=root, limit=3, quiet=True)
    assert not (tmp_path / "out").exists()
