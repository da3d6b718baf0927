"""`rate --collect`: what raters saved, held to the round's key, as means with intervals, agreement and controls."""

import csv
import json
from pathlib import Path

import numpy as np

from bench.core.errors import DataError, UsageError
from bench.core.rating import ASKED, COLUMNS, QUESTIONS, RatedMean, RaterRecord, RatingKey, RatingReport
from bench.core.record import parse
from bench.metrics.krippendorff_alpha import krippendorff_alpha
from bench.metrics.rated import item_mean
from bench.reports.rating_markdown import render
from bench.store.atomic import write_json, write_text

Answers = dict[tuple[str, str], str]  # (item, question) -> answer
FAILED_TOO_OFTEN = 0.25


def collect(files: list[Path], *, key: Path | None, out: Path | None) -> RatingReport:
    """Read the raters' CSV files, write `report.md` and `report.json` beside the key (or in `out`).

    DataError for a file of another round, an unknown item, an answer that was not offered, or a rater who
    stands in two files.
    """
    place = key or files[0].parent / "key.json"
    known = _key(place)
    answers: dict[int, Answers] = {}
    seconds: dict[int, list[float]] = {}
    for path in files:
        rater, given, times = _read(path, known)
        if rater in answers:
            raise DataError(f"{path}: rater {rater} stands in another file too; give one file a rater")
        answers[rater], seconds[rater] = given, times
    report = report_of(known, answers, seconds)
    folder = (out or place.parent).resolve()
    write_json(folder / "report.json", report.model_dump(mode="json"))
    write_text(folder / "report.md", render(report))
    return report.model_copy(update={"written": str(folder / "report.md")})


def report_of(key: RatingKey, answers: dict[int, Answers], seconds: dict[int, list[float]]) -> RatingReport:
    """The report of checked answers; controls count for raters, never for the version."""
    raters = tuple(_rater(key, rater, answers[rater], seconds[rater]) for rater in sorted(answers))
    asked = {code for code, item in key.items.items() if not item.control}
    images = [code for code in asked if key.items[code].kind == "image"]
    grids = sorted(code for code in asked if key.items[code].kind == "grid")
    real = sorted(code for code, item in key.items.items() if item.control == "real")
    shows = _table(answers, sorted(images), "class", lambda code, answer: float(answer == "yes"))
    good = _table(answers, sorted(images), "quality", lambda code, answer: float(answer))
    return RatingReport(
        round=key.round,
        reference=key.reference,
        against=key.against,
        consistency=_mean(shows, "nominal"),
        quality=_mean(good, "ordinal"),
        quality_real=_mean(_table(answers, real, "quality", lambda code, answer: float(answer)), "ordinal"),
        diversity=_mean(_table(answers, grids, "diversity", lambda code, answer: _side(key, code, answer)), "ordinal"),
        classes=_classes(key, sorted(images), shows, good),
        raters=raters,
        notes=tuple(_notes(key, raters)),
    )


def _side(key: RatingKey, code: str, answer: str) -> float:
    return 0.0 if answer == "same" else 1.0 if answer == key.items[code].generated_side else -1.0


def _table(answers: dict[int, Answers], codes: list[str], question: str, value) -> np.ndarray:
    """[raters, items], NaN where there is no answer."""
    table = np.full((len(answers), len(codes)), np.nan)
    for i, rater in enumerate(sorted(answers)):
        for j, code in enumerate(codes):
            given = answers[rater].get((code, question))
            if given is not None:
                table[i, j] = value(code, given)
    return table


def _mean(table: np.ndarray, level: str) -> RatedMean | None:
    if not table.size or np.isnan(table).all():
        return None
    mean, interval, n = item_mean(table)
    return RatedMean(mean=mean, interval=interval, n=n, alpha=krippendorff_alpha(table, level=level))


def _classes(key: RatingKey, codes: list[str], shows: np.ndarray, good: np.ndarray) -> dict[str, dict[str, float]]:
    labels = np.array([key.items[code].label for code in codes])
    found = {}
    for label in np.unique(labels).tolist():
        parts = {"shows it": shows[:, labels == label], "quality": good[:, labels == label]}
        found[label] = {name: item_mean(part)[0] for name, part in parts.items() if not np.isnan(part).all()}
        found[label]["images"] = float((labels == label).sum())
    return found


def _rater(key: RatingKey, rater: int, given: Answers, seconds: list[float]) -> RaterRecord:
    controls = {
        (code, question): wanted for code, item in key.items.items() for question, wanted in item.expected.items()
    }
    failed = [
        f"{key.items[code].control}: {question} {given[code, question]}, expected {wanted}"
        for (code, question), wanted in controls.items()
        if (code, question) in given and given[code, question] != wanted
    ]
    return RaterRecord(
        rater=rater,
        answers=len(given),
        asked=sum(len(ASKED[item.kind]) for item in key.items.values()),
        failed=tuple(failed),
        controls=sum(pair in given for pair in controls),
        seconds=float(np.median(seconds)) if seconds else 0.0,
    )


def _notes(key: RatingKey, raters: tuple[RaterRecord, ...]) -> list[str]:
    notes = []
    if len(raters) < key.raters:
        notes.append(f"{len(raters)} of {key.raters} raters are in")
    if len(raters) == 1:
        notes.append("one rater: agreement is undefined")
    for one in raters:
        if one.answers < one.asked:
            notes.append(f"rater {one.rater} left {one.asked - one.answers} of {one.asked} questions open")
        if one.controls and len(one.failed) > FAILED_TOO_OFTEN * one.controls:
            notes.append(f"rater {one.rater} failed more than a quarter of the controls; consider the report without")
    return notes


def _key(path: Path) -> RatingKey:
    try:
        return parse(RatingKey, json.loads(path.read_bytes()), where=str(path))
    except FileNotFoundError:
        raise UsageError(f"{path}: no key of a round; name it with --key FILE") from None
    except (OSError, ValueError, UsageError) as error:
        raise DataError(f"{path}: not the key of a round ({str(error)[:120]})") from None


def _read(path: Path, key: RatingKey) -> tuple[int, Answers, list[float]]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows, columns = list(reader), tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as CSV ({getattr(error, 'strerror', None) or error})") from None
    if columns != COLUMNS:
        raise DataError(f"{path}: expected the columns {', '.join(COLUMNS)}, got {', '.join(columns) or 'none'}")
    if not rows:
        raise DataError(f"{path}: no answers; save the file after rating")
    given: Answers = {}
    times: dict[str, float] = {}
    raters = set()
    for line, row in enumerate(rows, start=2):
        where = f"{path}, line {line}"
        if None in row.values():
            raise DataError(f"{where}: expected {len(COLUMNS)} cells; was the file cut short?")
        if row["round"] != key.round:
            raise DataError(f"{where}: an answer of round {row['round']!r}, the key is of {key.round!r}")
        item = key.items.get(row["item"])
        if item is None or row["question"] not in ASKED[item.kind]:
            raise DataError(f"{where}: item {row['item']!r} with question {row['question']!r} is not in this round")
        if row["answer"] not in QUESTIONS[row["question"]]:
            offered = ", ".join(QUESTIONS[row["question"]])
            raise DataError(f"{where}: expected one of {offered}, got {row['answer']!r}")
        if (row["item"], row["question"]) in given:
            raise DataError(f"{where}: item {row['item']} is answered twice")
        given[row["item"], row["question"]] = row["answer"]
        times[row["item"]] = _seconds(row["seconds"], where)
        raters.add(row["rater"])
    if len(raters) != 1 or not (rater := raters.pop()).isdecimal() or not 1 <= int(rater) <= key.raters:
        raise DataError(f"{path}: expected one rater from 1 to {key.raters}; give the file that the page saved")
    return int(rater), given, list(times.values())


def _seconds(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise DataError(f"{where}: expected seconds, got {text!r}")
    return value
