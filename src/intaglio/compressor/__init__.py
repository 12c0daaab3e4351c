"""What the codecs share: compressor, payload, weights file, and the way from pictures to payloads and back."""
