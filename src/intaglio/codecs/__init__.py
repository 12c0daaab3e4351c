"""The codecs: composition of compressor, prior and file."""
