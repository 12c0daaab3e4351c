"""`import intaglio.imageio`, and imageio reads and writes .itg files, by its Pillow plug-in.

iio.imwrite("portrait.itg", array, max_bytes=400)
array = iio.imread("portrait.itg")
"""

from imageio.config import FileExtension, extension_list, known_extensions

from intaglio.pillow import ENDING

_TYPE = FileExtension(name="Intaglio", extension=ENDING, priority=["pillow"])
known_extensions[ENDING] = [_TYPE]
extension_list.append(_TYPE)
