"""Building blocks shared by both codecs."""
