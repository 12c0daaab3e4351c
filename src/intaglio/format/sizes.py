"""The commonest picture sizes, so that the header says them in one byte: code 1 is SIZES[0], code 255 is SIZES[254].

Code 0 stands for an explicit size. The table is full and frozen: an entry is never moved, changed or added, because
files carry its codes. Sizes are (width, height) in pixels, as displayed.
"""

EXPLICIT = 0

_SQUARE = (
    *(16, 24, 28, 32, 40, 48, 56, 64, 72, 80, 90, 96, 100, 112, 120, 128, 144, 150, 160, 176, 180, 192, 200, 216, 224),
    *(240, 250, 256, 288, 300, 320, 350, 360, 384, 400, 413, 448, 480, 500, 512, 540, 576, 600, 640, 720, 768, 800),
    *(900, 960, 1000, 1024, 1080, 1200, 1280, 1440, 1500, 1536, 1600, 1920, 2000, 2048, 3000, 3024),
)

# Portraits on cards, passports and visas, which nobody turns on its side: common capture sizes, 35x45 mm and its
# kin at 300 dots an inch, portals' prescriptions, sizes small enough for a barcode or a chip.
_IDENTITY = (
    *((32, 40), (40, 50), (48, 60), (48, 64), (64, 80), (70, 90), (72, 90), (80, 100), (81, 108), (84, 108)),
    *((90, 120), (96, 120), (100, 125), (105, 135), (112, 144), (120, 150), (128, 160), (140, 180)),
    *((144, 180), (144, 192), (150, 200), (160, 200), (175, 225), (178, 218), (192, 240), (200, 230)),
    *((200, 250), (210, 270), (224, 288), (240, 300), (280, 360), (295, 413), (300, 375), (320, 400)),
    *((350, 450), (354, 472), (358, 441), (390, 567), (400, 500), (413, 531), (413, 579), (413, 626), (420, 525)),
    *((420, 540), (480, 600), (512, 640), (531, 708), (591, 827), (600, 750), (630, 810), (640, 800), (700, 900)),
    *((715, 1000), (800, 1000), (827, 1063), (1200, 1500)),
)

# Pictures that come upright and lying: each stands twice in the table, lying first.
_LYING = (
    # 4:3 and its neighbours: radio and thermal pictures, video conferences, screens, telephones, compact cameras
    *((96, 72), (128, 96), (160, 120), (176, 144), (240, 180), (256, 192), (320, 240), (320, 256), (352, 288)),
    *((400, 300), (480, 360), (512, 384), (640, 480), (640, 496), (720, 540), (720, 576), (768, 576), (800, 600)),
    *((1024, 768), (1280, 960), (1280, 1024), (1440, 1080), (1600, 1200), (2048, 1536), (2592, 1944), (3264, 2448)),
    *((4000, 3000), (4032, 3024), (4608, 3456), (8064, 6048)),
    # 3:2: prints, test pictures, cameras
    *((240, 160), (480, 320), (600, 400), (720, 480), (768, 512), (900, 600), (1080, 720), (1200, 800), (1500, 1000)),
    *((1536, 1024), (1620, 1080), (1920, 1280), (2400, 1600), (3000, 2000), (4288, 2848), (5184, 3456), (5472, 3648)),
    *((6000, 4000), (6720, 4480)),
    # 16:9, 16:10 and wider: video and screens
    *((160, 90), (256, 144), (320, 180), (480, 270), (640, 360), (854, 480), (960, 540), (1024, 576), (1280, 720)),
    *((1366, 768), (1600, 900), (1920, 1080), (2560, 1440), (3840, 2160), (1280, 800), (1920, 1200), (2400, 1080)),
    # 5:4, the upright post of social networks; paper of A4 at 300 dots an inch
    *((1350, 1080), (3508, 2480)),
)

SIZES: tuple[tuple[int, int], ...] = (
    *((side, side) for side in _SQUARE),
    *_IDENTITY,
    *(size for width, height in _LYING for size in ((width, height), (height, width))),
)

_CODES = {size: code for code, size in enumerate(SIZES, start=1)}


def code_of(width: int, height: int) -> int:
    """The code of a size in pixels, 1 to 255, or EXPLICIT when the table lacks it."""
    return _CODES.get((width, height), EXPLICIT)


def show(code: int) -> str:
    """A size code for people: "0 (explicit)" or "97 (480x640)"."""
    if code == EXPLICIT:
        return "0 (explicit)"
    width, height = SIZES[code - 1]
    return f"{code} ({width}x{height})"
