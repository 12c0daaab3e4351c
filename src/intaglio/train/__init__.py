"""Training: one loop, stages, losses, latent cache, metrics log."""
