"""What a board says of its dataset version: what changed, and nothing about other images or into other folders."""

import pytest

from bench.core.dataset_version import AuditFinding, VersionChanges
from bench.core.errors import UsageError
from bench.core.record import parse
from bench.core.track import SetSpec
from bench.pipelines.boards.kept import VERSION, Beside, version_of
from bench.pipelines.boards.publish import publish
from bench.pipelines.boards.sheets import dataset_version
from bench.pipelines.boards.version import with_findings
from bench.pipelines.versions.generate import generate
from bench.store.audits import AUDIT
from bench.store.cards import write_card
from bench.store.paths import audit_folder, version_folder
from bench.synthesis import METHODS
from tests.pipelines.cards import STANDARD, TRACK
from tests.stub_maker import STUB, write_recipe


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """The data root, and the recipes of two versions of a dataset that are made there."""
    root = tmp_path_factory.mktemp("versions")
    made = (
        write_recipe(root / "recipes"),
        write_recipe(root / "recipes", version="1.1.0", splits={"train": 13, "val": 6}),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(METHODS, "text-to-image", STUB)
        for recipe in made:
            generate(recipe, data_root=root, workers=1, quiet=True)
    return root, *made


def test_what_changed_since_the_version_before(versions, tmp_path):
    root, first, second = versions
    assert with_findings(dataset_version(first, data_root=root), first, data_root=root).changes is None
    version = dataset_version(second, data_root=root)
    shown = with_findings(version, second, data_root=root)
    counts = {"kept": 26, "added": 12, "removed": 0, "changed": 0}
    assert shown.changes == VersionChanges(before="tiny@1.0.0", bump="minor", **counts)
    # Without the images the recipes still tell, and never take the place of what the images said.
    assert with_findings(version, second, data_root=tmp_path).changes.basis == "recipes"
    assert with_findings(shown, second, data_root=tmp_path) == shown
    assert with_findings(version, first, data_root=root).changes is None


def test_an_audit_of_other_images_is_not_shown(versions):
    root, first, _ = versions
    version = dataset_version(first, data_root=root)
    known = version.model_copy(update={"audit": (AuditFinding(what="Known"),), "content_digest": "sha256:other"})
    assert with_findings(known, first, data_root=root).audit == known.audit
    assert not (audit_folder(root, "tiny", "1.0.0") / AUDIT).exists()


def test_a_board_shows_only_the_version_that_its_cards_were_scored_on(versions, tmp_path):
    root, first, _ = versions
    generated = parse(SetSpec, {"dataset": first, "split": "val", "title": "generated"}, where="-")
    sets = TRACK.sets | {"spare": generated}
    track = TRACK.model_copy(update={"sets": sets, "synthetic": generated.model_copy(update={"split": "train"})})
    digest = dataset_version(first, data_root=root).digests["val"]
    a = STANDARD[0].sets["a"]

    def scored(digest):
        return (STANDARD[0].model_copy(update={"sets": {"spare": a.model_copy(update={"dataset_digest": digest})}}),)

    beside = Beside(tmp_path / "board", root)
    assert version_of(track, scored("sha256:other"), beside) is None
    assert not (tmp_path / "board").exists()
    shown = version_of(track, scored(digest), beside)
    assert shown.reference == "tiny@1.0.0"
    assert beside.read(type(shown), VERSION) == shown
    assert version_of(track, scored(digest), Beside(tmp_path / "board", tmp_path / "nothing")) == shown
    assert version_of(track, scored("sha256:other"), beside) is None
    assert version_folder(root, "tiny", "1.0.0").is_dir()


def test_publishing_elsewhere_writes_nothing_beside_the_cards(tmp_path):
    board = tmp_path / "boards" / TRACK.name
    for card in STANDARD:
        write_card(board / "results", card)
    publish(TRACK, data_root=tmp_path, board_dir=tmp_path / "boards", out=tmp_path / "out")
    with pytest.raises(UsageError, match="say --out DIR"):
        publish(TRACK, data_root=tmp_path, board_dir=tmp_path / "boards", target="hub-space")
    assert [path.name for path in board.iterdir()] == ["results"]
