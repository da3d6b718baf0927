"""Small random generators of the classes that the shipped recipes draw with, for tests only.

Their autoencoder halves the picture five times, so that 512 pixels stay quick.
"""

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DiffusionPipeline,
    DiTPipeline,
    DiTTransformer2DModel,
    FlowMatchEulerDiscreteScheduler,
    LDMPipeline,
    PNDMScheduler,
    StableDiffusionImageVariationPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    Qwen3Config,
    Qwen3Model,
)

from tests.tiny_pipeline import _text_encoder, _tokenizer, _vocabulary

NOISE = {"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
CHAT = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def build_tiny_generator(kind: str, folder: Path) -> Path:
    """Write the pipeline of `kind` (a key of `BUILDERS`) to `folder`."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pipeline: DiffusionPipeline = BUILDERS[kind]()
    pipeline.save_pretrained(folder)
    return folder


def stable_diffusion(*, flags: bool = False) -> StableDiffusionPipeline:
    """With a safety checker, which `flags` everything or nothing."""
    return StableDiffusionPipeline(
        vae=autoencoder(),
        text_encoder=_text_encoder(),
        tokenizer=_tokenizer(),
        unet=_unet(cross_attention_dim=32),
        scheduler=PNDMScheduler(**NOISE, skip_prk_steps=True, steps_offset=1),
        safety_checker=_safety_checker(flags),
        feature_extractor=CLIPImageProcessor(size=32, crop_size=32),
    )


def image_variations() -> StableDiffusionImageVariationPipeline:
    config = CLIPVisionConfig(**_vision(), projection_dim=16)
    return StableDiffusionImageVariationPipeline(
        vae=autoencoder(),
        image_encoder=CLIPVisionModelWithProjection(config),
        unet=_unet(cross_attention_dim=16),
        scheduler=PNDMScheduler(**NOISE, skip_prk_steps=True, steps_offset=1),
        safety_checker=_safety_checker(False),
        feature_extractor=CLIPImageProcessor(size=32, crop_size=32),
    )


def dit() -> DiTPipeline:
    transformer = DiTTransformer2DModel(
        num_attention_heads=2,
        attention_head_dim=8,
        in_channels=4,
        out_channels=8,
        num_layers=1,
        sample_size=8,
        norm_num_groups=4,
        attention_bias=True,
        num_embeds_ada_norm=1000,
    )
    return DiTPipeline(transformer=transformer, vae=autoencoder(), scheduler=DDIMScheduler())


def ldm(classes: int = 10) -> LDMPipeline:
    """Grey pictures, labels by cross-attention."""
    unet = _unet(cross_attention_dim=16, encoder_hid_dim=classes + 1, encoder_hid_dim_type="text_proj")
    return LDMPipeline(vqvae=autoencoder(channels=1, levels=3), unet=unet, scheduler=DDIMScheduler(clip_sample=False))


def z_image() -> ZImagePipeline:
    tokenizer = _tokenizer()
    tokenizer.chat_template = CHAT
    text = Qwen3Config(
        vocab_size=len(_vocabulary()),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
    )
    transformer = ZImageTransformer2DModel(
        in_channels=4,
        dim=32,
        n_layers=1,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=16,
        axes_dims=[4, 6, 6],
        axes_lens=[1024, 64, 64],
    )
    return ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=autoencoder(shift_factor=0.0),
        text_encoder=Qwen3Model(text),
        tokenizer=tokenizer,
        transformer=transformer,
    )


BUILDERS = {
    "stable-diffusion": stable_diffusion,
    "image-variations": image_variations,
    "dit": dit,
    "ldm": ldm,
    "z-image": z_image,
}


def autoencoder(*, channels: int = 3, levels: int = 6, **options: float) -> AutoencoderKL:
    return AutoencoderKL(
        in_channels=channels,
        out_channels=channels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=(4,) * levels,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=2,
        **options,
    )


def _unet(**options: object) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        down_block_types=("CrossAttnDownBlock2D",),
        mid_block_type=None,
        up_block_types=("CrossAttnUpBlock2D",),
        block_out_channels=(8,),
        layers_per_block=1,
        attention_head_dim=2,
        norm_num_groups=4,
        **options,
    )


def _vision() -> dict[str, int]:
    return {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 16,
    }


def _safety_checker(flags: bool) -> StableDiffusionSafetyChecker:
    checker = StableDiffusionSafetyChecker(CLIPConfig(vision_config=_vision(), projection_dim=16))
    # A cosine reaches no threshold of 1 and every one of -2.
    checker.concept_embeds_weights.data.fill_(-2.0 if flags else 1.0)
    return checker
