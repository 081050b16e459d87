# SPDX-License-Identifier: Apache-2.0
"""The uncompressed kernel out of a bzImage: a virtual machine monitor without firmware loads that.

Where the payload lies, and how long it is, stands in the header that the kernel's
Documentation/arch/x86/boot.rst describes.
"""

import gzip
import lzma
import pathlib
import struct
import subprocess

from image.cache import HarnessError

SETUP_SECTORS, MAGIC, PAYLOAD_OFFSET, PAYLOAD_LENGTH = 0x1F1, 0x202, 0x248, 0x24C
SECTOR = 512
# The kernel's build puts the uncompressed size behind the payload of every format but gzip.
SIZE_BEHIND = 4


def _filtered(*command: str):
    def decompress(data: bytes) -> bytes:
        try:
            done = subprocess.run(command, input=data, capture_output=True, check=False)
        except FileNotFoundError as error:
            raise HarnessError(f"{command[0]} is missing; install its Debian package") from error
        if done.returncode != 0:
            raise HarnessError(f"{' '.join(command)}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    return decompress


# First bytes of the payload -> what unpacks it without the size behind it.
FORMATS = (
    (b"\x1f\x8b\x08", 0, gzip.decompress),
    (b"\xfd7zXZ\0", SIZE_BEHIND, lzma.decompress),
    (b"\x02!L\x18", SIZE_BEHIND, _filtered("lz4", "-d", "-c")),
    (b"\x28\xb5\x2f\xfd", SIZE_BEHIND, _filtered("zstd", "-d", "-c")),
)


def uncompressed(image: pathlib.Path) -> bytes:
    data = image.read_bytes()
    if data[MAGIC : MAGIC + 4] != b"HdrS":
        raise HarnessError(f"'{image}' is no bzImage")
    (offset,) = struct.unpack_from("<I", data, PAYLOAD_OFFSET)
    (length,) = struct.unpack_from("<I", data, PAYLOAD_LENGTH)
    begin = (data[SETUP_SECTORS] + 1) * SECTOR + offset
    payload = data[begin : begin + length]
    for magic, behind, decompress in FORMATS:
        if payload.startswith(magic):
            kernel = decompress(payload[: len(payload) - behind])
            if kernel[:4] == b"\x7fELF":
                return kernel
    raise HarnessError(f"the payload of '{image}' is in a format that is not known here")
