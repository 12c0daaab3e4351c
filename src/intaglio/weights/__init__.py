"""Weights files: one reader and writer of arrays, and the layout of a codec's file."""
