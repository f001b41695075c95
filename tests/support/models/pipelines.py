"""diffusers' own pipelines of tiny models."""

from typing import Any

from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

from diffusion.loading.load import Checkpoint


def pipeline_of(model: Checkpoint) -> Any:
    """diffusers' pipeline with the very networks of our model."""
    parts: dict[str, Any] = {"unet": model.denoiser.unet, "vae": model.decoder.vae}
    for clip, place in zip(model.text.clips, ("", "_2"), strict=False):
        parts |= {f"text_encoder{place}": clip.model, f"tokenizer{place}": clip.tokenizer}
    if len(model.text.clips) == 2:
        pipeline = StableDiffusionXLPipeline(**parts, scheduler=None, add_watermarker=False)
    else:
        none = {"safety_checker": None, "feature_extractor": None}
        pipeline = StableDiffusionPipeline(
            **parts, **none, scheduler=None, requires_safety_checker=False
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
