"""Engines beside PyTorch. `scripts/export_onnx.py` writes the graphs."""
