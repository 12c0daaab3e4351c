"""Exact entropy coding: integers only; symbols in, bytes out. Nothing here imports torch."""
