"""An audit in a few lines of numbers, for a board: one for each of its questions."""

from bench.core.audit import FAINT, Audit, Share
from bench.core.dataset_version import AuditFinding
from bench.reports import audit_words
from bench.reports.numerals import percent, percent_interval

NOT_MEASURED = "not measured"


def findings(audit: Audit) -> tuple[AuditFinding, ...]:
    """Memorised, worse for some classes, objectionable, rightly labelled, repeating itself: share, n, interval."""
    return (*_privacy(audit), *_labels(audit), *_bias(audit), *_content(audit), *_duplicates(audit))


def _finding(what: str, share: Share | None, words: str = "") -> AuditFinding:
    if share is None:
        return AuditFinding(what=what, words=words or NOT_MEASURED)
    return AuditFinding(what=what, share=share.share, n=share.n, interval=share.interval, words=words)


def _privacy(audit: Audit) -> list[AuditFinding]:
    found = audit.privacy
    if found is None:
        return [_finding("Memorised?", None, f"{NOT_MEASURED}: no real images were given")]
    expected = f"{percent(found.quantile)} % of real images have another that near"
    if found.held_out is not None and found.held_out_under is not None:
        share = found.held_out_under
        expected += (
            f"; of {found.held_out}, which nobody generated, {percent(share.share)} %"
            f" ({percent_interval(share.interval)}) have"
        )
    return [
        _finding("Copies of real images", found.copies, f"of {found.real}, {found.real_images:,} images, by hash"),
        _finding("Unusually near to a real image", found.under, expected),
    ]


def _labels(audit: Audit) -> list[AuditFinding]:
    found = audit.labels
    if found is None:
        return [_finding("Show the class asked for", None, f"{NOT_MEASURED}: no classifier was given")]
    right = found.accuracy
    known = f", right in {percent(right.share)} % of real images" if right else ""
    return [_finding("Show the class asked for", found.consistent, f"as {found.classifier} sees it{known}")]


def _bias(audit: Audit) -> list[AuditFinding]:
    return [_finding("Worse for some classes?", None, " ".join(audit_words.bias(audit)))]


def _content(audit: Audit) -> list[AuditFinding]:
    found = audit.content
    shown = f"by {found.detector}, of the images it was shown" if found.detector else ""
    return [
        _finding("Objectionable", found.flagged, shown),
        _finding("Blank, or nearly", found.faint, f"at most {FAINT} of 255 values in any channel"),
    ]


def _duplicates(audit: Audit) -> list[AuditFinding]:
    found = audit.duplicates
    words = f"{found.across:,} of them like one of another split; {found.identical:,} with equal files"
    return [_finding("Look the same as another one", found.alike, words)]
