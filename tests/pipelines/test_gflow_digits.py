"""What a GFlowNet learns of few digits: each figure against another way to it, and what is done is kept."""

import numpy as np
import pytest
import torch

from bench.core.audit import Share
from bench.core.gflow_digits import Flow, GflowDigits, GflowRow
from bench.core.gflow_settings import GflowSettings, ReleasedSettings
from bench.pipelines.learned import gflow_digits, gflow_measured
from bench.pipelines.learned.gflow_digits import SETTINGS, main, study
from bench.pipelines.learned.gflow_measured import CLASSES, flow_of, judged_digits
from bench.pipelines.learned.trainer import trainer
from bench.reports import gflow_table
from bench.synthesis.gflow.learn import begun_policy, learn_policy, learn_reward

TINY = GflowSettings(side=16, patch=8, codes=8, steps=4, batch=4, fraction=0.01, least=1)
SOME = {"tiny": TINY, "as released": ReleasedSettings(fraction=0.0025, least=1, shown=1)}
EACH = 2


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("gflow")


@pytest.fixture(scope="module")
def found(root):
    return study(SOME, data_root=root, out=root / "out", each=EACH)


def test_each_setting_is_a_row_and_what_is_no_gflownet_has_no_flow(found, root):
    tiny, released = found.rows
    assert (tiny.name, tiny.images, tiny.steps, tiny.redrawn.n, tiny.flow.drawn.n) == ("tiny", 40, 4, 20, 20)
    assert tiny.augment == "gflow?fraction=0.01&least=1&side=16&codes=8&steps=4&batch=4"
    assert (released.images, released.steps, released.flow, released.redrawn.n) == (10, 10, None, 20)
    assert tiny.seconds > 0
    assert found.real.share > 0.9
    assert found.missing == ()
    names = {"README.md", "gflow.json", "samples.png", "redrawn.png"}
    assert {path.name for path in (root / "out").iterdir()} == names
    assert GflowDigits.model_validate_json((root / "out" / "gflow.json").read_bytes()) == found


def test_what_is_done_is_kept_and_a_stopped_study_ends_in_the_same_figures(found, tmp_path, monkeypatch):
    two = {"tiny": TINY, "other": TINY.model_copy(update={"seed": 1})}
    intact, calls = gflow_measured._redrawn, []

    def stopped(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return intact(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(gflow_measured, "_redrawn", stopped)
        with pytest.raises(KeyboardInterrupt):
            study(two, data_root=tmp_path, out=tmp_path / "out", each=EACH)
    text = (tmp_path / "out" / "README.md").read_text()
    assert "| tiny |" in text
    assert "Not measured yet: other." in text
    measured, names = gflow_digits.measured, []
    monkeypatch.setattr(gflow_digits, "measured", lambda *given: names.append(given[0]) or measured(*given))
    again = study(two, data_root=tmp_path, each=EACH)
    one, other = again.rows
    assert one.model_copy(update={"seconds": found.rows[0].seconds}) == found.rows[0]
    assert (other.name, other.augment) == ("other", f"{one.augment}&seed=1")
    assert other.flow != one.flow
    assert study(two, data_root=tmp_path, each=EACH) == again
    assert names == ["other"]


@pytest.fixture(scope="module")
def learned(found, root):
    judged = judged_digits(EACH)
    folder = gflow_digits._folder("tiny", TINY, judged, root)
    data = (TINY, judged.images, judged.labels)
    with trainer(folder) as fit, torch.random.fork_rng(devices=[]):
        reward = learn_reward(*data, classes=CLASSES, fit=fit)
        policy = learn_policy(*data, classes=CLASSES, fit=fit)
        return policy, reward, begun_policy(TINY, reward, classes=CLASSES), judged


def test_the_oracle_is_asked_about_the_class_of_each_image(learned):
    judged = learned[3]
    digits = judged.unseen[:, 0].numpy()
    assert judged.read(digits).mean() > 0.9
    assert judged.read(np.roll(digits, 1, axis=0)).mean() < 0.1


def test_figures_of_a_flow_are_those_of_its_parts(found, learned, monkeypatch):
    policy, reward, begun, judged = learned
    flow, samples = flow_of(policy, reward, begun, judged)
    assert flow == found.rows[0].flow
    assert flow.drawn.count == judged.read(samples).sum()
    # All of log Z's error is in the class whose log Z is moved.
    before = policy.log_z.detach().clone()
    policy.move_log_z(torch.tensor([3]), before[3:4] + 5.0, share=1.0)
    moved, _ = flow_of(policy, reward, begun, judged)
    policy.move_log_z(torch.tensor([3]), before[3:4], share=1.0)
    change = np.subtract(moved.log_z, flow.log_z)
    assert change.tolist() == pytest.approx([5.0 * (label == 3) for label in range(CLASSES)], abs=1e-3)
    assert (moved.drawn, moved.begun) == (flow.drawn, flow.begun)
    assert moved.learned != pytest.approx(flow.learned, abs=1e-3)
    monkeypatch.setattr(reward, "judge", None)
    flow, _ = flow_of(policy, reward, begun, judged)
    assert flow.wanted == pytest.approx(flow.near.share)  # where nobody says otherwise, the density is the reward


def test_draws_of_a_policy_that_copies_are_read_as_what_it_copies(learned, monkeypatch):
    policy, reward, begun, judged = learned
    pixels = judged.unseen[:, 0].numpy()
    monkeypatch.setattr(gflow_measured, "_pixels", lambda images: pixels)
    flow, _ = flow_of(policy, reward, begun, judged)
    assert flow.drawn.count == flow.near.count == judged.read(pixels).sum()
    monkeypatch.setattr(gflow_measured, "_pixels", lambda images: np.roll(pixels, 1, axis=0))
    flow, _ = flow_of(policy, reward, begun, judged)
    assert (flow.drawn.share, flow.near.share, flow.wanted) == (pytest.approx(0, abs=0.1),) * 3


def test_every_setting_differs_from_the_default_in_what_its_name_says():
    default = SETTINGS["default"]
    assert default == GflowSettings()
    others = {name: one.model_dump(exclude_defaults=True) for name, one in SETTINGS.items()}
    assert others["0.7 % of the images"] == {"fraction": 0.00679, "least": 1}
    assert all(len(said) <= 2 for said in others.values())
    assert len({str(said) + type(SETTINGS[name]).__name__ for name, said in others.items()}) == len(SETTINGS)
    assert {one.loss for one in SETTINGS.values() if isinstance(one, GflowSettings)} == {
        *("trajectory", "detailed", "subtrajectory", "flow-matching")
    }


def test_the_table_by_hand():
    one = Share(count=690, n=1000, interval=(0.661, 0.718))
    flow = Flow(begun=212.25, learned=15.04, log_z=(-3.0, 1.0, 0.5), drawn=one, near=one, wanted=0.8412)
    rows = (
        GflowRow(name="a|b", augment="gflow?seed=1", images=4000, steps=300, seconds=54.6, flow=flow, redrawn=one),
        GflowRow(name="c", augment="gflow-released", images=2, steps=3, seconds=None, flow=None, redrawn=one),
    )
    found = GflowDigits(oracle="o", oracle_digest="sha256:0", classes=10, real=one, rows=rows, command="python -m x")
    text = gflow_table.render(found)
    figures = "212.3 → 15.0 | 1.5 (at most 3.0) | 69.0 (66.1 to 71.8) | 69.0 | 84.1 | 69.0 (66.1 to 71.8) |"
    assert rf"| a\|b | `gflow?seed=1` | 4,000 | 300 | 55 | {figures}" in text
    assert "| c | `gflow-released` | 2 | 3 | – | – | – | – | – | – | 69.0 (66.1 to 71.8) |" in text
    assert "chance is 10.0" in text
    assert "the training was stopped" in text
    assert "python -m x" in text


def test_where_nothing_can_be_kept_it_says_so_in_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["--data-root", str(tmp_path / "file"), "--out", str(tmp_path)]) != 0
    said = capsys.readouterr().err
    assert said.startswith("error: cannot write ")
    assert said.count("\n") == 1
