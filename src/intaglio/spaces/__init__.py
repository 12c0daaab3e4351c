"""Latent spaces: the tiny autoencoder, and lean networks of ours for the same latents."""
