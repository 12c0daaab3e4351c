"""What YuNet is fed and gives, of whichever engine runs it."""

MODEL = "face_detector"
STRIDES = (8, 16, 32)
OUTPUTS = 16
"""Numbers a cell: logit of a face, logit of an object, box (4), points (5 x 2)."""
