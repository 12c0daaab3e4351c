"""FaSDiff: face compression with a diffusion prior (arXiv 2505.05870); the paper body is not public, each choice is ours."""
