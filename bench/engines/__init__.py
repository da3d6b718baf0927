"""**The hands**: where work runs: this machine, or a Ray cluster."""

ENGINES = {
    "local": "bench.engines.local:run",
}

ABOUT = {
    "local": "processes on this machine",
}
