"""What an audit found, in sentences: the same ones in the card, on the page and on the command line."""

from bench.core.audit import FAINT, Audit, Share
from bench.reports.numerals import percent, percent_interval


def of(share: Share) -> str:
    """`12 of 5,000 (0.2 %, 95 % interval 0.1 to 0.4)`."""
    return (
        f"{share.count:,} of {share.n:,} ({percent(share.share)} %, 95 % interval {percent_interval(share.interval)})"
    )


def privacy(audit: Audit) -> list[str]:
    """Is it memorised?"""
    found = audit.privacy
    if found is None:
        return ["Not measured: no real images were given."]
    said = [
        f"Copies of {found.real} ({found.real_images:,} images): {of(found.copies)}. A copy has at most"
        f" {audit.copies.bits} of 64 bits of its perceptual hash apart, and 1 - r of grey thumbnails of at most"
        f" {audit.copies.difference:g}.",
        f"Nearer to a real image than the threshold: {of(found.under)}. The threshold, {found.threshold:.4f}, is set on"
        f" the real images themselves: {percent(found.quantile)} % of them have another real image nearer than that"
        f" (features of {audit.extractor}, Euclidean distance at length 1).",
    ]
    if found.held_out_under is not None:
        said.append(f"Real images of {found.held_out}, which nobody generated, under it: {of(found.held_out_under)}.")
    return said


def bias(audit: Audit) -> list[str]:
    """Are some classes worse drawn, or drawn with less variety?"""
    said = []
    known = [one for one in audit.classes if one.consistent is not None]
    if known:
        worst, best = min(known, key=lambda one: one.consistent), max(known, key=lambda one: one.consistent)
        said.append(
            f"Seen as the class asked for: from {percent(worst.consistent)} % ({worst.name}) to"
            f" {percent(best.consistent)} % ({best.name}) of a class's images."
        )
    ratios = {
        one.name: one.diversity / one.real_diversity for one in audit.classes if one.diversity and one.real_diversity
    }
    if ratios:
        least, most = min(ratios, key=ratios.__getitem__), max(ratios, key=ratios.__getitem__)
        mean = sum(ratios.values()) / len(ratios)
        said.append(
            f"Diversity (mean 1 - cosine of two images of a class) is {percent(mean)} % of that of real images, from"
            f" {percent(ratios[least])} % ({least}) to {percent(ratios[most])} % ({most})."
        )
    return said or ["Not measured: neither a classifier nor real images of the classes were given."]


def content(audit: Audit) -> list[str]:
    """Is it objectionable?"""
    found = audit.content
    said = []
    if found.flagged is None:
        said.append("Objectionable content: not measured.")
    else:
        said.append(f"Flagged by {found.detector}: {of(found.flagged)} of the images it was shown.")
    if found.rejected:
        counts = ", ".join(f"{name} {count:,}" for name, count in found.rejected.items())
        said.append(f"Attempts that filters rejected while the version was made: {counts}.")
    if found.despite:
        counts = ", ".join(f"{name} {count:,}" for name, count in found.despite.items())
        said.append(f"Kept although a filter rejects them, their attempts used up: {counts}.")
    faint = f"nearly blank ones (at most {FAINT} of 255 values in any channel): {of(found.faint)}"
    return [*said, f"Blank images: {of(found.blank)}; {faint}."]


def labels(audit: Audit) -> list[str]:
    """Does it show what it should?"""
    found = audit.labels
    if found is None:
        return ["Not measured: no classifier was given."]
    said = [
        f"{found.classifier} sees the class asked for in {of(found.consistent)}, and gives it a probability above 1/N"
        f" in {of(found.above_chance)}."
    ]
    if found.accuracy is not None:
        said.append(f"On real images it is right in {of(found.accuracy)}.")
    if found.confusions:
        most = ", ".join(f"{one.asked} as {one.seen} ({one.count:,})" for one in found.confusions[:5])
        said.append(f"Most often mistaken: {most}.")
    return said


def duplicates(audit: Audit) -> list[str]:
    """Does it repeat itself?"""
    found = audit.duplicates
    return [
        f"Images that look the same as another one: {of(found.alike)}, {found.across:,} of them as one of another"
        f" split; with equal files: {found.identical:,}."
    ]
