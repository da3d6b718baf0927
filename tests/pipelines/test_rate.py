"""A rating round from the first click in a browser to the report, and files that raters should not have saved."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from bench.core.errors import DataError, UsageError
from bench.core.rating import COLUMNS, RatingKey
from bench.pipelines.quality.rate import Order, rate
from bench.pipelines.quality.rate_collect import collect


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A round over two folders, with its key."""
    root, rng = tmp_path_factory.mktemp("rating"), np.random.default_rng(0)
    for side in ("made", "real"):
        for name in ("cat", "dog"):
            (root / side / name).mkdir(parents=True)
            for k in range(12):
                image = Image.fromarray(rng.integers(0, 256, (32, 40, 3), dtype=np.uint8))
                image.save(root / side / name / f"{k:02d}.png")
    order = Order(sample=10, raters=2, against=str(root / "real"))
    found = rate(str(root / "made"), order, out=root / "round", data_root=root)
    key = RatingKey(**json.loads((root / "round" / "key.json").read_text()))
    return root, order, found, key


def answers(key, rater, *, wrong=(), quality=lambda code: "4"):
    """What a rater of perfect eyes saves; `wrong`: the controls that this one fails."""
    rows = []
    for position, (code, item) in enumerate(sorted(key.items.items()), start=1):
        given = (
            {"diversity": item.generated_side or "same"}
            if item.kind == "grid"
            else {"class": "yes", "quality": quality(code)}
        )
        given |= (
            item.expected
            if item.control not in wrong
            else {q: {"yes": "no", "no": "yes"}.get(a, "5") for q, a in item.expected.items()}
        )
        rows += [[key.round, rater, position, code, question, answer, 2.5] for question, answer in given.items()]
    return rows


def save(path, rows, head=COLUMNS):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def test_a_round_is_blind_and_made_again_the_same(made, tmp_path):
    root, order, found, key = made
    page = (root / "round" / "rate.html").read_text()
    assert "://" not in page
    for word in ("generated", "control", "expected", "wrong", "real/", ".png"):
        assert word not in page.split('id="data"')[1].split("</script>")[0]
    again = rate(str(root / "made"), order, out=tmp_path, data_root=root)
    assert again.round == found.round
    assert (tmp_path / "rate.html").read_bytes() == (root / "round" / "rate.html").read_bytes()
    assert (found.images, found.grids, found.controls) == (10, 1, 4)
    kinds = [item.control for item in key.items.values()]
    assert sorted(set(kinds)) == ["", "flat", "one image nine times", "real", "wrong class"]
    shown = [item.class_id for item in key.items.values() if item.origin == "generated"]
    assert (shown.count("cat"), shown.count("dog")) == (5, 5)


def test_what_comes_back(made, tmp_path):
    *_, key = made
    files = [
        save(tmp_path / "a.csv", answers(key, 1)),
        save(tmp_path / "b.csv", answers(key, 2, wrong=("real", "flat"))),
    ]
    report = collect(files, key=made[0] / "round" / "key.json", out=tmp_path)
    assert report.consistency.mean == 1
    assert report.consistency.n == 10
    assert report.quality.mean == 4
    assert report.diversity.mean == 1
    assert report.quality.interval == (4, 4)
    assert report.raters[0].failed == ()
    assert tuple(sorted(report.raters[1].failed)) == (
        "flat: class yes, expected no",
        "flat: quality 5, expected 1",
        "real: class no, expected yes",
    )
    assert "rater 2 failed more than a quarter of the controls; consider the report without" in report.notes
    assert "| shows the class, % | 100.0 | 100.0 to 100.0 | 10 |" in (tmp_path / "report.md").read_text()


def test_disagreement_lowers_alpha_and_widens_the_interval(made, tmp_path):
    *_, key = made
    rows = [
        answers(key, 1, quality=lambda code: str(1 + int(code, 16) % 5)),
        answers(key, 2, quality=lambda code: str(1 + int(code, 16) // 7 % 5)),
    ]
    report = collect(
        [save(tmp_path / f"{k}.csv", one) for k, one in enumerate(rows)],
        key=made[0] / "round" / "key.json",
        out=tmp_path,
    )
    assert report.quality.alpha < 0.8
    assert report.quality.interval[0] < report.quality.mean < report.quality.interval[1]


def test_files_that_do_not_belong(made, tmp_path):
    root, *_, key = made
    good = answers(key, 1)
    first = good[0]

    def line(rows, head=COLUMNS, *, also=()):
        with pytest.raises(DataError) as caught:
            collect([save(tmp_path / "x.csv", rows, head), *also], key=root / "round" / "key.json", out=tmp_path)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "expected the columns round, rater" in line(good, head=COLUMNS[:-1])
    assert "no answers" in line([])
    assert "an answer of round 'zzz'" in line([["zzz", *first[1:]]])
    assert "is not in this round" in line([[*first[:3], "nothing", *first[4:]]])
    assert "expected one of" in line([[*first[:5], "maybe", first[6]]])
    assert "answered twice" in line([first, first])
    assert "was the file cut short" in line([first[:4]])
    assert "expected seconds" in line([[*first[:6], "nan"]])
    assert "one rater from 1 to 2" in line([[first[0], 7, *first[2:]]])
    assert "stands in another file too" in line(good, also=[save(tmp_path / "y.csv", good)])
    with pytest.raises(UsageError, match="--key FILE"):
        collect([save(tmp_path / "x.csv", good)], key=None, out=None)


def test_what_cannot_be_rated(made, tmp_path):
    root = made[0]
    with pytest.raises(UsageError, match="has 24 images, got 99"):
        rate(str(root / "made"), Order(sample=99, raters=1), out=tmp_path, data_root=root)
    with pytest.raises(UsageError, match="name real images of its classes with --against"):
        rate(str(root / "made"), Order(sample=5, raters=1), out=tmp_path, data_root=root)


def test_from_the_first_click_to_the_report(browser, made, tmp_path):
    root, _, found, key = made
    problems = []
    files = [_rate_by_hand(browser, found.page, key, rater, tmp_path, problems) for rater in (1, 2)]
    assert problems == []
    report = collect(files, key=root / "round" / "key.json", out=tmp_path)
    failed = ("flat: quality 5, expected 1",)
    assert [(one.answers, one.asked, one.failed) for one in report.raters] == [(28, 28, ()), (28, 28, failed)]
    assert report.consistency.mean == 1
    assert report.diversity.mean == 1
    assert report.raters[0].seconds >= 0
    table = _of_question(files, key, "quality")
    assert report.quality.mean == pytest.approx(table.mean())
    package = pytest.importorskip("krippendorff")
    theirs = package.alpha(reliability_data=table, level_of_measurement="ordinal")
    assert report.quality.alpha == pytest.approx(theirs, abs=1e-9)
    assert 0 < theirs < 1
    assert f"| {table.mean():.2f} |" in (tmp_path / "report.md").read_text()
    assert "rater 2: flat: quality 5, expected 1" in (tmp_path / "report.md").read_text()


def _of_question(files, key, question):
    """[raters, images] of what the saved files say of images that are no controls."""
    codes = sorted(code for code, item in key.items.items() if item.kind == "image" and not item.control)
    table = []
    for path in files:
        rows = csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())
        said = {row["item"]: float(row["answer"]) for row in rows if row["question"] == question}
        table.append([said[code] for code in codes])
    return np.array(table)


def _opinion(code, item, rater):
    """What this rater thinks: rater 2 is kinder to every third image, and takes flat grey for a masterpiece."""
    if item.kind == "grid":
        return {"diversity": item.generated_side} | item.expected
    seen = {"class": "yes", "quality": str(1 + (int(code, 16) + (rater == 2 and int(code, 16) % 3 == 0)) % 5)}
    return seen | item.expected | ({"quality": "5"} if rater == 2 and item.control == "flat" else {})


def _rate_by_hand(browser, path, key, rater, folder, problems):
    """Rater 1 uses the mouse and goes back once; rater 2 the keyboard, and reloads in between."""
    page = browser.new_context(accept_downloads=True).new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on(
        "request",
        lambda request: (
            problems.append(request.url) if not request.url.startswith(("file:", "data:", "blob:")) else None
        ),
    )
    page.goto(f"file://{path}")

    def start():
        page.select_option("#rater", str(rater))
        page.click("#go")

    start()
    wanted = page.evaluate(
        "(rater) => { const d = JSON.parse(document.getElementById('data').textContent);"
        " return d.orders[rater - 1].map((i) => d.items[i].code); }",
        rater,
    )
    for place, code in enumerate(wanted):
        given = _opinion(code, key.items[code], rater)
        for question, answer in given.items():
            if rater == 1:
                page.click(f'button[data-question="{question}"][data-answer="{answer}"]')
            else:
                shortcut = {"yes": "y", "no": "n", "left": "1", "same": "2", "right": "3"}.get(answer, answer)
                page.keyboard.press(shortcut)
        if place == 3 and rater == 1:
            page.click("#back")
            assert page.locator('button[aria-pressed="true"]').count() == len(given)
            page.keyboard.press({"yes": "y", "no": "n", "left": "1", "right": "3"}[next(iter(given.values()))])
        if place == 5 and rater == 2:
            page.reload()
            start()
    assert page.locator("#end").is_visible()
    with page.expect_download() as download:
        page.click("#save")
    saved = folder / f"rater{rater}.csv"
    download.value.save_as(saved)
    assert download.value.suggested_filename == f"ratings-{key.round}-rater{rater}.csv"
    return saved
