"""Parameters of other tools: what they are called here, or what to use instead. Pure.

From Midjourney, AUTOMATIC1111 and SD.Next, ComfyUI, InvokeAI, Fooocus, diffusers and DALL·E.
Names are written with hyphens; underscores count as hyphens. This is the only table of them; the
texts have the keys `lacks-{what}` in `bot.i18n`.
"""

from collections.abc import Mapping

_OUR_NAMES = {
    "ar": "ratio aspect-ratio",
    "size": "width height resolution res dimensions",
    "no": "negative neg negative-prompt neg-prompt uc",
    "cfg": "cfg-scale cfgscale guidance guidance-scale scale",
    "steps": "sampling-steps inference-steps num-inference-steps num-steps",
    "sampler": "sampler-name sampling-method",
    "n": "batch batch-size batch-count num num-images n-samples n-iter samples count images",
    "v": "model ckpt checkpoint model-name",
    "style": "styles preset style-preset",
    "tile": "tiling seamless",
    "iw": "image-weight",
    "lora": "loras lyco lycoris",
    "relax": "relaxed slow",
    "stealth": "private",
    "raw": "natural",
    "chaos": "variety",
    "repeat": "repeats runs",
}

_LACKED = {
    "style-reference": "sref sw sv style-reference style-ref",
    "character-reference": "cref cw oref ow omni character-reference face-id faceid edit",
    "video": "video motion loop end bs fps frames animate",
    "hd": "hd sd hq uplight upbeta upanime upscale upscaler hires hires-fix hires-upscale hr ultra",
    "taste": "p profile personalize personalization moodboard stylecode",
    "aesthetics": "exp experimental vivid",
    "old-versions": "test testp creative beta vibe",
    "scheduler": "scheduler schedule schedule-type karras",
    "clip-skip": "clip-skip clipskip",
    "vae": "vae",
    "denoising": "denoise denoising denoising-strength strength img2img-strength",
    "init-image": "image img init init-image init-img image-prompt",
    "control": "control controlnet ip-adapter ipadapter pose depth canny openpose",
    "faces": "restore-faces face-restore codeformer gfpgan adetailer facetool",
    "refiner": "refiner switch-at refiner-switch refiner-switch-at",
    "variations": "subseed subseed-strength variation variation-amount with-variations",
    "embeddings": "embedding embeddings ti textual-inversion hypernet hypernetwork",
    "file-format": "format output-format response-format background transparent",
    "words": "prompt positive positive-prompt",
}

RENAMED: Mapping[str, str] = {
    theirs: ours for ours, names in _OUR_NAMES.items() for theirs in names.split()
}
"""Our parameter for another tool's that means the same."""

LACKED: Mapping[str, str] = {
    theirs: what for what, names in _LACKED.items() for theirs in names.split()
}
"""What another tool's parameter does that none of ours does."""


def hyphenated(flag: str) -> str:
    """The name of a flag as it stands in the tables."""
    return flag.replace("_", "-")
