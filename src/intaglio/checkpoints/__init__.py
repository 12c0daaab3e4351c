"""Checkpoints of others that codecs are built over: found, identified, and loaded by the library that wrote them."""
