"""`rate NAME@VERSION`: a round of human rating, as one page for raters and a key that stays here."""

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from bench.core.digests import derive_seed, digest_json
from bench.core.errors import DataError, UsageError
from bench.core.rating import KeyItem, RatingItem, RatingKey, RatingRound
from bench.core.record import Record
from bench.models.modes import to_mode
from bench.pipelines.quality.features import draw
from bench.pipelines.quality.image_sets import NamedSet, open_images
from bench.pipelines.tracks import load_track, track_names
from bench.reports.rating_page import render
from bench.store.atomic import write_json, write_text

GRID, LARGEST, SMALL = 9, 384, 128
CONTROL_SHARE = 0.1  # of the sample, for each kind of control


class Order(Record):
    """What the user asked for."""

    sample: int
    raters: int
    seed: int = 0
    against: str | None = None


class RoundMade(Record):
    """Where a round lies."""

    round: str
    page: str
    key: str
    images: int
    grids: int
    controls: int
    raters: int

    def __str__(self) -> str:
        return (
            f"round {self.round}: {self.images} images, {self.grids} class grids, {self.controls} controls,"
            f" {self.raters} raters\npage for raters: {self.page}\nkey, not for raters: {self.key}"
        )


def rate(reference: str, order: Order, *, out: Path | None, data_root: Path) -> RoundMade:
    """Write `rate.html` and `key.json`; the same version, sample and seed give the same bytes.

    UsageError where the sample is larger than the version, or no real images are known; DataError where
    images are absent.
    """
    made = open_images(reference, data_root=data_root)
    if order.sample > len(made.images):
        raise UsageError(f"--sample: {reference} has {len(made.images)} images, got {order.sample}; ask for fewer")
    against = order.against or _real(reference)
    real = open_images(against, data_root=data_root)
    drawn = _Round(made, real, order)
    drawn.images()
    drawn.controls()
    drawn.grids()
    number = digest_json({"items": [item.code for item in drawn.items], "raters": order.raters})[7:15]
    orders = tuple(
        tuple(np.random.default_rng(derive_seed("rating-order", number, k)).permutation(len(drawn.items)).tolist())
        for k in range(order.raters)
    )
    page = RatingRound(
        round=number,
        title=f"Round {number}",
        side=drawn.side,
        encoding=drawn.encoding,
        items=tuple(drawn.items),
        orders=orders,
    )
    key = RatingKey(
        round=number,
        reference=reference,
        content_digest=made.images.digest,
        against=against,
        raters=order.raters,
        items=drawn.key,
    )
    folder = (out or data_root / "ratings" / f"{reference.replace('/', '-')}-{number}").resolve()
    write_text(folder / "rate.html", render(page))
    write_json(folder / "key.json", key.model_dump(mode="json"))
    controls = sum(bool(item.control) for item in drawn.key.values())
    grids = sum(item.kind == "grid" and not item.control for item in drawn.key.values())
    return RoundMade(
        round=number,
        page=str(folder / "rate.html"),
        key=str(folder / "key.json"),
        images=order.sample,
        grids=grids,
        controls=controls,
        raters=order.raters,
    )


class _Round:
    """The items of a round as they are drawn; every image goes through the same crop, size and encoding."""

    def __init__(self, made: NamedSet, real: NamedSet, order: Order) -> None:
        self.made, self.real, self.order = made, real, order
        self.side = min(LARGEST, min(made.images.read(0).size))
        self.encoding = "png" if self.side <= SMALL else "jpeg"
        self.items: list[RatingItem] = []
        self.key: dict[str, KeyItem] = {}
        self.shared = [one for one in made.classes if (real.labels == one).any() and (made.labels == one).any()]
        if not self.shared:
            raise DataError(f"{made.text} and {real.text} share no class; name other real images with --against")

    def images(self) -> None:
        """The sample, spread evenly over the classes."""
        ids = np.array(self.made.images.ids)
        queues = []
        for one in np.unique(self.made.labels):
            rows = np.flatnonzero(self.made.labels == one)
            seeds = [derive_seed("rating-sample", self.order.seed, str(ids[row])) for row in rows]
            queues += [
                (place, derive_seed("rating-class", str(one)), row) for place, row in enumerate(rows[np.argsort(seeds)])
            ]
        for _, _, row in sorted(queues)[: self.order.sample]:
            self._image(self.made, int(row), "generated", str(self.made.labels[row]))

    def controls(self) -> None:
        """Real images with their own and with another class's name, and flat grey ones."""
        count = max(1, round(CONTROL_SHARE * self.order.sample))
        for k in range(count):
            one = self.shared[self._pick(len(self.shared), "own", k)]
            self._image(self.real, self._row(self.real, one, "own", k), "real", one, "real", {"class": "yes"})
            if len(self.made.classes) > 1:
                others = [other for other in self.made.classes if self.made.names[other] != self.made.names[one]]
                other = others[self._pick(len(others), "other", k)]
                row = self._row(self.real, one, "wrong", k)
                self._image(self.real, row, "real", other, "wrong class", {"class": "no"})
            grey = Image.new("RGB", (self.side, self.side), (96 + 8 * (k % 8),) * 3)
            expected = {"class": "no", "quality": "1"}
            self._add("image", one, (self._encode(grey),), (), KeyItem(
                kind="image", origin="made up", class_id=one, label=self.made.names[one],
                images=(f"grey {k}",), control="flat", expected=expected,
            ))  # fmt: skip

    def grids(self) -> None:
        """For some classes, nine generated against nine real images, and one pair whose answer is known."""
        enough = [one for one in self.shared if min((s.labels == one).sum() for s in (self.made, self.real)) >= GRID]
        count = min(len(enough), max(1, self.order.sample // 10))
        order = sorted(enough, key=lambda one: derive_seed("rating-grid", self.order.seed, one))[:count]
        for one in order:
            self._grid(one, self._nine(self.made, one), self._nine(self.real, one), control=False)
        if order:
            rows = self._nine(self.real, order[0])
            self._grid(order[0], [rows[0]] * GRID, rows, control=True)

    def _grid(self, one: str, left: list[int], right: list[int], *, control: bool) -> None:
        first = (self.real if control else self.made, left)
        sides = [first, (self.real, right)]
        swap = bool(self._pick(2, f"swap {control}", one))
        shown = [tuple(self._encode(named.images.read(row)) for row in rows) for named, rows in sides]
        varied = "left" if swap else "right"
        self._add("grid", one, *(shown[::-1] if swap else shown), KeyItem(
            kind="grid", origin="made up" if control else "generated and real", class_id=one,
            label=self.made.names[one], images=tuple(str(n.images.ids[r]) for n, rows in sides for r in rows),
            generated_side="" if control else ("right" if swap else "left"),
            control="one image nine times" if control else "", expected={"diversity": varied} if control else {},
        ))  # fmt: skip

    def _image(
        self,
        named: NamedSet,
        row: int,
        origin: str,
        one: str,
        control: str = "",
        expected: dict[str, str] | None = None,
    ) -> None:
        item = KeyItem(
            kind="image",
            origin=origin,
            class_id=one,
            label=self.made.names[one],
            images=(str(named.images.ids[row]),),
            control=control,
            expected=expected or {},
        )
        self._add("image", one, (self._encode(named.images.read(row)),), (), item)

    def _add(self, kind, one: str, left: tuple[str, ...], right: tuple[str, ...], item: KeyItem) -> None:
        identity = [self.order.seed, self.made.images.digest, len(self.items), item.model_dump(mode="json")]
        code = digest_json(identity)[7:17]
        self.items.append(RatingItem(code=code, kind=kind, label=self.made.names[one], left=left, right=right))
        self.key[code] = item

    def _encode(self, image: Image.Image) -> str:
        square = to_mode(image, "RGB")
        edge = min(square.size)
        left, top = (square.width - edge) // 2, (square.height - edge) // 2
        square = square.crop((left, top, left + edge, top + edge))
        if edge != self.side:
            square = square.resize((self.side, self.side), Image.Resampling.BICUBIC)
        buffer = io.BytesIO()
        if self.encoding == "png":
            square.save(buffer, "PNG", optimize=True)
        else:
            square.save(buffer, "JPEG", quality=92)
        return base64.b64encode(buffer.getvalue()).decode()

    def _nine(self, named: NamedSet, one: str) -> list[int]:
        rows = np.flatnonzero(named.labels == one)
        ids = np.array(named.images.ids)[rows]
        return rows[draw(ids, GRID, seed=self.order.seed, what=f"{named.text}, class {one!r}")].tolist()

    def _row(self, named: NamedSet, one: str, *purpose: str | int) -> int:
        rows = np.flatnonzero(named.labels == one)
        return int(rows[self._pick(len(rows), *purpose, one)])

    def _pick(self, count: int, *purpose: str | int) -> int:
        return derive_seed("rating-pick", self.order.seed, *purpose) % count


def _real(reference: str) -> str:
    """The real training images of a track whose generated ones come from this version."""
    for name in track_names():
        track = load_track(name)
        if track.real and track.synthetic and track.synthetic.dataset == reference.partition("/")[0]:
            return f"{name}/real"
    raise UsageError(f"{reference}: no track trains on it; name real images of its classes with --against")
