"""**The makers**: one file for each way to make an image."""

METHODS = {
    "text-to-image": "bench.synthesis.text_to_image:TextToImage",
    "image-variations": "bench.synthesis.image_variations:ImageVariations",
    "image-to-image": "bench.synthesis.image_to_image:ImageToImage",
    "class-conditional": "bench.synthesis.class_conditional:ClassConditional",
}

ABOUT = {
    "text-to-image": "a diffusion pipeline draws what a prompt says",
    "image-variations": "a diffusion pipeline draws what the CLIP embedding of a real image says; no prompt",
    "image-to-image": "SDEdit: a real image, noised up to a strength, is denoised as a prompt says",
    "class-conditional": "a class-conditional diffusion model (DiT or LDM) draws a class by its label; no prompt",
}

TAKES = {
    "text-to-image": {"prompts"},
    "image-variations": {"images"},
    "image-to-image": {"prompts", "images"},
    "class-conditional": {"labels"},
}
"""What a method draws from: a recipe must give it, and nothing else."""
