"""Faces in pictures: landmarks and a recogniser for training."""
