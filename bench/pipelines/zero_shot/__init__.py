"""He et al.'s zero-shot protocol: a CLIP's text head, tuned on synthetic images, beside their published table."""
