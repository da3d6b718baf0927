"""**The hands**: where work runs: this machine, or a Ray cluster."""

ENGINES = {
    "local": "bench.engines.local:run",
    "ray": "bench.engines.ray:run",
}

ABOUT = {
    "local": "processes on this machine",
    "ray": "a Ray cluster, or one that is started here",
}

# Whose workers write to the disk of who called them.
ON_THIS_DISK = ("local",)

# Engines that need more than this package, each with what says why it cannot be used here, or None.
WHY_NOT = {
    "ray": "bench.engines.ray:why_not",
}
