"""Encryption of what the lake keeps whole: columns of Parquet files, kept files, and what waits on disk to be landed.

Columns are encrypted by Parquet's own modular encryption (AES-GCM, each file with a data key of its own that is kept in
it, wrapped by a key of ours); the footer and all other columns stay open, so that any reader reads those. Other
bytes are one AES-GCM message each. What was changed on the way or written with a key that is not at hand is refused.
"""

import base64
import hashlib
import os
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet.encryption as pe
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from analytics_platform.lake.errors import KeyAway

_MAGIC = b"APENC1"
_NAME_BYTES = 8
_NONCE_BYTES = 12


class Sealing:
    """Encrypts with the first of some keys of 32 bytes, and reads what any of them has encrypted."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {hashlib.sha256(key).digest()[:_NAME_BYTES]: AESGCM(key) for key in keys}
        self._first = next(iter(self._ciphers))
        self._factory = pe.CryptoFactory(lambda _: _Wrapping(self))
        self._connection = pe.KmsConnectionConfig()

    def seal(self, plain: bytes) -> bytes:
        """Some bytes encrypted; the same bytes never look the same."""
        nonce = os.urandom(_NONCE_BYTES)
        return _MAGIC + self._first + nonce + self._ciphers[self._first].encrypt(nonce, plain, _MAGIC)

    def open(self, sealed: bytes) -> bytes:
        """What `seal` was given. Bytes that were never sealed come as they are: they were kept before keys were."""
        if not is_sealed(sealed):
            return sealed
        name, rest = sealed[len(_MAGIC) :][:_NAME_BYTES], sealed[len(_MAGIC) + _NAME_BYTES :]
        if name not in self._ciphers:
            raise KeyAway(
                f"What is kept is encrypted with the key {name.hex()}, which is not among those of "
                "ANALYTICS_PLATFORM_RAW_KEY: add it there, after the newest."
            )
        try:
            return self._ciphers[name].decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _MAGIC)
        except InvalidTag:
            raise KeyAway("What is kept encrypted was damaged or changed: land it again.") from None

    def writing(self, columns: Collection[str]) -> Any:
        """What a `ParquetWriter` is given to encrypt these columns of one file."""
        how = pe.EncryptionConfiguration(
            footer_key="raw",
            column_keys={"raw": list(columns)},
            plaintext_footer=True,
            double_wrapping=False,
            cache_lifetime=timedelta(minutes=5),
        )
        return self._factory.file_encryption_properties(self._connection, how)

    def reading(self) -> Any:
        """What a `ParquetFile` is given to read what `writing` has encrypted."""
        return self._factory.file_decryption_properties(self._connection)

    def scanning(self) -> Any:
        """The same for a dataset of many files."""
        return ds.ParquetDecryptionConfig(self._factory, self._connection, pe.DecryptionConfiguration())


def is_sealed(kept: bytes) -> bool:
    """Whether bytes are what `Sealing.seal` made."""
    return kept.startswith(_MAGIC)


class _Wrapping(pe.KmsClient):  # type: ignore[misc]
    """Wraps the data keys of Parquet files; Arrow names it as it does a key management service."""

    def __init__(self, sealing: Sealing) -> None:
        super().__init__()
        self._sealing = sealing

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> str:
        return base64.b64encode(self._sealing.seal(key_bytes)).decode()

    def unwrap_key(self, wrapped_key: str, master_key_identifier: str) -> bytes:
        return self._sealing.open(base64.b64decode(wrapped_key))
