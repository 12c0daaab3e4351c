"""A decoder of payloads written from docs/format.md alone: NumPy int64 and plain Python, slow, nothing of the package.

`decode(payload, q, h, w, arrays, focus)` gives lf, h, vector and y; h, w in units of 32 coded pixels.
"""

import numpy as np

WORD, FULL = 1 << 32, 1 << 64


class RangeDecoder:
    def __init__(self, payload):
        payload += bytes(-len(payload) % 4)
        self.words = [int.from_bytes(payload[i : i + 4], "big") for i in range(0, len(payload), 4)]
        self.low, self.range = 0, FULL - 1
        self.point = self.word() * WORD + self.word()

    def word(self):
        return self.words.pop(0) if self.words else 0

    def symbol(self, counts):
        n, total = len(counts), sum(counts)
        starts, seen = [], 0
        for i, count in enumerate(counts):
            starts.append(seen * (2**24 - n) // total + i)
            seen += count
        starts.append(2**24)
        step = self.range >> 24
        place = (self.point - self.low) % FULL // step
        assert place < 2**24
        k = max(i for i in range(n) if starts[i] <= place)
        self.low = (self.low + step * starts[k]) % FULL
        self.range = step * (starts[k + 1] - starts[k])
        if self.range < WORD:
            self.low, self.range = self.low * WORD % FULL, self.range * WORD
            self.point = self.point * WORD % FULL + self.word()
        return k


def shift(x, n):
    return (x + (1 << (n - 1))) >> n


def clip(x):
    return np.clip(x, -(2**19), 2**19)


def relu(x):
    return np.clip(x, 0, 2**19)


def convolve(a, name, x):
    weight, bias = a[f"{name}.weight"].astype(np.int64), a[f"{name}.bias"].astype(np.int64)
    r = weight.shape[2] // 2
    h, w = x.shape[1:]
    padded = np.zeros((x.shape[0], h + 2 * r, w + 2 * r), np.int64)
    padded[:, r : r + h, r : r + w] = x
    out = np.zeros((len(weight), h, w), np.int64) + bias[:, None, None]
    for o in range(len(weight)):
        for i in range(2 * r + 1):
            for j in range(2 * r + 1):
                out[o] += (weight[o, :, i, j, None, None] * padded[:, i : i + h, j : j + w]).sum(0)
    return shift(out, 14)


def read_pass(coder, rows, indices):
    symbols, escapes = [0] * len(indices), []
    for k in range(1, len(rows)):
        for at in (i for i, index in enumerate(indices) if index == k):
            n = len(rows[k]) // 2 - 1
            coded = coder.symbol(rows[k])
            symbols[at] = coded - n
            if coded == 2 * n + 1:
                escapes.append((at, n))
    for at, n in escapes:
        length, excess = 0, 1
        while coder.symbol([1, 1]):
            length += 1
        for _ in range(length):
            excess = 2 * excess + coder.symbol([1, 1])
        symbols[at] = -(n + excess) if coder.symbol([1, 1]) else n + excess
    return symbols


def local(a, q, side, strength):
    face = np.clip(convolve(a, "focus.1", relu(convolve(a, "focus.0", side)))[0], 0, 4096)
    return np.clip(q + shift(strength * (2 * face - 4096), 12), 0, 255)


def value(a, name, q, c, symbol, mean):
    return clip(shift((symbol * 256 + mean) * int(a[f"{name}.inverse"][q, c]), 16))


def tensor(coder, rows, a, name, q, side, h, w, steps=None):
    steps = np.full((h, w), q) if steps is None else steps
    c = a[f"{name}.gain"].shape[1]
    features = np.zeros((1, h, w), np.int64) + a[f"{name}.quality"][q].astype(np.int64)[:, None, None]
    if side is not None:
        features = features + convolve(a, f"{name}.side", side)
    values = np.zeros((c, h, w), np.int64)
    for p in range(4):
        f = relu(features if p == 0 else features + convolve(a, f"{name}.context.{p - 1}", values))
        out = clip(convolve(a, f"{name}.out.{p}", relu(convolve(a, f"{name}.hidden.{p}", f))))
        places, means, indices = [], [], []
        for k in range(c):
            for i in range(h):
                for j in range(w):
                    if 4 * k // c == (2 * (i % 2) + j % 2 + p) % 4:
                        index = shift(6 * int(out[c + k, i, j]) + int(a[f"{name}.offset"][steps[i, j], k]), 12)
                        places.append((k, i, j))
                        means.append(shift(int(out[k, i, j]) * int(a[f"{name}.gain"][steps[i, j], k]), 16))
                        indices.append(min(max(index, 0), 63))
        for at, symbol, mean in zip(places, read_pass(coder, rows, indices), means):
            values[at] = value(a, name, steps[at[1:]], at[0], symbol, mean)
    return values


def decode(payload, q, h, w, a, focus=False):
    rows, at = [[]], 0
    for n in a["tables.reach"][1:]:
        size = 2 * int(n) + 2
        rows.append([int(c) for c in a["tables.counts"][at : at + size]])
        at += size
    coder = RangeDecoder(payload)
    lf = tensor(coder, rows, a, "lf", q, None, h, w)
    hyper = tensor(coder, rows, a, "h", q, relu(convolve(a, "h_side", lf)), h, w)
    both = np.concatenate([lf, hyper])
    means = np.array([[[int(channel.sum()) // (h * w)]] for channel in both])
    vector = tensor(coder, rows, a, "vector", q, means, 1, 1)
    wide = convolve(a, "y_side.1", relu(convolve(a, "y_side.0", both)))
    side = np.zeros((len(wide) // 4, 2 * h, 2 * w), np.int64)
    for k in range(len(wide)):
        side[k // 4, k % 4 // 2 :: 2, k % 2 :: 2] = wide[k]
    side = relu(side)
    steps = local(a, q, side, 24 if focus else 12) if "focus.0.weight" in a else None
    y = tensor(coder, rows, a, "y", q, side, 2 * h, 2 * w, steps)
    return {"lf": lf, "h": hyper, "vector": vector, "y": y}
