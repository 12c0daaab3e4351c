"""Run by test_exactness: `python decode_hash.py WEIGHTS FILE...` prints hashes of the integers that files decode to.

The networks run before and between, in the precision and on the threads that the environment says.
"""

import hashlib
import os
import sys
from pathlib import Path

import torch

from intaglio.entropy.stream import grid
from intaglio.entropy.wiring import SECTIONS
from intaglio.format import read
from intaglio.options import DecompressOptions
from intaglio.pipeline.coding import Coding
from intaglio.pipeline.decoder import decode
from intaglio.pipeline.model import Model
from intaglio.weights import codec_file

if threads := os.environ.get("OMP_NUM_THREADS"):
    torch.set_num_threads(int(threads))
if os.environ.get("TEST_NO_ONEDNN"):
    torch.backends.mkldnn.enabled = False
dtype = getattr(torch, os.environ.get("TEST_DTYPE", "float32"))
model = Model(codec_file.read("fasdiff", Path(sys.argv[1])), decoder="reference", device="cpu", dtype=dtype)
for name in sys.argv[2:]:
    header, payload = read(Path(name).read_bytes(), seed_of=lambda _: model.stream.seed)
    coding = Coding(payload, header.quality, header.scale)
    decode(model, coding, header.height, header.width, DecompressOptions(steps=1))
    values = model.stream.decode(payload, header.quality, *grid(header.height, header.width, header.scale))
    print(hashlib.sha256(b"".join(getattr(values, name).astype("<i8").tobytes() for name in SECTIONS)).hexdigest())
