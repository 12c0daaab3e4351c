"""Work and speed of FaSDiff on one picture: GFLOP, the share of this machine's convolution rate, seconds, memory.

    PYTHONPATH=src python scripts/measure_work.py PICTURES --limit 4 [--json work.json]

FLOPs are counted by torch's FlopCounterMode on the eager graph, for the integer entropy nets by their sizes. The
convolution rate is that of a 3x3 convolution of 128 channels at 64x64, batch 4, channels last, in the same precision;
rate and parts are the best of five, in one run; nothing else should run. Peak memory is that of a fresh process.
VVC (slow preset, one thread) and AVIF (speed 0, one thread) are timed on the same pictures if imageio-ffmpeg is there.
"""

from __future__ import annotations

import argparse
import functools
import io
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import measuring
import numpy as np
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from intaglio.bench.scaling import convolution_rate, packed_convolutions
from intaglio.bench.timing import best_of, peak_memory
from intaglio.compressor.base_picture import base_picture
from intaglio.compressor.compressor import Coded
from intaglio.entropy.fixed import Conv
from intaglio.entropy.stream import STRIDE, Stream, grid
from intaglio.networks import packets
from intaglio.pipeline.latent_codec import LatentCodec
from intaglio.priors.noise import field
from intaglio.priors.sampler import levels

BARS = {"encode": 45.0, "decode, 1 step": 28.0, "a further step": 8.0}  # GFLOP at 256x256
SHARE = 60.0  # percent of the convolution rate
LIMIT = 400  # bytes of the files that are coded and timed
REPEATS = 5


def best(run: Callable[[], Any]) -> float:
    """Seconds of the fastest of five calls, after one that warms up."""

    def finished() -> None:
        run()
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    return best_of(finished, REPEATS)[0]


def integer_gflop(stream: Stream, h: int, w: int) -> float:
    """Of all entropy nets in one coding or decoding pass over a picture of h x w units of 32 pixels."""

    def of(net: Conv | None) -> int:
        return 0 if net is None else net.affine.matrix.size

    macs = (of(stream.h_side) + of(stream.y_side[0]) + of(stream.y_side[1])) * h * w
    for name, four in stream.four.items():
        positions = 1 if name == "vector" else (4 if name == "y" else 1) * h * w
        macs += of(four.side) * positions
        for one in (one for passes in four.passes for one in passes):
            each = one.hidden.matrix.size + one.out.matrix.size + (one.context.matrix.size if one.p else 0)
            macs += each * positions // 4
    return 2 * macs / 1e9


def parts(codec: LatentCodec, rgb: measuring.Rgb) -> dict[str, dict[str, Any]]:
    """GFLOP and seconds of each part, computed as the codec does; sides are multiples of STRIDE."""
    height, width = rgb.shape[:2]
    gh, gw = grid(height, width, 0)
    index = measuring.compress(codec, rgb, LIMIT)[0].quality
    x = measuring.tensor(rgb).contiguous(memory_format=torch.channels_last).to(codec.device)
    q = torch.tensor([index / 255], device=codec.device)
    tensors = codec.analyse(codec.features(rgb), 0)
    payload = codec.stream.encode(tensors, index)[0]
    values = codec.stream.decode(payload, index, gh, gw).floats()
    coded = Coded(**{k: torch.from_numpy(v).to(codec.device, codec.dtype)[None] for k, v in values.items()})
    model, found = codec.model, {}

    def measure(name: str, run: Callable[[], Any], gflop: float | None = None) -> Any:
        with (
            torch.inference_mode(),
            torch.autocast(codec.device.type, codec.dtype, enabled=codec.dtype != torch.float32),
        ):
            if gflop is None:
                with FlopCounterMode(display=False, custom_mapping=packed_convolutions()) as counter:
                    out = run()
                gflop = counter.get_total_flops() / 1e9
            else:
                out = run()
            found[name] = {"GFLOP": gflop, "seconds": best(run)}
        return out

    nets = integer_gflop(codec.stream, gh, gw)
    p = measure("encode: packets", lambda: packets.analyse(x - 0.5).to(codec.dtype))
    z = measure("encode: lean encoder", lambda: model.compressor.analysis.encoder(p))
    measure("encode: analysis", lambda: model.compressor.analysis(p, z))
    measure("encode: integer nets, coder", lambda: codec.stream.encode(tensors, index), nets)
    measure("decode: integer nets, coder", lambda: codec.stream.decode(payload, index, gh, gw), nets)
    prompt = measure("decode: synthesis", lambda: model.compressor.synthesis(coded, q))
    measure("decode: base picture", lambda: base_picture(prompt))
    control = measure("decode: enhancement", lambda: model.control(coded, prompt, q))
    sigma, base = levels(q, 1)[0], prompt.latent.float()
    latent = measure("a further step", lambda: model.prior(base, sigma, control))
    measure("decode: decoder, low band", lambda: model.hold(codec._decode(latent), prompt))
    measure("decode: noise (2 steps and more)", lambda: field(0, 0, 32, 4 * gh, 4 * gw), 0.0)
    return found


def totals(found: dict[str, dict[str, Any]], rate: float) -> list[dict[str, Any]]:
    """Parts summed to what the bars are about, then the parts; shares of the convolution rate in percent."""

    def row(name: str, names: list[str]) -> dict[str, Any]:
        gflop, seconds = (sum(found[n][key] for n in names) for key in ("GFLOP", "seconds"))
        share = 100 * gflop / seconds / rate
        bar = BARS.get(name)
        out = {"part": name, "GFLOP": gflop, "bar": bar, "seconds": seconds, "share of rate %": share}
        return out | ({"bar, share %": SHARE, "held": gflop <= bar and share >= SHARE} if bar else {})

    encode = [n for n in found if n.startswith("encode")]
    decode = [n for n in found if n.startswith("decode") and "noise" not in n]
    rows = [
        row("encode", encode),
        row("decode, 1 step", [*decode, "a further step"]),
        row("a further step", ["a further step"]),
    ]
    return rows + [row(f"- {n}", [n]) for n in found if n != "a further step"]


def searches(codec: LatentCodec, rgb: measuring.Rgb) -> dict[str, Any]:
    """Passes of the integer nets (trials and codings) and analyses that a byte target takes (a quality takes one of each)."""
    counts = {"passes": 0, "analyses": 0}
    size, encode, analyse = codec.stream.size, codec.stream.encode, codec.analyse

    def count(name: str, run: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            counts[name] += 1
            return run(*args)

        return counted

    codec.stream.size, codec.stream.encode = count("passes", size), count("passes", encode)  # type: ignore[method-assign]
    codec.analyse = count("analyses", analyse)  # type: ignore[method-assign]
    try:
        measuring.compress(codec, rgb, LIMIT)
    finally:
        del codec.stream.size, codec.stream.encode, codec.analyse
    return counts


def calls_of(codec: LatentCodec, rgb: measuring.Rgb) -> dict[str, Callable[[], Any]]:
    """Whole calls of the codec on a picture, its file of `LIMIT` bytes made beforehand."""
    result = measuring.compress(codec, rgb, LIMIT)[0]
    decode = functools.partial(codec.decompress, result.payload, *rgb.shape[:2], result.quality, result.scale)
    return {
        "fasdiff encode at a quality": lambda: codec.compress(codec.features(rgb), result.quality, None),
        f"fasdiff encode to {LIMIT} bytes": lambda: measuring.compress(codec, rgb, LIMIT),
        "fasdiff decode, realism 0": lambda: decode(realism=0),
    } | {f"fasdiff decode, steps {steps}": functools.partial(decode, steps=steps) for steps in (1, 2, 4)}


def peers_of(rgb: measuring.Rgb, folder: Path) -> dict[str, Callable[[], Any]]:
    """The same of VVC, in processes of ffmpeg whose start is timed too, and of AVIF; none without imageio-ffmpeg."""
    try:
        from imageio_ffmpeg import get_ffmpeg_exe
    except ImportError:
        return {}
    coded, picture = folder / "a.266", Image.fromarray(rgb)
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24"]
    size = ["-s", f"{rgb.shape[1]}x{rgb.shape[0]}", "-i", "-"]
    vvc = ["-pix_fmt", "yuv420p10le", "-c:v", "libvvenc", "-qp", "45", "-preset", "slow", "-qpa", "0", "-threads", "1"]

    def ffmpeg(*args: str, data: bytes = b"") -> None:
        subprocess.run([get_ffmpeg_exe(), "-y", "-v", "error", *args], input=data, check=True, capture_output=True)

    def avif() -> bytes:
        file = io.BytesIO()
        picture.save(file, "AVIF", quality=10, speed=0, subsampling="4:2:0", max_threads=1)
        return file.getvalue()

    made = avif()
    return {
        "ffmpeg, its start alone": lambda: ffmpeg("-version"),
        "VVC encode (slow, QP 45, one thread)": lambda: ffmpeg(*raw, *size, *vvc, str(coded), data=rgb.tobytes()),
        "VVC decode": lambda: ffmpeg("-threads", "1", "-i", str(coded), *raw, "-"),
        "AVIF encode (speed 0, quality 10, one thread)": avif,
        "AVIF decode": lambda: Image.open(io.BytesIO(made)).convert("RGB"),
    }


def seconds(codec: LatentCodec, rgbs: list[measuring.Rgb]) -> list[dict[str, Any]]:
    """Mean over pictures of the best of five."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for rgb in rgbs:
            for name, call in (calls_of(codec, rgb) | peers_of(rgb, Path(folder))).items():
                found.setdefault(name, []).append(best(call))
    return [{"what": name, "seconds": float(np.mean(v))} for name, v in found.items()]


# --- Memory -------------------------------------------------------------------------------------------------------


def child(options: argparse.Namespace) -> None:
    """In a fresh process: do one thing and print the peak."""
    rgb = measuring.load_pictures(options.pictures, options.size, 1)[0]
    codec = LatentCodec("fasdiff", options.weights, decoder=options.decoder)
    if options.child == "encode":
        result = codec.compress(codec.features(rgb), 64, None)
        if options.payload:
            options.payload.write_bytes(result.payload)
    elif options.child == "decode":
        codec.decompress(options.payload.read_bytes(), *rgb.shape[:2], 64, 0, steps=4)
    print(peak_memory() / 1e6)


def memory(options: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    keep = [f"--{name}={value}" for name in ("weights", "decoder") if (value := getattr(options, name))]
    with tempfile.TemporaryDirectory() as folder:
        for size in (256, 512):
            row: dict[str, Any] = {"size": size}
            for what in ("load", "encode", "decode"):
                own = ["--size", str(size), "--child", what, "--payload", f"{folder}/{size}"]
                command = [sys.executable, __file__, str(options.pictures), *own, *keep]
                out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                row[f"{what}, peak MB"] = float(out)
            rows.append(row)
    return rows


def main() -> None:
    parser = measuring.parser(__doc__)
    parser.add_argument("--child", choices=("load", "encode", "decode"), help=argparse.SUPPRESS)
    parser.add_argument("--payload", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options)
    if options.size % STRIDE:
        parser.error(f"--size must be a multiple of {STRIDE}")
    rgbs = measuring.load_pictures(options.pictures, options.size, options.limit or 4)
    codec = LatentCodec("fasdiff", options.weights, decoder=options.decoder)
    rate = convolution_rate()
    found = parts(codec, rgbs[0])
    again = convolution_rate()
    counts = searches(codec, rgbs[0])
    counts["GFLOP of all passes"] = counts["passes"] * found["encode: integer nets, coder"]["GFLOP"]
    tables = {
        "Convolution rate": [{"before, GFLOP/s": rate, "after": again, "used: the higher": max(rate, again)}],
        f"Work, {options.size}x{options.size} (bars hold for 256x256)": totals(found, max(rate, again)),
        f"Search for {LIMIT} bytes": [
            counts | {"GFLOP of all passes": counts["passes"] * found["encode: integer nets, coder"]["GFLOP"]}
        ],
        f"Seconds, {len(rgbs)} pictures": seconds(codec, rgbs),
        "Peak memory of a fresh process": memory(options),
    }
    measuring.report(codec, tables, options.json)
    return None


if __name__ == "__main__":
    main()
