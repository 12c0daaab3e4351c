"""What the released weights are, so that damage is told from another version. Changed with every packaged file."""

SHA256 = {
    "autoencoder.safetensors": "c3fe8eb5f2a0ea0c5941a522f40cfd8da02c5ee73371843a09c39183892fa7b8",
    "cgdm.safetensors": "e58cd28d4942e5819fa0688dbd8bc35d52d9d715cd85e5c5ae6e069243e28844",
    "face_detector.safetensors": "a9ec84b5f3029f5b55584a98243c3c13441eb1a93812e4c75376a2db9af89c51",
    "fasdiff.safetensors": "4b0ed6c6d943c884c41eb5f147e14359a77d4f81203932813a61797766b48861",
}
"""Of each file in the package."""

STREAMS = {1: "9124a27c703049b1", 2: "db16f9d119854873"}
"""Digest of tables, entropy nets and synthesis by stream id. From 0.1.0 on an entry never changes."""

LICENCE = "for research only (LICENSE.md beside the weights)"
"""Of the weights of all released streams."""
