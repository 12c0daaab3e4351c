"""Signatures, by the package `cryptography`: Ed25519 (RFC 8032) and ES256 (ECDSA on P-256 with SHA-256, RFC 7518).

Both take 64 bytes. ES256 is r and s, 32 bytes each, as COSE has it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey
PublicKey = Ed25519PublicKey | ec.EllipticCurvePublicKey

ED25519, ES256 = "ed25519", "es256"
ALGORITHMS = (ED25519, ES256)
LENGTH = 64  # bytes of a signature
HALF = LENGTH // 2
ID = 4  # bytes of a key's id


@dataclass(frozen=True)
class Signature:
    """A signature as it was read: by which key, over which bytes."""

    algorithm: str
    key_id: bytes
    message: bytes
    value: bytes


@dataclass(frozen=True)
class Verifier:
    """A public key. Its id is the first 4 bytes of the SHA-256 of its SubjectPublicKeyInfo."""

    name: str
    algorithm: str
    key_id: bytes
    key: PublicKey

    @classmethod
    def of(cls, key: object, name: str) -> Verifier:
        """ValueError for a key of another kind."""
        if isinstance(key, Ed25519PublicKey):
            return cls(name, ED25519, _id(key), key)
        if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
            return cls(name, ES256, _id(key), key)
        raise ValueError("the key is neither of Ed25519 nor of P-256")

    def accepts(self, signature: Signature) -> bool:
        """Whether this key made the signature."""
        if signature.algorithm != self.algorithm or len(signature.value) != LENGTH:
            return False
        try:
            if isinstance(self.key, Ed25519PublicKey):
                self.key.verify(signature.value, signature.message)
            else:
                r, s = (int.from_bytes(half, "big") for half in (signature.value[:HALF], signature.value[HALF:]))
                self.key.verify(encode_dss_signature(r, s), signature.message, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """A private key."""

    key: PrivateKey
    public: Verifier

    @classmethod
    def of(cls, key: object) -> Signer:
        """ValueError for a key of another kind."""
        if not isinstance(key, PrivateKey):
            raise ValueError("the key is neither of Ed25519 nor of P-256")
        return cls(key, Verifier.of(key.public_key(), ""))

    @property
    def algorithm(self) -> str:
        return self.public.algorithm

    @property
    def key_id(self) -> bytes:
        return self.public.key_id

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        if isinstance(self.key, Ed25519PrivateKey):
            return self.key.sign(message)
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(HALF, "big") + s.to_bytes(HALF, "big")


def _id(key: PublicKey) -> bytes:
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()[:ID]
