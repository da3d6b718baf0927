"""The noun `Examination`: what `doctor` finds of one set of a track."""

from bench.core.record import Record


class Finding(Record):
    """Something wrong with a set, and what to do."""

    what: str
    remedy: str


class Examination(Record):
    """One set: `per_folder` counts images (least, median, most), `histogram` all by folder, `boxes` by class."""

    name: str
    place: str
    ready: bool
    optional: bool
    images: int = 0
    folders: int = 0
    per_folder: tuple[int, float, int] | None = None
    naming: str = ""
    endings: dict[str, int] = {}  # noqa: RUF012 (pydantic copies it)
    histogram: dict[str, int] = {}  # noqa: RUF012
    boxes: dict[str, int] = {}  # noqa: RUF012
    checksums: dict[str, str] = {}  # noqa: RUF012
    findings: tuple[Finding, ...] = ()

    def __str__(self) -> str:
        state = "ready" if self.ready else "not ready, optional" if self.optional else "NOT READY"
        lines = [f"{self.name}: {state}", f"  at {self.place}"]
        if self.per_folder:
            least, middle, most = self.per_folder
            endings = ", ".join(f"{count:,} {ending}" for ending, count in self.endings.items())
            lines.append(
                f"  {self.images:,} images in {self.folders:,} folders, {least} to {most} each (median {middle:g})"
            )
            lines.append(f"  folders are {self.naming}; {endings}")
        if self.boxes:
            counts = ", ".join(f"{name} {count:,}" for name, count in self.boxes.items())
            lines.append(f"  {self.images:,} images, {sum(self.boxes.values()):,} boxes: {counts}")
        for finding in self.findings:
            lines += [f"  wrong: {finding.what}", f"     do: {finding.remedy}"]
        return "\n".join(lines)
