"""The compressor that both codecs share: analysis, entropy models, synthesis with two heads."""
