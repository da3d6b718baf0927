"""`train` on WILDS tracks: every algorithm on miniature copies, its predictions evaluated, stopped and resumed."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from bench.core.errors import BenchError, DataError, UsageError
from bench.core.gflow_settings import GflowSettings
from bench.core.wilds import WildsTrack
from bench.pipelines.wilds import redraw as wilds_redraw
from bench.pipelines.wilds.evaluate import Wanted, evaluate
from bench.pipelines.wilds.material import generated_images, training_examples
from bench.pipelines.wilds.options import apart
from bench.pipelines.wilds.tracks import load_wilds
from bench.pipelines.wilds.train import WildsPlaces, WildsPlan, plan_of, train_wilds
from bench.sources.wilds_dataset import open_wilds
from bench.sources.wilds_package import wilds_package
from bench.store.wilds_runs import method_folder
from tests import wilds_folders

pytestmark = wilds_folders.NEEDED

SMALL = WildsPlan(arch="test_resnet", epochs=2, batch=8, image_size=16, weights="none")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    wilds_package()
    from wilds.datasets.poverty_dataset import SURVEY_NAMES

    folder = tmp_path_factory.mktemp("wilds")
    wilds_folders.iwildcam(folder)
    # Fold C is evaluated on nine of the countries; few places there make it quick.
    wilds_folders.poverty(folder, few=SURVEY_NAMES["2009-17C"]["val"] + SURVEY_NAMES["2009-17C"]["test"])
    return folder


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def places(root, tmp_path):
    return WildsPlaces(tmp_path, root, device="cpu", quiet=True)


def evaluated(root, tmp_path, done, **wanted):
    return evaluate(method_folder(tmp_path, done.run), Wanted(**wanted), data_root=tmp_path, root=root)[0]


def faster(track: WildsTrack, rate: float) -> WildsTrack:
    """The track with a rate at which a small network learns in a few steps."""
    return track.model_copy(update={"recipe": track.recipe.model_copy(update={"learning_rate": rate})})


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("erm", "irm", "groupdro")]


@pytest.mark.parametrize("algorithm", ["coral", *SLOW])
def test_every_algorithm_trains_and_its_predictions_are_evaluated(root, tmp_path, algorithm):
    track = faster(load_wilds("iwildcam"), 0.003)
    done = train_wilds(track, replace(SMALL, algorithm=algorithm, epochs=5), places(root, tmp_path))
    assert len(done.history) == 5
    [card] = evaluated(root, tmp_path, done, replicates=("0",), check=True)
    # What was kept is the best epoch: its figure is the one that was selected by.
    assert card.values["val"]["F1-macro_all"] == (max(done.history),)
    # Colours tell the classes apart, so that anything that learns at all beats chance by far.
    assert card.values["test"]["acc_avg"][0] > 0.5
    assert train_wilds(track, replace(SMALL, algorithm=algorithm, epochs=5), places(root, tmp_path)) == done


@pytest.mark.slow
def test_three_seeds_lie_in_one_folder_that_evaluates_as_the_official_one(root, tmp_path):
    track = load_wilds("iwildcam")
    runs = [train_wilds(track, replace(SMALL, seed=seed, epochs=1), places(root, tmp_path)) for seed in (0, 1, 2)]
    assert len({run.run.method for run in runs}) == 1
    [card] = evaluated(root, tmp_path, runs[0])
    assert card.replicates == ("0", "1", "2")
    assert len({run.weights for run in runs}) == 3


def test_wealth_is_learned_from_eight_bands_in_a_fold(root, tmp_path):
    track = faster(load_wilds("poverty"), 0.003)
    plan = WildsPlan(arch="test_resnet", epochs=1, batch=32, fold="C", algorithm="coral", augment="flips")
    done = train_wilds(track, plan, places(root, tmp_path))
    assert done.run.recipe.channels == 8
    assert done.run.replicate == ("fold", "C")
    [card] = evaluated(root, tmp_path, done, replicates=("C",), check=True)
    assert card.values["test"]["r_all"][0] > 0.5


@pytest.mark.parametrize("name", ["poverty", pytest.param("iwildcam", marks=pytest.mark.slow)])
def test_inputs_are_partly_drawn_anew_by_a_gflownet(root, tmp_path, monkeypatch, name):
    monkeypatch.setattr(wilds_redraw, "SETTINGS", GflowSettings(side=16, codes=8, steps=2, batch=2))
    track, fold = load_wilds(name), "C" if name == "poverty" else None
    size = None if fold else 16
    plan = WildsPlan(arch="test_resnet", epochs=1, augment="gflow", weights="none", fold=fold, image_size=size)
    done = train_wilds(track, plan, places(root, tmp_path))
    assert done.run.augment == "gflow"
    assert len(list((tmp_path / "augmenters").glob("gflow-*/policy.pt"))) == 1
    data, flips = open_wilds(track, root, fold=fold), done.run.model_copy(update={"augment": "flips"})
    ours, plain = (training_examples(data, run, None, data_root=tmp_path).examples for run in (done.run, flips))
    pairs = [(ours[0, draw][0], plain[0, draw][0]) for draw in range(8)]
    assert all(torch.isfinite(one).all() and one.shape == other.shape for one, other in pairs)
    assert 0 < sum(not torch.allclose(one, other, atol=1e-4) for one, other in pairs) < 8
    assert torch.equal(ours[0][0], plain[0][0])
    assert torch.equal(ours[0, 1][0], pairs[1][0])


def test_a_run_that_was_stopped_gives_the_weights_of_an_undisturbed_one(root, tmp_path, monkeypatch):
    from bench.training import wilds_fit

    track, plan = load_wilds("iwildcam"), replace(SMALL, algorithm="groupdro", augment="randaugment")
    whole = train_wilds(track, plan, places(root, tmp_path / "whole"))
    original, calls = wilds_fit._Fitting.epoch, []

    def stopping(self, epoch):
        if epoch == 1 and not calls:
            calls.append(epoch)
            raise KeyboardInterrupt
        original(self, epoch)

    monkeypatch.setattr(wilds_fit._Fitting, "epoch", stopping)
    with pytest.raises(KeyboardInterrupt):
        train_wilds(track, plan, places(root, tmp_path / "parts"))
    kept = list((tmp_path / "parts").rglob("*.unfinished"))
    assert len(kept) == 1
    resumed = train_wilds(track, plan, places(root, tmp_path / "parts"))
    assert (resumed.weights, resumed.history) == (whole.weights, whole.history)
    assert not kept[0].exists()


def test_the_record_says_how_it_was_trained_and_a_damaged_one_is_named(root, tmp_path):
    track, plan = load_wilds("iwildcam"), replace(SMALL, epochs=1)
    done = train_wilds(track, plan, places(root, tmp_path))
    record = next(method_folder(tmp_path, done.run).glob("*.json"))
    said = json.loads(record.read_text())["run"]
    assert said["data"] == open_wilds(track, root).parts["train"].digest
    assert said["recipe"]["epochs"] == 1
    model = record.with_suffix(".safetensors")
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"not the weights that .* names; remove both and train again"):
        train_wilds(track, plan, places(root, tmp_path))
    record.write_text(record.read_text()[:-5])
    with pytest.raises(DataError, match="damaged"):
        train_wilds(track, plan, places(root, tmp_path))
    record.unlink()
    state = model.with_name(f"{model.stem}-{done.run.digest[7:15]}.unfinished")
    state.write_bytes(b"no tensors")
    with pytest.raises(DataError, match="kept state of this run is damaged"):
        train_wilds(track, plan, places(root, tmp_path))


@pytest.mark.slow
def test_generated_images_are_a_domain_of_their_own(root, tmp_path):
    for label in range(wilds_folders.CLASSES):
        (tmp_path / "made" / str(label)).mkdir(parents=True)
        for index in range(2):
            Image.new("RGB", (20, 20), (40 * label, 10, 10)).save(tmp_path / "made" / str(label) / f"{index}.png")
    track = load_wilds("iwildcam")
    plan = replace(SMALL, arm="mixed", generated=tmp_path / "made", epochs=1, algorithm="coral")
    done = train_wilds(track, plan, places(root, tmp_path))
    assert (done.run.images, done.run.generated[1]) == (50, 10)
    alone = train_wilds(track, replace(plan, arm="synthetic"), places(root, tmp_path))
    assert alone.run.images == 10
    (tmp_path / "made" / "9").mkdir()
    with pytest.raises(DataError, match="folders named by class, 0 to 4"):
        generated_images(tmp_path / "made", open_wilds(track, root))


def test_pretrained_weights_are_taken_from_a_file_but_for_the_last_layer(root, tmp_path):
    import timm
    from safetensors.torch import load_file, save_file

    start = timm.create_model("test_resnet", num_classes=1000).state_dict()
    save_file(start, tmp_path / "start.safetensors")
    track = load_wilds("iwildcam")
    slow = track.recipe.model_copy(update={"learning_rate": 1e-12})
    plan = replace(SMALL, weights=str(tmp_path / "start.safetensors"), epochs=1)
    done = train_wilds(track.model_copy(update={"recipe": slow}), plan, places(root, tmp_path))
    state = load_file(next(method_folder(tmp_path, done.run).glob("*.safetensors")))
    first = next(name for name in start if name.endswith("weight"))
    assert torch.allclose(state[first], start[first], atol=1e-6)
    assert state["fc.weight"].shape[0] == wilds_folders.CLASSES
    with pytest.raises(DataError, match="the weights are not those of test_vit"):
        train_wilds(track, replace(plan, arch="test_vit", image_size=160), places(root, tmp_path))


def test_the_recipes_are_the_official_defaults():
    iwildcam, poverty = load_wilds("iwildcam").recipe, load_wilds("poverty").recipe
    assert (iwildcam.arch, iwildcam.image_size, iwildcam.learning_rate) == ("resnet50", 448, 3e-5)
    assert (iwildcam.batch, iwildcam.epochs, iwildcam.weight_decay, iwildcam.domains_per_batch) == (16, 12, 0, 2)
    assert (iwildcam.algorithms["coral"].weight, iwildcam.algorithms["irm"].weight) == (10, 1)
    assert (poverty.arch, poverty.channels, poverty.learning_rate, poverty.gamma) == ("resnet18", 8, 1e-3, 0.96)
    assert (poverty.batch, poverty.epochs, poverty.loss) == (64, 200, "mse")
    assert poverty.algorithms["coral"].weight == 0.1
    assert (iwildcam.select.metric, poverty.select.metric) == ("F1-macro_all", "r_wg")


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    return wilds_folders.globalwheat(tmp_path_factory.mktemp("field"), side=96)


WHEAT = replace(SMALL, arch="fcos:test_resnet", epochs=1, batch=4, image_size=96)


def test_a_detector_is_trained_and_its_detections_are_evaluated(field, tmp_path):
    track = faster(load_wilds("globalwheat"), 0.003)
    done = train_wilds(track, replace(WHEAT, algorithm="groupdro", augment="flips"), places(field, tmp_path))
    assert done.run.recipe.select.metric == "detection_acc_avg_dom"
    [card] = evaluated(field, tmp_path, done, replicates=("0",), check=True)
    assert card.values["val"]["detection_acc_avg_dom"] == done.history
    [named] = method_folder(tmp_path, done.run).glob("*split:test*")
    assert named.name == "globalwheat_split:test_seed:0_epoch:best_pred.pth"
    for entry in torch.load(named, weights_only=True):
        assert set(entry) == {"boxes", "scores", "labels"}
        assert entry["boxes"].dtype == torch.float32


def test_a_field_is_partly_drawn_anew_and_its_boxes_go_with_the_flips_alone(field, tmp_path, monkeypatch):
    monkeypatch.setattr(wilds_redraw, "SETTINGS", GflowSettings(side=16, codes=8, steps=2, batch=2))
    track = load_wilds("globalwheat")
    done = train_wilds(track, replace(WHEAT, augment="gflow"), places(field, tmp_path))
    assert len(list((tmp_path / "augmenters").glob("gflow-*/policy.pt"))) == 1
    data, flips = open_wilds(track, field), done.run.model_copy(update={"augment": "flips"})
    ours, plain = (training_examples(data, run, None, data_root=tmp_path).examples for run in (done.run, flips))
    redrawn = 0
    for draw in range(8):
        (image, target), (other, known) = ours[3, draw][0], plain[3, draw][0]
        assert torch.equal(target["boxes"], known["boxes"])
        assert 0 <= image.min() <= image.max() <= 1
        redrawn += not torch.allclose(image, other, atol=1e-4)
    assert 0 < redrawn < 8
    assert torch.equal(ours[3][0][0], plain[3][0][0])


@pytest.mark.slow
def test_wheat_is_found_in_fields_that_were_not_seen(tmp_path):
    field = wilds_folders.globalwheat(tmp_path / "field", side=96, times=6)
    track = faster(load_wilds("globalwheat"), 0.002)
    plan = replace(WHEAT, arch="fasterrcnn:test_resnet", augment="flips")
    done = train_wilds(track, plan, places(field, tmp_path))
    [card] = evaluated(field, tmp_path, done, replicates=("0",), check=True)
    assert card.values["val"]["detection_acc_avg_dom"] == (max(done.history),)
    # One image in six or seven has no wheat: whoever finds nothing at all is right about those alone.
    assert card.values["val"]["detection_acc_avg_dom"][0] > 0.3
    assert card.values["test"]["detection_acc_avg_dom"][0] > 0.25


def test_a_detector_starts_from_torchvisions_weights_but_for_the_last_layer(tmp_path):
    from torchvision.models.detection import fasterrcnn_resnet50_fpn

    from bench.models.torchvision_detector import coco_network

    with torch.random.fork_rng():
        torch.manual_seed(0)
        start = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=91).state_dict()
    # The released file is older than torchvision's present names.
    old = {name.replace("rpn.head.conv.0.0", "rpn.head.conv"): tensor for name, tensor in start.items()}
    network = coco_network(old, classes=1, size=1024)
    for name, tensor in network.state_dict().items():
        if name.startswith("roi_heads.box_predictor."):
            assert len(tensor) == (8 if "bbox" in name else 2)
        else:
            assert torch.equal(tensor, start[name])
    trained = {name.split(".")[2] for name, one in network.backbone.named_parameters(prefix="b") if one.requires_grad}
    assert {"layer2", "layer3", "layer4"} <= trained
    assert not {"conv1", "bn1", "layer1"} & trained
    del old["backbone.body.conv1.weight"]
    with pytest.raises(DataError, match=r"fasterrcnn_resnet50_fpn: 1 tensors, such as backbone.body.conv1"):
        coco_network(old, classes=1, size=1024)


def test_without_torchvisions_weights_their_address_is_named(field, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    with pytest.raises(DataError, match=r"resnet50_fpn_coco-258fb6c6.pth is not here.*https.*--weights FILE"):
        train_wilds(load_wilds("globalwheat"), WildsPlan(), places(field, tmp_path))


BAD = [
    ("globalwheat", WildsPlan(algorithm="coral"), UsageError, "--algorithm coral: globalwheat has erm, groupdro"),
    ("globalwheat", replace(WHEAT, augment="randaugment"), UsageError, "moves no boxes; .* flips and gflow"),
    ("globalwheat", replace(WHEAT, arch="fcos:resnt18"), UsageError, "unknown backbone 'resnt18'"),
    ("globalwheat", replace(WHEAT, weights=__file__), UsageError, "starts from its seed; say --weights none"),
    ("globalwheat", replace(WHEAT, generated="made", arm="mixed"), UsageError, "globalwheat has no classes"),
    ("iwildcam", WildsPlan(fold="A"), UsageError, "--fold is for tracks of folds"),
    ("poverty", WildsPlan(fold="F"), UsageError, "expected one of A, B, C, D, E"),
    ("iwildcam", WildsPlan(arm="mixed"), UsageError, "generated images come by --generated"),
    ("poverty", WildsPlan(augment="randaugment"), UsageError, "8 bands"),
    ("poverty", WildsPlan(image_size=64), UsageError, "used as released"),
    ("iwildcam", replace(SMALL, arch="resnt50"), UsageError, "did you mean resnet50"),
    ("iwildcam", WildsPlan(arch="resnet18"), UsageError, "starts from resnet50.tv_in1k; say --weights FILE"),
    ("iwildcam", replace(SMALL, weights="/no/such/file.safetensors"), DataError, "/no/such/file.safetensors"),
]


@pytest.mark.parametrize(("name", "plan", "kind", "words"), BAD)
def test_what_does_not_go_together_is_one_line(root, field, tmp_path, name, plan, kind, words):
    with pytest.raises(kind, match=words) as caught:
        train_wilds(load_wilds(name), plan, places(field if name == "globalwheat" else root, tmp_path))
    assert "\n" not in str(caught.value)


def test_without_weights_the_file_to_get_is_named(root, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(DataError, match=r"model.safetensors of timm/resnet50.tv_in1k is not here.*--weights FILE"):
        train_wilds(load_wilds("iwildcam"), WildsPlan(), places(root, tmp_path))


def test_options_of_the_other_kind_of_track_are_refused():
    none = {"algorithm": None, "fold": None}
    ours = {"match": "steps", "steps": None, "ratio": None, "fraction": 1.0}
    assert apart("iwildcam", none | {"algorithm": "irm"}, ours)
    assert not apart("digits", none, ours | {"steps": 5})
    with pytest.raises(UsageError, match="--steps is not for tracks of WILDS, which poverty is"):
        apart("poverty", none, ours | {"steps": 5})
    with pytest.raises(UsageError, match="--fold is for tracks of WILDS: globalwheat, iwildcam, poverty"):
        apart("digits", none | {"fold": "A"}, ours)
    with pytest.raises(UsageError, match="unknown arm 'rael': did you mean real"):
        plan_of(none, arm="rael", arch=None, seed=0)


@pytest.mark.slow
def test_nan_in_an_image_stops_the_run_with_one_line(tmp_path):
    wilds_folders.poverty(tmp_path, version="1.0")
    bands = np.load(tmp_path / "poverty_v1.0" / "landsat_poverty_imgs.npy", mmap_mode="r+")
    bands[:] = np.nan
    plan = WildsPlan(arch="test_resnet", epochs=1, batch=32)
    with pytest.raises(BenchError, match="the loss is nan at step 0"):
        train_wilds(load_wilds("poverty"), plan, places(tmp_path, tmp_path))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_image_is_one_line_in_any_process(root, tmp_path, workers):
    data = open_wilds(load_wilds("iwildcam"), root)
    photo = data.folder / "train" / data.parts["train"].ids[0]
    whole = photo.read_bytes()
    photo.write_bytes(whole[:100])
    try:
        with pytest.raises(DataError, match=r"image 0 cannot be read") as caught:
            train_wilds(load_wilds("iwildcam"), SMALL, replace(places(root, tmp_path), workers=workers))
    finally:
        photo.write_bytes(whole)
    assert "\n" not in str(caught.value)
