"""Checksums by which an identifier proves itself: Verhoeff, base58check, bech32, and Ethereum's letter case."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58_VALUES = {character: value for value, character in enumerate(_BASE58)}
_BECH32_VALUES = {character: value for value, character in enumerate("qpzry9x8gf2tvdw0s3jn54khce6mua7l")}
_BECH32_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_CONSTANT, _BECH32M_CONSTANT = 1, 0x2BC830A3


def _dihedral_product(left: int, right: int) -> int:
    """The product in the symmetry group of a pentagon: 0 to 4 are turns, 5 to 9 mirrored ones."""
    if left < 5:
        return (left + right) % 5 + (5 if right >= 5 else 0)
    return (left - right) % 5 + (0 if right >= 5 else 5)


_VERHOEFF_STEP = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_PRODUCT = tuple(tuple(_dihedral_product(left, right) for right in range(10)) for left in range(10))


def _verhoeff_permutations() -> tuple[tuple[int, ...], ...]:
    rows = [tuple(range(10))]
    while len(rows) < 8:
        rows.append(tuple(_VERHOEFF_STEP[digit] for digit in rows[-1]))
    return tuple(rows)


_PERMUTATIONS = _verhoeff_permutations()


def is_verhoeff(digits: str) -> bool:
    """Whether the last digit is the Verhoeff check digit of the others. Source: J. Verhoeff, 1969."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = _PRODUCT[check][_PERMUTATIONS[place % 8][int(digit)]]
    return check == 0


def base58check_version(address: str) -> int | None:
    """The version byte of a base58check address of 20 bytes; None when its checksum is wrong."""
    payload = base58_bytes(address, 25)
    if payload is None:
        return None
    body, checksum = payload[:-4], payload[-4:]
    is_right = hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4] == checksum
    return body[0] if is_right else None


def base58_bytes(text: str, length: int) -> bytes | None:
    """The `length` bytes that a base58 text stands for; None when it stands for more, or fewer."""
    number = 0
    for character in text:
        value = _BASE58_VALUES.get(character)
        if value is None:
            return None
        number = number * 58 + value
    leading_zeros = len(text) - len(text.lstrip("1"))
    if number.bit_length() > 8 * length or (number.bit_length() + 7) // 8 + leading_zeros != length:
        return None
    return number.to_bytes(length, "big")


def is_segwit(address: str) -> bool:
    """Whether a bech32 (witness version 0) or bech32m (later versions) address is right.

    Source: BIP 173 and BIP 350.
    """
    lowered = address.lower()
    prefix, _, data = lowered.rpartition("1")
    if address not in (lowered, address.upper()) or len(data) < 8 or not set(data) <= _BECH32_VALUES.keys():
        return False
    values = [_BECH32_VALUES[character] for character in data]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    constant = _BECH32_CONSTANT if values[0] == 0 else _BECH32M_CONSTANT
    return values[0] <= 16 and _bech32_remainder(expanded + values) == constant


def _bech32_remainder(values: Iterable[int]) -> int:
    remainder = 1
    for value in values:
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ value
        for place, factor in enumerate(_BECH32_GENERATOR):
            if top >> place & 1:
                remainder ^= factor
    return remainder


def is_ethereum(address: str) -> bool:
    """Whether the letters of `0x` and 40 hexadecimal digits stand in the case their checksum asks for.

    Letters all of one case carry no checksum and are right. Source: EIP-55.
    """
    digits = address[2:]
    if digits in (digits.lower(), digits.upper()):
        return True
    digest = _keccak_256(digits.lower().encode()).hex()
    return all(
        character.isdigit() or character.isupper() == (int(place, 16) >= 8)
        for character, place in zip(digits, digest, strict=False)
    )


def _round_constants() -> tuple[int, ...]:
    register, constants = 1, []
    for _ in range(24):
        constant = 0
        for power in range(7):
            if register & 1:
                constant |= 1 << (2**power - 1)
            register = register << 1 ^ (0x171 if register >> 7 else 0)
        constants.append(constant)
    return tuple(constants)


_ROUND_CONSTANTS = _round_constants()
_MASK_64 = 2**64 - 1


def _rotation_path() -> tuple[tuple[int, int], ...]:
    """For each step of the rho and pi walk: the lane it ends at and how far that lane is turned."""
    x, y, path = 1, 0, []
    for step in range(24):
        x, y = y, (2 * x + 3 * y) % 5
        path.append((x + 5 * y, (step + 1) * (step + 2) // 2 % 64))
    return tuple(path)


_ROTATION_PATH = _rotation_path()


def _keccak_256(message: bytes) -> bytes:
    """The 32-byte Keccak digest of a message shorter than 136 bytes: one block, padded as before SHA-3."""
    block = bytearray(message + b"\x01" + bytes(135 - len(message)))
    block[135] |= 0x80
    lanes = [int.from_bytes(block[start : start + 8], "little") for start in range(0, 136, 8)] + [0] * 8
    for constant in _ROUND_CONSTANTS:
        lanes = _keccak_round(lanes, constant)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _keccak_round(lanes: Sequence[int], constant: int) -> list[int]:
    columns = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
    mixes = [columns[x - 1] ^ _turned(columns[(x + 1) % 5], 1) for x in range(5)]
    mixed = [lane ^ mixes[place % 5] for place, lane in enumerate(lanes)]
    moved = list(mixed)
    carried = mixed[1]
    for target, distance in _ROTATION_PATH:
        moved[target], carried = _turned(carried, distance), mixed[target]
    result = [
        moved[row + x] ^ (~moved[row + (x + 1) % 5] & moved[row + (x + 2) % 5])
        for row in range(0, 25, 5)
        for x in range(5)
    ]
    result[0] ^= constant
    return result


def _turned(lane: int, distance: int) -> int:
    return (lane << distance | lane >> (64 - distance)) & _MASK_64
