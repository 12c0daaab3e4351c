"""Keys in PEM files: private ones that only their owner can read (mode 600), and folders of public ones."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from intaglio import atomic
from intaglio.barcode.failures import UnknownKey, WrongSignature
from intaglio.barcode.signing import ALGORITHMS, ED25519, Signature, Signer, Verifier
from intaglio.errors import OptionError


@dataclass(frozen=True)
class Keyring:
    """Public keys to verify by."""

    verifiers: tuple[Verifier, ...]

    @classmethod
    def of(cls, path: str | PathLike[str]) -> Keyring:
        """The keys of a PEM file, or of all files *.pem of a folder; private ones in it are passed over.

        Raises:
            OptionError: there is no public key, or a file is none.
        """
        place = Path(path)
        files = sorted(place.glob("*.pem")) if place.is_dir() else [place]
        keys = [public(file) for file in files if not (place.is_dir() and _is_private(file))]
        if not keys:
            raise OptionError(f"{place} has no public key: `intaglio keys new` makes one, with the ending .pub.pem")
        return cls(tuple(keys))

    def verify(self, signature: Signature) -> Verifier:
        """The key that made a signature. Every one is tried, as others' cards name keys in other ways or not at all.

        Raises:
            UnknownKey: none here did. WrongSignature: one here is named, and what was read is not what it signed.
        """
        named = ""
        for verifier in self.verifiers:
            if verifier.accepts(signature):
                return verifier
            if (verifier.key_id, verifier.algorithm) == (signature.key_id, signature.algorithm):
                named = verifier.name
        if named:
            raise WrongSignature(f"the signature is wrong: what the symbol says is not what {named} signed")
        whose = f", {signature.key_id.hex()}" if signature.key_id else ""
        raise UnknownKey(f"signed by a key that is not known{whose}: its public key is not among those given")


def new(path: str | PathLike[str], algorithm: str = "ed25519") -> Verifier:
    """Makes a key: the private one in a file NAME.pem of mode 600, the public one beside it in NAME.pub.pem.

    Raises:
        OptionError: there is no such algorithm. FileExistsError: one of the files is there.
    """
    if algorithm not in ALGORITHMS:
        raise OptionError(f"algorithm is {algorithm!r}, allowed are {', '.join(ALGORITHMS)}")
    key = Ed25519PrivateKey.generate() if algorithm == ED25519 else ec.generate_private_key(ec.SECP256R1())
    secret, beside = Path(path), _public_path(Path(path))
    private_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public_pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if secret.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(secret))
    atomic.write(beside, public_pem, replace=False)
    with open(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(private_pem)
    return Verifier.of(key.public_key(), beside.name)


def _public_path(secret: Path) -> Path:
    return secret.with_name(secret.name.removesuffix(".pem") + ".pub.pem")


def private(path: str | PathLike[str]) -> Signer:
    """The private key of a PEM file. Raises OptionError: it has none, or one of another kind."""
    data = _bytes(path)
    try:
        return Signer.of(load_pem_private_key(data, None))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise OptionError(f"{path} is no private key of Ed25519 or P-256 without a password: {error}") from error


def public(path: str | PathLike[str]) -> Verifier:
    """The public key of a PEM file. Raises OptionError: it has none, or one of another kind."""
    data = _bytes(path)
    try:
        return Verifier.of(load_pem_public_key(data), Path(path).name)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise OptionError(f"{path} is no public key of Ed25519 or P-256: {error}") from error


def show(path: str | PathLike[str]) -> tuple[Verifier, str]:
    """The public half of the key in a PEM file, and which half that file holds: "private" or "public"."""
    return (private(path).public, "private") if _is_private(Path(path)) else (public(path), "public")


def _is_private(path: Path) -> bool:
    return b"PRIVATE KEY" in _bytes(path)


def _bytes(path: str | PathLike[str]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise OptionError(f"{path} cannot be read: {error.strerror}") from error
