"""Run by test_exactness: `python decode_hash.py WEIGHTS FILE...` decodes files alone and as a batch, prints hashes.

The hashes are of the integers that the entropy decoder gives while the networks run around it.
"""

import hashlib
import os
import sys
from pathlib import Path

import torch
from intaglio.pipeline.latent_codec import LatentCodec

from intaglio.codec import Codec
from intaglio.entropy.stream import SECTIONS

if threads := os.environ.get("OMP_NUM_THREADS"):
    torch.set_num_threads(int(threads))
if os.environ.get("TEST_NO_ONEDNN"):
    torch.backends.mkldnn.enabled = False
path, files = Path(sys.argv[1]), [Path(name).read_bytes() for name in sys.argv[2:]]
codec = Codec("fasdiff", weights=path, decoder="reference", device="cpu")
dtype = getattr(torch, os.environ.get("TEST_DTYPE", "float32"))
codec._codec = codec._codecs["fasdiff"] = LatentCodec("fasdiff", path, decoder="reference", device="cpu", dtype=dtype)
stream = codec._codec.stream
decode = stream.decode


def spy(*args):
    values = decode(*args)
    print(hashlib.sha256(b"".join(getattr(values, name).astype("<i8").tobytes() for name in SECTIONS)).hexdigest())
    return values


stream.decode = spy
for data in files:
    codec.decompress(data, realism=0)
codec.decompress(files, steps=1, realism=0)
