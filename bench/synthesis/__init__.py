"""**The makers**: one file for each way to make an image."""

METHODS = {
    "text-to-image": "bench.synthesis.text_to_image:TextToImage",
    "language-enhancement": "bench.synthesis.language_enhancement:LanguageEnhancement",
    "image-variations": "bench.synthesis.image_variations:ImageVariations",
    "image-to-image": "bench.synthesis.image_to_image:ImageToImage",
    "real-guidance": "bench.synthesis.real_guidance:RealGuidance",
    "da-fusion": "bench.synthesis.da_fusion:DaFusion",
    "prompt-to-prompt": "bench.synthesis.prompt_to_prompt:PromptToPrompt",
    "null-text": "bench.synthesis.null_text:NullText",
    "psld": "bench.synthesis.psld:Psld",
    "class-conditional": "bench.synthesis.class_conditional:ClassConditional",
    "dagan": "bench.synthesis.dagan:Dagan",
    "deepaugment": "bench.synthesis.deepaugment:DeepAugment",
    "gflow": "bench.synthesis.gflow.maker:Gflow",
}

ABOUT = {
    "text-to-image": "a diffusion pipeline draws what a prompt says",
    "language-enhancement": "He et al.: a sentence around the class name, of a bank or by a text model, is drawn",
    "image-variations": "a diffusion pipeline draws what the CLIP embedding of a real image says; no prompt",
    "image-to-image": "SDEdit: a real image, noised up to a strength, is denoised as a prompt says",
    "real-guidance": "He et al.: real shots, noised less the more there are, are denoised as a prompt says",
    "da-fusion": "Trabucco et al.: each real image is edited at several strengths, under a token learned for its class",
    "prompt-to-prompt": "Hertz et al.: a prompt is edited while the attention of its source prompt keeps the layout",
    "null-text": "Mokady et al.: a real image is inverted and comes back under guidance, then its prompt is edited",
    "psld": "Rout et al.: a real image is drawn anew where it was erased, blurred, shrunk or compressed",
    "class-conditional": "a class-conditional diffusion model (DiT or LDM) draws a class by its label; no prompt",
    "dagan": "Antoniou et al.: a GAN learned from other classes draws another image of a real image's class; no prompt",
    "deepaugment": "Hendrycks et al.: real images through networks with distorted weights and features; no prompt",
    "gflow": "a GFlowNet learned from few real images draws in proportion to a declared reward; no prompt",
}

TAKES = {
    "text-to-image": {"prompts"},
    "language-enhancement": {"prompts"},
    "image-variations": {"images"},
    "image-to-image": {"prompts", "images"},
    "real-guidance": {"prompts", "images"},
    "da-fusion": {"prompts", "images"},
    "prompt-to-prompt": {"prompts"},
    "null-text": {"prompts", "images"},
    "psld": {"prompts", "images"},
    "class-conditional": {"labels"},
    "dagan": {"images"},
    "deepaugment": {"images"},
    "gflow": set(),
}
"""What a method draws from: a recipe must give it, and nothing else."""

LAYOUTS = {
    "text-to-image": {"StableDiffusionPipeline", "ZImagePipeline"},
    "image-variations": {"StableDiffusionImageVariationPipeline"},
    "class-conditional": {"DiTPipeline", "LDMPipeline"},
}
"""The classes of diffusers whose weights a method draws with; for all others Stable Diffusion's."""

NEEDS = {"da-fusion": "textual-inversion", "dagan": "dagan", "deepaugment": "deepaugment", "gflow": "gflow"}
"""Methods that are nothing without what an adaptation learns."""

ADAPTATIONS = {
    "textual-inversion": "bench.synthesis.textual_inversion:TextualInversion",
    "erasure": "bench.synthesis.erasure:Erasure",
    "fine-tuning": "bench.synthesis.fine_tuning:FineTuning",
    "sentences": "bench.synthesis.sentences:Sentences",
}
"""What a generator learns before it draws; each yields a state of its own digest."""

FROM_NOTHING = {"dagan", "deepaugment", "gflow"}
"""Methods whose whole network is what the adaptation of their name learns (`bench/pipelines/`); no other goes along."""

PUT = {
    "textual-inversion": "bench.synthesis.textual_inversion:put_token",
    "erasure": "bench.synthesis.erasure:put_unet",
    "fine-tuning": "bench.synthesis.erasure:put_unet",
    "sentences": "bench.synthesis.sentences:put_sentences",
}
"""How a state changes a pipeline."""

LEARNS = {
    "textual-inversion": "a token for each class from its real images: `{}` in a prompt is then that token",
    "erasure": "to draw no more what some prompts say (ESD), so that a benchmark of few shots is fair",
    "fine-tuning": "its UNet anew on all real images of a split under captions of their classes",
    "sentences": "nothing itself: a text model writes sentences around each class's name, for its prompts",
    "dagan": "all that it is, from real images of other classes than those it draws",
    "deepaugment": "an autoencoder and a super-resolution network, from its real images",
    "gflow": "a GFlowNet's codebooks and policy, from a share of its real images",
}

LEARNS_FROM = {
    "textual-inversion": {"prompts", "images"},
    "erasure": set(),
    "fine-tuning": {"images"},
    "sentences": set(),
    "dagan": {"images"},
    "deepaugment": {"images"},
    "gflow": {"images"},
}
"""What an adaptation learns from, besides the generator."""
