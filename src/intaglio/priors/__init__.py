"""Diffusion priors over latents: what they are to a codec, the compact one, sampling, noise and patches."""
