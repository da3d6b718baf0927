"""**The makers**: one file for each way to make an image."""

METHODS = {
    "text-to-image": "bench.synthesis.text_to_image:TextToImage",
    "image-variations": "bench.synthesis.image_variations:ImageVariations",
    "image-to-image": "bench.synthesis.image_to_image:ImageToImage",
    "real-guidance": "bench.synthesis.real_guidance:RealGuidance",
    "da-fusion": "bench.synthesis.da_fusion:DaFusion",
    "prompt-to-prompt": "bench.synthesis.prompt_to_prompt:PromptToPrompt",
    "null-text": "bench.synthesis.null_text:NullText",
    "psld": "bench.synthesis.psld:Psld",
    "class-conditional": "bench.synthesis.class_conditional:ClassConditional",
    "gflow": "bench.synthesis.gflow.maker:Gflow",
}

ABOUT = {
    "text-to-image": "a diffusion pipeline draws what a prompt says",
    "image-variations": "a diffusion pipeline draws what the CLIP embedding of a real image says; no prompt",
    "image-to-image": "SDEdit: a real image, noised up to a strength, is denoised as a prompt says",
    "real-guidance": "He et al.: real shots, noised less the more there are, are denoised as a prompt says",
    "da-fusion": "Trabucco et al.: each real image is edited at several strengths, under a token learned for its class",
    "prompt-to-prompt": "Hertz et al.: a prompt is edited while the attention of its source prompt keeps the layout",
    "null-text": "Mokady et al.: a real image is inverted and comes back under guidance, then its prompt is edited",
    "psld": "Rout et al.: a real image is drawn anew where it was erased, blurred, shrunk or compressed",
    "class-conditional": "a class-conditional diffusion model (DiT or LDM) draws a class by its label; no prompt",
    "gflow": "a GFlowNet learned from few real images draws in proportion to a declared reward; no generator",
}

TAKES = {
    "text-to-image": {"prompts"},
    "image-variations": {"images"},
    "image-to-image": {"prompts", "images"},
    "real-guidance": {"prompts", "images"},
    "da-fusion": {"prompts", "images"},
    "prompt-to-prompt": {"prompts"},
    "null-text": {"prompts", "images"},
    "psld": {"prompts", "images"},
    "class-conditional": {"labels"},
    "gflow": set(),
}
"""What a method draws from: a recipe must give it, and nothing else."""

LAYOUTS = {
    "text-to-image": {"StableDiffusionPipeline", "ZImagePipeline"},
    "image-variations": {"StableDiffusionImageVariationPipeline"},
    "class-conditional": {"DiTPipeline", "LDMPipeline"},
    "gflow": set(),
}
"""The classes of diffusers whose weights a method draws with; for all others Stable Diffusion's."""

NEEDS = {"da-fusion": "textual-inversion", "gflow": "gflow"}
"""Methods that are nothing without what an adaptation learns."""

FROM_SCRATCH = {"gflow"}
"""Methods that draw with nothing but what the adaptation of their own name learned; their generator is `scratch`."""

ADAPTATIONS = {
    "textual-inversion": "bench.synthesis.textual_inversion:TextualInversion",
    "erasure": "bench.synthesis.erasure:Erasure",
    "fine-tuning": "bench.synthesis.fine_tuning:FineTuning",
    "gflow": "bench.synthesis.gflow.maker:LearnGflow",
}
"""What a generator learns before it draws; each yields a state of its own digest."""

PUT = {
    "textual-inversion": "bench.synthesis.textual_inversion:put_token",
    "erasure": "bench.synthesis.erasure:put_unet",
    "fine-tuning": "bench.synthesis.erasure:put_unet",
}
"""How a state changes a pipeline."""

LEARNS = {
    "textual-inversion": "a token for each class from its real images: `{}` in a prompt is then that token",
    "erasure": "to draw no more what some prompts say (ESD), so that a benchmark of few shots is fair",
    "fine-tuning": "its UNet anew on all real images of a split under captions of their classes",
    "gflow": "a GFlowNet's codebooks and policy, from nothing, on a share of the real images of a split",
}

LEARNS_FROM = {
    "textual-inversion": {"prompts", "images"},
    "erasure": set(),
    "fine-tuning": {"images"},
    "gflow": {"images"},
}
"""What an adaptation learns from, besides the generator."""
