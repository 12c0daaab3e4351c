"""Diffusion priors over latents, schedules and samplers."""
