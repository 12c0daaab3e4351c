"""VMAF (Netflix, model vmaf_v0.6.1) of a still picture: made for moving ones seen at a distance, and blind to colour.

From the filter libvmaf of the ffmpeg that the package imageio-ffmpeg carries. One frame, so its motion term is 0, and
equal pictures score less than 100 (about 97).
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from intaglio.measures.measure import Rgb
from intaglio.measures.optional import Unavailable, require

SMALLEST = 32  # pixels a side: below, libvmaf has too few places, and refuses from 16 on
# BT.709 luma in 16..235, what the model was fitted to; colour at full size, as odd sides cannot be halved.
TO_YUV = "scale=out_color_matrix=bt709:out_range=tv,format=yuv444p"


class Vmaf:
    name = "vmaf"
    title = "VMAF"
    lower = False
    note = "one frame, luma only"

    def __init__(self) -> None:
        try:
            self.ffmpeg = str(require("imageio_ffmpeg", "imageio-ffmpeg").get_ffmpeg_exe())
            filters = subprocess.run([self.ffmpeg, "-hide_banner", "-filters"], capture_output=True, check=True).stdout
        except (OSError, RuntimeError, subprocess.CalledProcessError) as e:
            raise Unavailable(f"the ffmpeg of imageio-ffmpeg does not run ({e}): pip install imageio-ffmpeg.") from e
        if b" libvmaf " not in filters:
            raise Unavailable(f"{self.ffmpeg} is built without libvmaf: pip install -U imageio-ffmpeg.")

    def describe(self, rgb: Rgb) -> Rgb:
        return rgb

    def compare(self, original: Rgb, decoded: Rgb) -> float | None:
        """None for a picture of under 32 pixels a side."""
        height, width = original.shape[:2]
        if min(height, width) < SMALLEST:
            return None
        with tempfile.TemporaryDirectory() as folder:
            command = [self.ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin"]
            for name, rgb in (("decoded", decoded), ("original", original)):
                Path(folder, name).write_bytes(rgb.tobytes())
                command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-i", name]
            graph = f"[0:v]{TO_YUV}[d];[1:v]{TO_YUV}[o];[d][o]libvmaf=n_threads=1:log_fmt=json:log_path=log"
            command += ["-filter_complex", graph, "-f", "null", "-"]
            # In the folder, with short names: a colon in a path would end the filter's option.
            run = subprocess.run(command, cwd=folder, capture_output=True)
            if run.returncode:
                raise RuntimeError(f"libvmaf failed: {run.stderr.decode(errors='replace').strip()[-500:]}")
            return float(json.loads(Path(folder, "log").read_text())["pooled_metrics"]["vmaf"]["mean"])
