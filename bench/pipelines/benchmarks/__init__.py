"""Speed and memory beside a peer, both sides in one run; one file for each family of comparisons."""
