"""Weights files: one reader and writer."""
