"""--key URI and what belongs to it."""

import argparse
import functools
import re
from collections.abc import Callable

from software_update.base.errors import InputError, UsageError
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.cli.options.secret_arguments import PASSPHRASE, PIN, add_secret, read_secret
from software_update.keys.pem import read_private_key, read_public_key
from software_update.keys.public_key import PublicKey
from software_update.signing import library_signer, pkcs11_uri
from software_update.signing.library_signer import TOKEN_URI_SCHEMES, URI_SCHEMES
from software_update.signing.signers import ExecSigner, FileSigner, Signer

# RFC 3986, 3.1. Any other text is the path of a file.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:", re.ASCII)
_TIMEOUT_SECONDS = 120
_MAX_TIMEOUT_SECONDS = 24 * 60 * 60
# Options that are only valid with some kinds of key.
_OPTIONS = {
    "--passphrase-file": ("file",),
    "--passphrase-fd": ("file",),
    "--timeout": ("exec",),
    "--pkcs11-module": TOKEN_URI_SCHEMES,
    "--pin-file": TOKEN_URI_SCHEMES,
    "--pin-fd": TOKEN_URI_SCHEMES,
}


def add_signer(
    parser: argparse.ArgumentParser, *, required: bool = True, all_schemes: bool = False
) -> None:
    """--key URI and what belongs to it.

    Without `required`, the command has another way to sign. With `all_schemes`, the caller of `open_signer`
    checks the scheme of the key, and no option does.
    """
    parser.add_argument(
        "--key",
        metavar="URI",
        type=as_uri,
        required=required,
        help="the signer: PATH or file:PATH, a PKCS#8 PEM key; exec:PROGRAM, a signing program; "
        "hsm:ID?label=TOKEN or pkcs11:token=TOKEN;id=%%XX, a key on a token; "
        "awskms:..., gcpkms:..., azurekms:..., a key in a cloud. A PATH that begins with a word and a "
        "colon is read as a URI: write ./PATH",
    )
    parser.add_argument(
        "--public",
        metavar="PUB",
        help="the signer's public key (PEM), which verifies its signature; required except "
        "with file:",
    )
    add_secret(parser, PASSPHRASE)
    parser.add_argument(
        "--pkcs11-module",
        metavar="FILE",
        help="the token's PKCS#11 module, a shared library; default: the variable PYKCS11LIB",
    )
    add_secret(parser, PIN)
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=int,
        help=f"the seconds that exec: may take; default: {_TIMEOUT_SECONDS}",
    )
    if all_schemes:
        parser.set_defaults(experimental_schemes=True)
    else:
        add_schemes(parser)


def as_uri(text: str) -> str:
    """Returns the URI of a signer; a text without a scheme is the path of a file."""
    return text if _SCHEME.match(text) else f"file:{text}"


def inputs_of(args: argparse.Namespace) -> list[str]:
    """The files that the arguments name."""
    scheme, _, path = args.key.partition(":")
    key = path if scheme == "file" else None
    module, pin_file = _token_files(args)
    named = [key, args.public, args.passphrase_file, module, pin_file]
    return [each for each in named if each is not None]


def check_signer(args: argparse.Namespace) -> None:
    """UsageError where the arguments do not fit each other. No key's URI is repeated: it may hold a PIN."""
    scheme, colon, rest = args.key.partition(":")
    if not colon or scheme not in ("file", "exec", *URI_SCHEMES):
        others = ", ".join(f"{each}:" for each in URI_SCHEMES)
        raise UsageError(
            f"--key {scheme + colon!r}: write file:PATH, exec:PROGRAM, or one of {others}"
        )
    if scheme in URI_SCHEMES:
        try:
            library_signer.check_uri(args.key)
        except UsageError as error:
            raise UsageError(f"--key {error}") from None
    elif not rest:
        raise UsageError(
            f"--key {scheme}: write {scheme}:{'PATH' if scheme == 'file' else 'PROGRAM'}"
        )
    for option, schemes in _OPTIONS.items():
        if getattr(args, option[2:].replace("-", "_")) is not None and scheme not in schemes:
            only = " and ".join(f"{each}:" for each in schemes)
            raise UsageError(f"{option}: only valid with {only} keys; remove it")
    if scheme != "file" and args.public is None:
        raise UsageError(f"--key {scheme}: needs --public PUB, which its signature is held to")
    if args.timeout is not None and not 1 <= args.timeout <= _MAX_TIMEOUT_SECONDS:
        raise UsageError(f"--timeout: {args.timeout} is not from 1 to {_MAX_TIMEOUT_SECONDS}")
    if scheme == "pkcs11":
        _check_twice(args)


def open_signer(args: argparse.Namespace, ask: Callable[[str], bytes] | None = None) -> Signer:
    """The signer that the arguments name.

    `ask` returns the passphrase or PIN of the key that it gets, and is called once at most; without it,
    `default_ask` does. A wrong one: WrongSecret, here or when it signs.
    """
    ask = ask or default_ask(args)
    scheme, _, rest = args.key.partition(":")
    public = None if args.public is None else read_public_key(args.public, schemes_of(args))
    if scheme == "file":
        return _open_file(args, public, rest, ask)
    assert public is not None
    if scheme == "exec":
        return ExecSigner(rest, public, args.timeout or _TIMEOUT_SECONDS)
    module, _ = _token_files(args)
    return library_signer.open_library(args.key, public, module, functools.partial(ask, args.key))


def default_ask(args: argparse.Namespace) -> Callable[[str], bytes]:
    """Returns the passphrase or PIN of a key, from the place in the arguments, or the terminal."""
    if args.key.startswith("file:"):
        return functools.partial(read_secret, PASSPHRASE, args.passphrase_file, args.passphrase_fd)
    _, pin_file = _token_files(args)
    return functools.partial(read_secret, PIN, pin_file, args.pin_fd)


def _open_file(
    args: argparse.Namespace, public: PublicKey | None, path: str, ask: Callable[[str], bytes]
) -> FileSigner:
    key = read_private_key(path, functools.partial(ask, path), schemes_of(args))
    if public not in (None, key.public):
        raise InputError(f"{path}: not the private key of {args.public}; name the pair")
    return FileSigner(args.key, key)


def _token_files(args: argparse.Namespace) -> tuple[str | None, str | None]:
    """The PKCS#11 module and the file with the PIN: options, or attributes of a pkcs11: URI."""
    if not args.key.startswith("pkcs11:"):
        return args.pkcs11_module, args.pin_file
    key = pkcs11_uri.parse(args.key)
    return key.module_path or args.pkcs11_module, key.pin_source or args.pin_file


def _check_twice(args: argparse.Namespace) -> None:
    """UsageError where both the URI and an option say one thing."""
    key = pkcs11_uri.parse(args.key)
    if key.module_path and args.pkcs11_module:
        raise UsageError("--pkcs11-module: --key has a module-path; leave one out")
    if key.pin_source and (args.pin_file, args.pin_fd) != (None, None):
        raise UsageError("--pin-file, --pin-fd: --key has a pin-source; leave one out")
