"""**The nouns**: frozen, validated records that flow through the system; no torch, no files."""
