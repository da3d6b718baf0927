"""The door: exit codes, one-line errors, help without torch, JSON on stdout."""

import json
import sys

import pytest

from bench import cli

VERBS = (
    *("demo", "list", "generate", "verify", "diff", "audit", "export", "train", "doctor", "predict"),
    "corruptions",
    *("score", "submit", "explain", "compare", "robustness", "publish", "quality", "rate", "methods"),
    *("digits-detect", "export-boxes"),
    *("wilds-evaluate", "wilds-download", "wilds-table"),
    *("zero-shot", "zero-shot-table"),
    *("data-size", "dagan"),
)


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command line in this process: (exit code, stdout, stderr)."""

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["run_bench.py", *arguments])
        monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return call


def test_help_names_every_verb_and_no_other(run):
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    listed = [
        line.split()[0] for line in out.split("Commands:")[1].splitlines() if line.startswith("  ") and line[2] != " "
    ]
    assert tuple(listed) == VERBS
    assert run()[:2] == (0, out)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(run, verb):
    code, out, _ = run(verb, "--help")
    assert code == 0
    assert "Usage:" in out


BAD = [
    (("generte",), 2, "No such command 'generte'"),
    (("list", "trakcs"), 2, "'trakcs' is not one of 'tracks'"),
    (("list", "tracks", "--frobnicate"), 2, "No such option: --frobnicate"),
    (("generate",), 2, "Missing argument 'NAME@VERSION'"),
    (("generate", "digts-g@1.0.0"), 2, "did you mean digits-g"),
    (("generate", "digits-g@9.9.9"), 2, "digits-g@9.9.9"),
    (("generate", "digits-g"), 2, "digits-g"),
    (("generate", "digits-g@1.0.0", "--split", "tain"), 2, "did you mean train"),
    (("generate", "digits-g@1.0.0", "--limit", "-1"), 2, "--limit"),
    (("generate", "digits-g@1.0.0", "--shard", "0/4"), 2, "--shard '0/4': expected i/n with i from 1 to n"),
    (("generate", "digits-g@1.0.0", "--engine", "rey"), 2, "'rey' is not one of 'local', 'ray'"),
    (("verify", "digits-g@1.0.0"), 3, "make it: "),
    (("diff", "digits-g@1.0.0"), 2, "Missing argument 'NAME@V2'"),
    (("diff", "digits-g@1.0.0", "digts-g@1.0.0"), 2, "did you mean digits-g"),
    (("diff", "digits-g@1.0.0", "digits-g@1.0.0", "--rescore", "p.parquet"), 2, "name it with --track"),
    (("train", "--track", "digts", "--arm", "real"), 2, "unknown track 'digts': did you mean digits"),
    (("train", "--track", "digits", "--arm", "reel"), 2, "unknown arm 'reel': did you mean real"),
    (("train", "--track", "digits", "--arm", "real", "--arch", "resnet10tt"), 2, "did you mean resnet10t"),
    (("train", "--track", "digits", "--arm", "synthetic"), 3, "make it: "),
    (("submit", "resnet50", "--track", "digits"), 2, "expected source:name"),
    (("submit", "zoo:resnet50", "--track", "digits"), 2, "unknown model source 'zoo'"),
    (("submit", "checkpoint:none.safetensors?arch=resnet10t", "--track", "digits"), 3, "none.safetensors"),
    (("submit", "run:nobody", "--track", "digits"), 2, "nobody"),
    (("predict", "py:os:getcwd", "--track", "digits"), 2, "look at it, then add --trust-code"),
    (
        ("predict", "run:x", "--track", "digits", "--batch-size", "0"),
        2,
        "--batch-size: expected auto or a number from 1",
    ),
    (("predict", "onnx:none.onnx", "--track", "digits"), 3, "none.onnx: no such file"),
    (("publish", "digits", "--board-dir", "/nowhere/boards"), 3, "no listed score card"),
    (("predict", "resnet50", "--track", "digits"), 2, "expected source:name"),
    (("score", "none.parquet"), 3, "none.parquet: no such prediction file"),
    (("score", "none.csv"), 2, "add --track TRACK and --set SET"),
    (("score", "none.csv", "--track", "digits"), 2, "add --set SET (test, uci"),
    (("submit", "run:a", "--track", "digits", "--declaration", "none.yaml"), 2, "none.yaml: cannot be read"),
    (("explain", "mine", "--track", "digits", "--board-dir", "/nowhere"), 2, "nothing of that name was received"),
    (("doctor", "imagnet"), 2, "unknown track 'imagnet': did you mean imagenet"),
    (("publish", "missing.yaml"), 2, "missing.yaml: cannot be read"),
    (("publish", "digits", "--target", "hub-space"), 2, "say --out DIR"),
    (("publish", "digits", "--compare", "1.0.0", "/nowhere"), 3, "no listed score card"),
    (("compare", "a", "b", "--track", "digits", "--board-dir", "/nowhere"), 2, "unknown submission of track digits"),
    (("robustness", "--at", "76,25"), 2, "name a population"),
    (("robustness", "--population", "imagenet-testbed", "--offline", "--x", "val", "--at", "1,1"), 3, "put it at"),
    (("robustness", "--population", "none.csv", "--unit", "percent", "--at", "76,25"), 3, "none.csv: cannot be read"),
    (("quality", "digits/test"), 2, "expected two image sets A B, or A with --track"),
    (("quality", "digits/test", "digits/uci", "--judge", "oracle:x"), 2, "--judge oracle:x goes with --track"),
    (("quality", "digits/tset", "digits/test", "--extractor", "oracle:digits-oracle"), 2, "did you mean test"),
    (("quality", "digits-g@1.0.0", "--track", "digits"), 3, "make it: "),
    (("quality", "digits/test", "digits/uci", "--extractor", "oracle:digit"), 3, "did you mean digits-oracle"),
    (("rate",), 2, "expected NAME@VERSION to make a page, or --collect"),
    (("rate", "digits-g@1.0.0"), 3, "make it: "),
    (("train", "--track", "digits", "--arm", "real", "--augment", "augmx"), 2, "did you mean augmix"),
    (("train", "--track", "digits", "--arm", "real", "--augment", "pixmix?pictures=no"), 3, "name a folder"),
    (("train", "--track", "digits", "--arm", "real", "--augment", "dagan?state=no"), 3, "'no': cannot be read"),
    (("train", "--track", "poverty", "--augment", "augmix"), 2, "expected none, flips, randaugment, gflow"),
    (("corruptions", "zoo:resnet50", "--track", "digits"), 2, "unknown model source 'zoo'"),
    (("data-size", "--track", "digits", "--share", "0"), 2, "--share 0: expected a share"),
    (("dagan", "digits-g@1.0.0", "--track", "digits"), 2, "expected a recipe of the method dagan"),
    (("methods", "--track", "digits", "--comparison", "generatd"), 2, "did you mean generated"),
    (("rate", "--collect", "/nowhere/a.csv"), 2, "/nowhere/key.json: no key of a round"),
]


@pytest.mark.parametrize(("arguments", "code", "message"), BAD, ids=[" ".join(arguments) for arguments, *_ in BAD])
def test_bad_input_is_one_line_and_its_exit_code(run, tmp_path, arguments, code, message):
    found, out, err = run(*arguments)
    assert (found, out) == (code, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def test_an_interrupt_says_how_to_go_on(run, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("bench.pipelines.catalogue.catalogue", interrupted)
    code, out, err = run("list", "datasets")
    assert (code, out) == (130, "")
    assert err == "error: interrupted; what was finished is kept, run the same command again to go on\n"


def test_json_is_one_document_on_stdout(run):
    code, out, _ = run("list", "datasets", "--json")
    assert code == 0
    entries = json.loads(out)
    assert {entry["name"] for entry in entries} >= {"digits-g@1.0.0"}
    assert all(entry["ready"] == (entry["why_not"] is None) for entry in entries)


@pytest.mark.parametrize("what", ["models", "methods", "metrics", "engines"])
def test_every_shelf_is_listed_with_a_phrase(run, what):
    code, out, _ = run("list", what, "--json")
    assert code == 0
    assert all(entry["about"] for entry in json.loads(out))


def test_a_track_file_of_ones_own_is_named_with_its_line(run, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("name: a\nname: b\n")
    code, _, err = run("publish", str(own))
    assert code == 2
    assert "own.yaml, line 2: key 'name' stands twice" in err


def test_a_track_that_is_not_here_is_said_to_be_so(run, monkeypatch):
    code, out, err = run("doctor", "imagenet")
    assert code == 3
    assert "sketch: NOT READY" in out
    assert "unpack or link the set there; `imagenet-r` is looked for under the data root" in out
    assert err.startswith("error: imagenet: ")
    monkeypatch.setattr("bench.pipelines.catalogue.track_names", lambda: ["imagenet"])
    code, out, _ = run("list", "tracks", "--json")
    found = {entry["name"]: entry for entry in json.loads(out)}
    assert not found["imagenet"]["ready"]
    assert found["imagenet"]["why_not"] == "missing: val, v2, r, sketch, objectnet, val-r, val-objectnet, real, val-a"
    assert "no folder" in found["imagenet/val"]["why_not"]
