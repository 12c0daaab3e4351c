"""The functions and the class that most users import. Heavy imports happen when they are needed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from intaglio import format
from intaglio.codecs import CODECS
from intaglio.errors import BudgetError, PictureError
from intaglio.format import Chunk, Header
from intaglio.format.chunks import FOCUS
from intaglio.format.streams import CUSTOM
from intaglio.info import check, codec_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PIL import Image

    from intaglio.pipeline.latent_codec import LatentCodec

AUTO = "auto"  # the codec that suits the picture; where that is not clear, the nearer result of all
Decoder = Literal["lean", "reference"]
Focus = Literal["face"]
Progress: TypeAlias = Callable[[float], None]


def _head(codec: LatentCodec, quality: int, scale: int, *, width: int, height: int, grey: bool, focus: bool) -> Header:
    """The header of a file of a codec."""
    stream = codec.weights.stream
    digest = codec.stream.digest if stream == CUSTOM else None
    return Header(
        width=width, height=height, quality=quality, stream=stream, scale=scale, grey=grey, digest=digest,
        chunks=(Chunk(FOCUS, b""),) if focus else (),
    )  # fmt: skip


class Codec:
    """A codec whose networks stay in memory between calls.

    Args:
        name: "fasdiff" (portraits), "cgdm" (any picture), or "auto": the one that surely suits the picture; where neither
            does, codes both ways at equal bytes and keeps what comes nearer, in two to three times the time of one.
        decoder: "lean" (fast) or "reference" (the autoencoder's own), which draws the pixels, and encodes them too.
        device: as torch names it; the best there is by default. weights: a file of other weights than the packaged ones
            (for all of a process, `inspect` too: the environment variables INTAGLIO_FASDIFF and INTAGLIO_CGDM).
    """

    def __init__(
        self,
        name: str = AUTO,
        *,
        decoder: Decoder = "lean",
        device: str | None = None,
        weights: Path | None = None,
    ) -> None:
        if name not in (*CODECS, AUTO):
            raise ValueError(f"codec {name!r} is not one of {', '.join((*CODECS, AUTO))}")
        if name == AUTO and weights is not None:
            raise ValueError("weights are one codec's: name it instead of auto")
        from intaglio.pipeline.latent_codec import LatentCodec

        self.name = name
        first, *others = CODECS if name == AUTO else (name,)
        self._codec = LatentCodec(first, weights, decoder=decoder, device=device)
        self._codecs = {first: self._codec}
        for other in others:
            self._codecs[other] = LatentCodec(other, decoder=decoder, device=device)

    @overload
    def compress(
        self,
        image: Image.Image,
        *,
        quality: float = 50,
        max_bytes: int | None = None,
        effort: int = 0,
        focus: Focus | None = None,
        bare: bool = False,
        progress: Progress | None = None,
    ) -> bytes: ...
    @overload
    def compress(
        self,
        image: Sequence[Image.Image],
        *,
        quality: float = 50,
        max_bytes: int | None = None,
        effort: int = 0,
        focus: Focus | None = None,
        bare: bool = False,
        progress: Progress | None = None,
    ) -> list[bytes]: ...
    def compress(
        self,
        image: Any,
        *,
        quality: float = 50,
        max_bytes: int | None = None,
        effort: int = 0,
        focus: Focus | None = None,
        bare: bool = False,
        progress: Progress | None = None,
    ) -> Any:
        """Picture or list of pictures to .itg bytes.

        Args:
            quality: 1..100, fractions allowed. max_bytes: in its place, the size of the whole file is at most this.
            effort: 0..9, how long to refine the file on the picture, by squared errors: PSNR rises, LPIPS need not fall.
            focus: "face" spends more of the bytes where a face is and fewer around it: easier to recognise, plainer
                otherwise. FaSDiff's, so `auto` codes by it alone; not together with effort, which would undo it.
            bare: without magic and long checksum.
            progress: told each share of a picture's refinement as it is done; the shares of a picture add up to 1.

        Raises:
            PictureError: over 64 million pixels. BudgetError: max_bytes is too small; says how small it can be.
        """
        if not isinstance(image, (list, tuple)):
            return self._compress(image, quality, max_bytes, effort, focus, bare, progress)
        return [self._compress(one, quality, max_bytes, effort, focus, bare, progress) for one in image]

    def _compress(
        self,
        image: Image.Image,
        quality: float,
        max_bytes: int | None,
        effort: int,
        focus: Focus | None,
        bare: bool,
        progress: Progress | None,
    ) -> bytes:
        from intaglio.image import to_rgb
        from intaglio.pipeline.choose import likelier

        if not 1 <= quality <= 100:
            raise ValueError(f"quality is {quality}, allowed are 1 to 100")
        if not 0 <= effort <= 9:
            raise ValueError(f"effort is {effort}, allowed are 0 to 9")
        if focus not in (None, "face"):
            raise ValueError(f"focus is {focus!r}, the only one is 'face'")
        if focus and effort:
            raise ValueError("effort goes by errors of the whole picture and would undo a focus: choose one of them")
        codecs = {n: c for n, c in self._codecs.items() if not focus or c.stream.focus}
        if not codecs:
            raise ValueError(f"{self.name} has no focus: fasdiff has")
        if image.width * image.height > format.MAX_PIXELS:
            raise PictureError(
                f"the picture has {image.width}x{image.height} pixels, over the limit of {format.MAX_PIXELS:,}: shrink it"
            )
        rgb, grey = to_rgb(image)
        features, index, errors = self._codec.features(rgb), round((quality - 1) / 99 * 255), []
        best: tuple[tuple[int, float], bytes] | None = None
        judge = next(iter(codecs.values())).model.compressor.analysis.encoder
        order, sure = likelier(list(codecs.values()), features)

        def advance(share: float) -> None:
            if progress is not None:
                progress(share if sure else share / len(order))

        for codec in order:
            head = functools.partial(
                _head, codec, width=rgb.shape[1], height=rgb.shape[0], grey=grey, focus=bool(focus)
            )
            overhead = len(format.write(head(0, 0), b"", seed=0, bare=bare))
            budget = None if max_bytes is None else max_bytes - overhead
            try:
                result = codec.compress(features, index, budget, effort, advance, bool(focus))
            except BudgetError as error:
                errors.append(error.least + overhead)
                continue
            data = format.write(head(result.quality, result.scale), result.payload, seed=codec.stream.seed, bare=bare)
            if sure:
                return data
            max_bytes = max_bytes or len(data)
            nearness = result.scale, codec.distance(result, features, judge)
            if best is None or nearness < best[0]:
                best = nearness, data
        if best is None:
            raise BudgetError(
                f"{max_bytes} bytes are too few for this picture: {min(errors)} is the least", min(errors)
            )
        return best[1]

    @overload
    def decompress(
        self,
        data: bytes,
        *,
        steps: int = 4,
        realism: float = 1.0,
        seed: int = 0,
        bare: bool = False,
        length: int | None = None,
        max_pixels: int = format.MAX_PIXELS,
        box: tuple[int, int, int, int] | None = None,
    ) -> Image.Image: ...
    @overload
    def decompress(
        self,
        data: Sequence[bytes],
        *,
        steps: int = 4,
        realism: float = 1.0,
        seed: int = 0,
        bare: bool = False,
        length: int | None = None,
        max_pixels: int = format.MAX_PIXELS,
        box: tuple[int, int, int, int] | None = None,
    ) -> list[Image.Image]: ...
    def decompress(
        self,
        data: Any,
        *,
        steps: int = 4,
        realism: float = 1.0,
        seed: int = 0,
        bare: bool = False,
        length: int | None = None,
        max_pixels: int = format.MAX_PIXELS,
        box: tuple[int, int, int, int] | None = None,
    ) -> Any:
        """.itg bytes, or a list of such, to pictures.

        Args:
            steps: 1, 2 or 4 of the diffusion. realism: 0 (the base picture, highest PSNR) to 1. seed: of its noise.
            bare: the bytes are of the bare profile. length: only so many bytes are the file, the rest pads a slot.
            max_pixels: the largest declared size that is accepted.
            box: left, top, right, bottom in pixels: this part alone is drawn, as it is in the whole.

        Raises:
            FormatError, MissingModel, LimitExceeded: as their names say.
        """
        if not isinstance(data, (list, tuple)):
            return self._decompress(data, steps, realism, seed, bare, length, max_pixels, box)
        return [self._decompress(one, steps, realism, seed, bare, length, max_pixels, box) for one in data]

    def _decompress(
        self,
        data: bytes,
        steps: int,
        realism: float,
        seed: int,
        bare: bool,
        length: int | None,
        max_pixels: int,
        box: tuple[int, int, int, int] | None,
    ) -> Image.Image:
        from intaglio.image import from_rgb

        if steps not in (1, 2, 4):
            raise ValueError(f"steps is {steps}, allowed are 1, 2 and 4")
        if not 0 <= realism <= 1:
            raise ValueError(f"realism is {realism}, allowed are 0 to 1")
        codec = self._codecs.get(codec_of(data, bare=bare), self._codec)
        stream = codec.stream
        seed_of = lambda header: check(header, codec.weights.stream, stream.digest, stream.seed)  # noqa: E731
        header, payload = format.read(data, seed_of=seed_of, bare=bare, length=length, max_pixels=max_pixels)
        if box is not None:
            left, top, right, bottom = box
            if not (0 <= left < right <= header.width and 0 <= top < bottom <= header.height):
                raise ValueError(f"box {box} is empty or not inside of {header.width}x{header.height} pixels")
        rgb = codec.decompress(
            payload,
            header.height,
            header.width,
            header.quality,
            header.scale,
            steps=steps,
            realism=realism,
            seed=seed,
            box=None if box is None else (box[1], box[0], box[3], box[2]),
            focus=header.focus,
        )
        return from_rgb(rgb, header.grey, f"{codec.weights.codec}-{codec.weights.decoder}")


@functools.cache
def _codec(name: str) -> Codec:
    return Codec(name)


def compress(
    image: Image.Image,
    *,
    codec: str = AUTO,
    quality: float = 50,
    max_bytes: int | None = None,
    effort: int = 0,
    focus: Focus | None = None,
    bare: bool = False,
) -> bytes:
    """A picture to .itg bytes, as `Codec.compress`; the networks are loaded once and kept."""
    return _codec(codec).compress(image, quality=quality, max_bytes=max_bytes, effort=effort, focus=focus, bare=bare)


def decompress(
    data: bytes,
    *,
    steps: int = 4,
    realism: float = 1.0,
    seed: int = 0,
    bare: bool = False,
    length: int | None = None,
    max_pixels: int = format.MAX_PIXELS,
    box: tuple[int, int, int, int] | None = None,
) -> Image.Image:
    """.itg bytes to a picture, as `Codec.decompress`, by the codec that made them; networks are loaded once and kept."""
    return _codec(codec_of(data, bare=bare)).decompress(
        data, steps=steps, realism=realism, seed=seed, bare=bare, length=length, max_pixels=max_pixels, box=box
    )
