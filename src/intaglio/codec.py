"""The functions and the class that most users import: pictures to .itg bytes, and back."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from intaglio import format
from intaglio.codecs import CODECS
from intaglio.errors import OptionError, PictureError
from intaglio.files import FileSource, read_bytes
from intaglio.format import Header
from intaglio.format.fields import MAX_SIDE
from intaglio.format.streams import PLAIN, WITHOUT_MODEL
from intaglio.info import check, codec_of, codec_of_faces, fits
from intaglio.options import Box, CompressKeywords, CompressOptions, DecompressKeywords, DecompressOptions
from intaglio.weights import codec_file

if TYPE_CHECKING:
    from PIL import Image

    from intaglio.format.faces import Faces
    from intaglio.image import Rgb, Source
    from intaglio.pipeline.engine import Engine
    from intaglio.pipeline.model import PixelDecoder

AUTO = "auto"  # the codec that suits the picture; where that is not clear, the nearer result of all


class Codec:
    """A codec whose networks stay in memory between calls. Safe to use from several threads at once.

    It draws files of every installed codec, whichever it codes by; another's model is loaded when it is first needed.

    Args:
        name: "fasdiff" (portraits), "cgdm" (any picture), or "auto": the one that surely suits the picture; where neither
            does, codes both ways at equal bytes and keeps what comes nearer, in two to three times the time of one.
        decoder: "lean" (fast) or "reference" (the autoencoder's own), which draws the pixels, and encodes them too.
        device: as torch names it; the best there is by default.
        weights: a file of other weights than the packaged ones (for all of a process, `inspect` too: the environment
            variables INTAGLIO_FASDIFF and INTAGLIO_CGDM).
        features: a folder with the networks of training's losses (docs/guides/training.md): effort goes by these in place of
            the small ones in the package.

    Raises:
        OptionError: there is no such codec, decoder or device. WeightsError: the weights are not a codec's.
    """

    def __init__(
        self,
        name: str = AUTO,
        *,
        decoder: PixelDecoder = "lean",
        device: str | None = None,
        weights: str | PathLike[str] | None = None,
        features: str | PathLike[str] | None = None,
    ) -> None:
        if name not in (*CODECS, AUTO):
            raise OptionError(f"codec is {name!r}, allowed are {', '.join((*CODECS, AUTO))}")
        if name == AUTO and weights is not None:
            raise OptionError("weights are one codec's: name it in place of auto")
        self.name, self._decoder, self._device, self._weights = name, decoder, device, weights
        self._features = None if features is None else Path(features)
        path = None if weights is None else Path(weights)
        self._models = {codec: self._load(codec, path) for codec in (CODECS if name == AUTO else (name,))}
        self._foreign: dict[str, Engine] = {}  # other codecs' models, loaded when a file of theirs is to be drawn
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Callable[[], Codec], tuple[()]]:
        """Pickled as what it was made of: whoever unpickles it (a worker, say) loads the networks anew."""
        made = functools.partial(
            Codec, self.name, decoder=self._decoder, device=self._device, weights=self._weights, features=self._features
        )
        return made, ()

    def compress(
        self,
        image: Source,
        options: CompressOptions | None = None,
        *,
        progress: Callable[[float], None] | None = None,
        **keywords: Unpack[CompressKeywords],
    ) -> bytes:
        """A picture to .itg bytes.

        Args:
            image: a Pillow picture, a path, an open file, bytes, or a NumPy array (see `image.as_picture`).
            options: a `CompressOptions`, or its fields as keywords.
            progress: told each share of the coding, with effort of the refinement, as it is done; the shares add up to 1.

        Raises:
            PictureError: it cannot be read, has over 64 million pixels, or has no face to frame.
            BudgetError: max_bytes is too small; the message says how small it can be.
            OptionError: as `CompressOptions`, or this codec has no focus.
        """
        options = CompressOptions.of(options, keywords)
        models = [m for m in self._coders(options.effort).values() if options.focus != "face" or m.stream.focus]
        if not models:
            raise OptionError(f"{self.name} has no focus: fasdiff has")
        from intaglio.image import as_picture, limit, to_rgb
        from intaglio.pipeline.original import Original
        from intaglio.pipeline.whole_file import whole_file

        picture = as_picture(image, options.page)
        longer = max(picture.size)
        shrunk = min(1.0, (options.max_side or longer) / max(1, longer))
        if longer * shrunk > MAX_SIDE:
            raise PictureError(
                f"the picture has {picture.width}x{picture.height} pixels, and a side may have {MAX_SIDE:,}: "
                "shrink it, by max_side for instance"
            )
        if picture.width * picture.height * shrunk**2 > format.MAX_PIXELS:
            raise PictureError(
                f"the picture has {picture.width}x{picture.height} pixels, over the limit of {format.MAX_PIXELS:,}: "
                "shrink it, by max_side for instance"
            )
        rgb, grey = to_rgb(picture, options.background)
        if options.frame:
            from intaglio.faces.frames import frame

            rgb = frame(rgb, options.frame)
        if options.max_side:
            rgb = limit(rgb, options.max_side)
        original = Original(rgb, grey=grey)
        return whole_file(models, original, options, progress or (lambda share: None), plainly=self.name == AUTO)

    def decompress(
        self,
        data: FileSource,
        options: DecompressOptions | None = None,
        *,
        progress: Callable[[float], None] | None = None,
        **keywords: Unpack[DecompressKeywords],
    ) -> Image.Image:
        """.itg bytes to a picture: mode L for a grey one, else RGB.

        Args:
            data: the bytes of a file, its path, or an open file.
            options: a `DecompressOptions`, or its fields as keywords.
            progress: told each share of the drawing as it is done; the shares add up to 1.

        Raises:
            FormatError: the bytes are no whole .itg file. MissingModel: no installed model can draw it.
            LimitExceeded: it declares too many pixels, is too long, or takes too long.
            OptionError: as `DecompressOptions`, or the box is not inside.
        """
        options = DecompressOptions.of(options, keywords)
        from intaglio.image import from_rgb
        from intaglio.pipeline import face_drawing
        from intaglio.pipeline.coding import Coding
        from intaglio.pipeline.decoder import decode, watched

        data = read_bytes(data, options.max_bytes + 1)
        if format.peek(data, bare=options.bare).stream in WITHOUT_MODEL:
            return _drawn_without_model(data, options)
        model = self._model_of(data, options.bare)
        stream, weights = model.stream, model.weights
        # What was cut may have lost any of its patches, so that none is drawn of it.
        faces = None if options.salvage else format.peek(data, bare=options.bare).faces
        portraitist = None if faces is None else self._model_for(faces, model)
        header, payload = format.read(
            data,
            seed_of=lambda header: (
                check(header, weights.stream, stream.digest, stream.seed)
                ^ (portraitist.stream.seed if portraitist else 0)
            ),
            bare=options.bare,
            length=options.length,
            max_pixels=options.max_pixels,
            max_bytes=options.max_bytes,
            salvage=options.salvage,
        )
        _check_box(options, header)
        payload, patches = (payload, []) if faces is None else faces.split(payload)
        coding = Coding(payload, header.quality, header.halvings, header.focus)

        def ground(box: Box | None, progress: Callable[[float], object]) -> Rgb:
            return decode(model, coding, header.height, header.width, replace(options, box=box), progress)

        watch = watched(progress or (lambda share: None), options.max_seconds)
        if portraitist is None:
            rgb = ground(options.box, watch)
        else:
            rgb = face_drawing.draw(portraitist, header, patches, options, ground, watch)
        return from_rgb(rgb, header.grey, f"{weights.codec}-{weights.decoder}")

    def _model_for(self, faces: Faces, ground: Engine) -> Engine:
        """The model of a file's faces, by their stream: the ground's own, or another installed one."""
        with self._lock:
            for model in (ground, *self._models.values(), *self._foreign.values()):
                if model.weights.stream == faces.stream:
                    return model
            name = codec_of_faces(faces)
            self._foreign[name] = self._load(name)
            return self._foreign[name]

    def _load(self, codec: str, path: Path | None = None) -> Engine:
        from intaglio.engines import choice

        return choice.load(codec_file.read(codec, path), self._decoder, self._device, self._features)

    @functools.cached_property
    def _by_torch(self) -> dict[str, Engine]:
        from intaglio.engines.choice import torch_model

        return {
            name: engine
            if engine.gradients
            else torch_model(engine.weights, self._decoder, self._device, self._features)
            for name, engine in self._models.items()
        }

    def _coders(self, effort: int) -> Mapping[str, Engine]:
        """The models that code: with effort by PyTorch, which has gradients."""
        if not effort:
            return self._models
        with self._lock:
            return self._by_torch

    def _model_of(self, data: bytes, bare: bool) -> Engine:
        """The model that a file needs: of this codec's own, or another installed one; else one that says what is missing."""
        header = format.peek(data, bare=bare)
        with self._lock:
            for model in (*self._models.values(), *self._foreign.values()):
                if fits(header, model.weights.stream, model.stream.digest):
                    return model
            name = codec_of(data, bare=bare)
            if name not in self._models and name not in self._foreign:
                self._foreign[name] = self._load(name)
            return self._foreign.get(name) or self._models[name]


def _drawn_without_model(data: bytes, options: DecompressOptions) -> Image.Image:
    from PIL import Image

    from intaglio.image import from_rgb
    from intaglio.pipeline import classic, plain

    header, payload = format.read(
        data, seed_of=lambda header: 0, bare=options.bare, length=options.length,
        max_pixels=options.max_pixels, max_bytes=options.max_bytes, salvage=options.salvage,
    )  # fmt: skip
    _check_box(options, header)
    left, top, right, bottom = options.box or (0, 0, header.width, header.height)
    if header.stream == PLAIN:
        return from_rgb(plain.decode(payload, header)[top:bottom, left:right], header.grey, "plain")
    return Image.fromarray(classic.decode(payload, header)[top:bottom, left:right])


def _check_box(options: DecompressOptions, header: Header) -> None:
    if options.box and (options.box[2] > header.width or options.box[3] > header.height):
        raise OptionError(f"box {options.box} is not inside of {header.width}x{header.height} pixels")


_loading = threading.Lock()


@functools.cache
def _kept(name: str, weights: tuple[Path, ...]) -> Codec:
    return Codec(name)


def _codec(name: str) -> Codec:
    """The codec of a name, loaded once by whichever thread comes first; anew where the environment names other weights."""
    with _loading:
        return _kept(name, tuple(codec_file.default(codec) for codec in CODECS))


def compress(
    image: Source,
    options: CompressOptions | None = None,
    *,
    codec: str = AUTO,
    **keywords: Unpack[CompressKeywords],
) -> bytes:
    """A picture to .itg bytes, as `Codec.compress`; the networks are loaded once and kept."""
    return _codec(codec).compress(image, CompressOptions.of(options, keywords))


def decompress(
    data: FileSource, options: DecompressOptions | None = None, **keywords: Unpack[DecompressKeywords]
) -> Image.Image:
    """.itg bytes to a picture, as `Codec.decompress`, by the codec that made them; networks are loaded once and kept."""
    options = DecompressOptions.of(options, keywords)
    data = read_bytes(data, options.max_bytes + 1)
    if format.peek(data, bare=options.bare).stream in WITHOUT_MODEL:
        return _drawn_without_model(data, options)
    return _codec(codec_of(data, bare=options.bare)).decompress(data, options)
