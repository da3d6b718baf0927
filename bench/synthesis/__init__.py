"""**The makers**: one file for each way to make an image."""

METHODS = {
    "text-to-image": "bench.synthesis.text_to_image:TextToImage",
}

ABOUT = {
    "text-to-image": "a diffusion pipeline draws what a prompt says",
}
