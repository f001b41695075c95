"""Image networks and image files: the VAE, inpainting, the upscaler, the interrogator."""
