#!/usr/bin/env python3
"""A signing program for keys in a KMS with a command line: here AWS KMS, by `aws kms sign`.

    KMS_KEYS=keys.json software-update sign REQUEST --key exec:./kms_signer.py --public PUB

KMS_KEYS     a JSON file, {"KEY_ID": "NAME"}: the key id that `software-update key show PUB` shows, and
             what KMS calls the key, an id, an ARN or alias/NAME. It is an ECC_NIST_P256 key for SIGN_VERIFY.
KMS_SECONDS  how long the command may take; 100 if left out

Credentials and region are where `aws` finds them. The digest is on its standard input, so nothing of what is
signed appears in a list of processes.
"""

import base64
import subprocess

from signing_program import NoSignature, Question, key_name, run, setting


def sign(question: Question) -> bytes:
    """DER, as KMS gives it."""
    command = ["aws", "kms", "sign", "--key-id", key_name(question, "KMS_KEYS")]
    command += ["--message", "fileb:///dev/stdin", "--message-type", "DIGEST"]
    command += ["--signing-algorithm", "ECDSA_SHA_256", "--query", "Signature", "--output", "text"]
    seconds = float(setting("KMS_SECONDS", "100"))
    try:
        ended = subprocess.run(
            command, input=question.sha256, capture_output=True, timeout=seconds, check=False
        )
    except FileNotFoundError:
        raise NoSignature("there is no command aws on PATH") from None
    except subprocess.TimeoutExpired:
        raise NoSignature(f"aws: no answer within {seconds:g} s") from None
    if ended.returncode != 0:
        said = ended.stderr.decode(errors="replace").split("\n")
        why = [line for line in said if line.strip()] or [f"ended with status {ended.returncode}"]
        raise NoSignature(f"aws: {why[-1].strip()}")
    try:
        return base64.b64decode(ended.stdout.strip(), validate=True)
    except ValueError:
        raise NoSignature("aws: its output is not a signature in base64") from None


if __name__ == "__main__":
    run(sign)
