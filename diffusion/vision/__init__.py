"""Networks for pictures: the VAE, inpainting masks, the upscaler, the interrogator."""
