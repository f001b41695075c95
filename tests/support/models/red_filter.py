"""A real image-classification folder of transformers, which finds red pictures explicit."""

from pathlib import Path

import torch
from transformers import ResNetConfig, ResNetForImageClassification, ViTImageProcessor

SIDE_PX = 32


def build_red_filter(folder: Path, explicit_label: str = "nsfw") -> Path:
    """A network whose weights were written by hand: it compares red with green and blue.

    Pure red scores 0.98, grey 0.12, pure green 0.01.
    """
    config = ResNetConfig(
        embedding_size=4,
        hidden_sizes=[4],
        depths=[1],
        layer_type="basic",
        downsample_in_first_stage=False,
        id2label={0: "harmless", 1: explicit_label},
        label2id={"harmless": 0, explicit_label: 1},
    )
    model = ResNetForImageClassification(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        embedder = model.resnet.embedder.embedder
        centre = embedder.convolution.kernel_size[0] // 2
        embedder.normalization.weight.fill_(1)
        for colour in range(3):
            embedder.convolution.weight[colour, colour, centre, centre] = 1
        model.classifier[-1].weight[1] = torch.tensor([6.0, -3.0, -3.0, 0.0])
        model.classifier[-1].bias[1] = -2
    model.save_pretrained(folder)
    size = {"height": SIDE_PX, "width": SIDE_PX}
    ViTImageProcessor(size=size, do_normalize=False).save_pretrained(folder)
    return folder
