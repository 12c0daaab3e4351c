"""What the released weights are, so that damage is told from another version. Changed with every packaged file."""

SHA256 = {
    "autoencoder.safetensors": "c3fe8eb5f2a0ea0c5941a522f40cfd8da02c5ee73371843a09c39183892fa7b8",
    "cgdm.safetensors": "b47904d2c4c2596c735d0499b408cef94318f4c93b12b8fe14f1739065c4de6d",
    "face_detector.safetensors": "a9ec84b5f3029f5b55584a98243c3c13441eb1a93812e4c75376a2db9af89c51",
    "fasdiff.safetensors": "ec613fe1d39ee6a2c872cafaa24481d66fdb4d4472959e292f532e4f51ae914f",
    "sight.safetensors": "6751384eb165d6440cb4f59258ce18621ef0a90a6c89cfabfd80074cc561db77",
}
"""Of each file in the package."""

STREAMS = {1: "9124a27c703049b1", 2: "db16f9d119854873"}
"""Digest of tables, entropy nets and synthesis by stream id. From 0.1.0 on an entry never changes."""

LICENCE = "for research only (LICENSE.md beside the weights)"
"""Of the weights of all released streams."""
