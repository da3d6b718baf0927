"""**The hands**: where work runs: this machine, or a Ray cluster."""
