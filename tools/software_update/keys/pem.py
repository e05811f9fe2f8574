"""Key files in PEM: public ones (SubjectPublicKeyInfo), and private ones (PKCS#8).

Any other file is an InputError that says how to convert it. `cryptography` is imported where it is used,
because most commands never need it.
"""

import re
import shlex
from collections.abc import Callable

from software_update.base.errors import Advice, InputError, WrongSecret
from software_update.base.files import folder_error
from software_update.base.text import check_encoding
from software_update.keys.private_key import PrivateKey
from software_update.keys.public_key import PublicKey
from software_update.keys.scheme import Scheme, SchemeMissing
from software_update.keys.schemes import DEFAULT_SCHEME, DEFAULT_SCHEMES, Schemes

_ONE_PUBLIC_KEY = re.compile(
    rb"\s*-----BEGIN PUBLIC KEY-----[ \t]*\r?\n[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*"
)
_MAX_PEM_BYTES = 64 * 1024


def read_public_key(path: str, schemes: Schemes = DEFAULT_SCHEMES) -> PublicKey:
    """Reads a key of one of `schemes` from a SubjectPublicKeyInfo PEM file.

    Raises InputError for any other file.
    """
    return parse_public_key(path, _read_pem(path), schemes)


def read_checked_public_key(path: str, schemes: Schemes = DEFAULT_SCHEMES) -> PublicKey:
    """As `read_public_key`, of a file that contains nothing else.

    Raises InputError if a private key may hide in the file.
    """
    pem = _read_pem(path)
    if b"private key" in pem.lower():
        raise InputError(
            f"{path}: holds a private key; name the public one. In a source tree or a build's "
            "cache it is not secret any more: make a new pair"
        )
    key = parse_public_key(path, pem, schemes)
    if not _ONE_PUBLIC_KEY.fullmatch(pem):
        raise InputError(
            f"{path}: holds more than a public key; keep only the PEM block "
            "from -----BEGIN PUBLIC KEY----- to its end"
        )
    return key


def parse_public_key(path: str, pem: bytes, schemes: Schemes = DEFAULT_SCHEMES) -> PublicKey:
    """As `read_public_key`, for the content of a file."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    if b"PRIVATE KEY-----" in pem:
        raise InputError(
            f"{path}: this is a private key; make its public key with: "
            f"openssl pkey -in {shlex.quote(path)} -pubout -out {shlex.quote(path + '.pub')}"
        )
    if b"-----BEGIN PUBLIC KEY-----" not in pem:
        how, advice = _conversion(path, pem)
        raise InputError(f"{path}: not a SubjectPublicKeyInfo PEM key; {how}", advice)
    try:
        key = serialization.load_pem_public_key(pem)
    except UnsupportedAlgorithm as error:
        raise _unsupported(path, error) from None
    except Exception as error:  # cryptography has no common class for what a bad file gives
        raise InputError(f"{path}: damaged public key ({_first_line(error)})") from None
    public = _public_key(path, key, schemes)
    if not public.scheme.is_key(public.keyval):
        raise InputError(f"{path}: damaged public key (it {public.scheme.faulty_key})")
    return public


def is_private(path: str) -> bool:
    """Says whether a file contains a PEM private key, of whatever kind."""
    return b"PRIVATE KEY-----" in _read_pem(path)


def read_private_key(
    path: str,
    passphrase: Callable[[], bytes] | None = None,
    schemes: Schemes = DEFAULT_SCHEMES,
) -> PrivateKey:
    """Reads a key of one of `schemes` from a PKCS#8 PEM file.

    Calls `passphrase` if the file is encrypted. Raises WrongSecret if the passphrase is wrong, and
    InputError for any other file, or for an encrypted one if `passphrase` is None.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    pem = _read_pem(path)
    if passphrase is not None and b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in pem:
        password, problem = passphrase(), "wrong passphrase, or a damaged private key"
    elif b"-----BEGIN PRIVATE KEY-----" in pem:
        password, problem = None, "damaged private key"
    else:
        how, advice = _private_conversion(path, pem, may_be_encrypted=passphrase is not None)
        raise InputError(f"{path}: not a PKCS#8 PEM private key; {how}", advice)
    try:
        key = serialization.load_pem_private_key(pem, password)
    except UnsupportedAlgorithm as error:
        raise _unsupported(path, error) from None
    except Exception as error:  # as above; the text never holds key material
        kind = InputError if password is None else WrongSecret
        raise kind(f"{path}: {problem} ({_first_line(error)})") from None
    return PrivateKey(_public_key(path, key.public_key(), schemes), key)


def generate_private_key_pem(scheme: Scheme = DEFAULT_SCHEME) -> tuple[bytes, bytes]:
    """Returns a new key pair: PKCS#8 PEM, and SubjectPublicKeyInfo PEM."""
    from cryptography.hazmat.primitives import serialization

    key = scheme.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public


def _public_key(path: str, key: object, schemes: Schemes) -> PublicKey:
    missing = None
    for scheme in schemes.accepted:
        try:
            keyval = scheme.keyval_of(key)
        except SchemeMissing as error:
            missing = error
            continue
        if keyval is not None:
            return PublicKey(scheme, keyval)
    raise missing or InputError(f"{path}: not {schemes.kinds}", Advice.GENERATE_KEY)


def _unsupported(path: str, error: Exception) -> InputError:
    from cryptography import __version__

    return InputError(
        f"{path}: cryptography {__version__} does not implement this kind of key "
        f"({_first_line(error)})",
        Advice.GENERATE_KEY,
    )


def _read_pem(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            pem = file.read(_MAX_PEM_BYTES + 1)
    except IsADirectoryError:
        raise folder_error(path) from None
    if len(pem) > _MAX_PEM_BYTES:
        raise InputError(f"{path}: too large for a key file")
    check_encoding(path, pem)
    return pem


def _conversion(path: str, pem: bytes) -> tuple[str, Advice | None]:
    """Returns how to make a public key file of another kind of file, or to make a new key."""
    file, pem_file = shlex.quote(path), shlex.quote(f"{path}.pem")
    if b"BEGIN CERTIFICATE" in pem:
        return f"extract the key with: openssl x509 -in {file} -pubkey -noout", None
    if pem.startswith((b"ssh-", b"ecdsa-sha2-")):
        return f"convert it with: ssh-keygen -e -m PKCS8 -f {file}", None
    if pem[:1] == b"\x30":
        return f"convert it with: openssl pkey -pubin -inform DER -in {file} -out {pem_file}", None
    return "it begins with -----BEGIN PUBLIC KEY-----", Advice.GENERATE_KEY


def _private_conversion(
    path: str, pem: bytes, *, may_be_encrypted: bool
) -> tuple[str, Advice | None]:
    """Returns how to make a private key file of another kind of file, or to make a new key."""
    file, pem_file = shlex.quote(path), shlex.quote(f"{path}.pem")
    if b"BEGIN EC PRIVATE KEY" in pem:
        plain = "" if may_be_encrypted else "-nocrypt "
        return f"convert it with: openssl pkcs8 -topk8 {plain}-in {file} -out {pem_file}", None
    if b"BEGIN ENCRYPTED PRIVATE KEY" in pem:
        return "it is encrypted", Advice.SIGN_WITH_ENCRYPTED_KEY
    if b"BEGIN PUBLIC KEY" in pem:
        return "this is a public key; name the private one", None
    if pem[:1] == b"\x30":
        return f"convert it with: openssl pkey -inform DER -in {file} -out {pem_file}", None
    return "it begins with -----BEGIN PRIVATE KEY-----", Advice.GENERATE_KEY


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
