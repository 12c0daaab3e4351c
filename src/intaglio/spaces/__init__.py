"""The latent space: the autoencoder between pictures and latents, its lean decoder, and exact tiling for both."""
