"""Which number format to compute in, by what the processor can do, never by device type alone.

On a CPU without bf16 instructions (AVX2), bf16 convolutions run 20 to 500 times slower than fp32.
"""

from __future__ import annotations

import torch

BF16_FEATURES = ("avx512_bf16", "amx_bf16", "amx_tile", "bf16", "arm_bf16", "sve_bf16")


def cpu_has_bf16(capabilities: dict[str, object] | None = None) -> bool:
    """True if this CPU (or the one described by `capabilities`) has native bf16 arithmetic."""
    if capabilities is None:
        capabilities = dict(torch.cpu.get_capabilities()) if hasattr(torch.cpu, "get_capabilities") else {}
    if str(capabilities.get("architecture", "")) in ("x86_64", ""):
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return any(bool(capabilities.get(name)) for name in BF16_FEATURES)


def best_dtype(device: str | torch.device = "cpu") -> torch.dtype:
    """bf16 where the device computes in it natively, else fp32."""
    if torch.device(device).type == "cpu":
        return torch.bfloat16 if cpu_has_bf16() else torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
