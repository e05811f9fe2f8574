"""The sentences that name a command for the actions that errors advise."""

from software_update.base.errors import Advice, SoftwareUpdateError

TEXT = {
    Advice.ADD_TO_LOG: "add it with `log add`, then sign the log with `log sign`",
    Advice.CREATE_ROOT: "make it with: root create",
    Advice.EXTRACT_SINGLE_TARGETS: "use: bundle extract --target",
    Advice.GENERATE_KEY: "make one with: software-update key generate OUT",
    Advice.IDENTIFY_DEV_KEYS: "make it with: software-update step identify",
    Advice.LIST_RELEASES: "list them with: repository status",
    Advice.MAKE_DIGEST_RECORD: "make it with: software-update step digest",
    Advice.MAKE_LOG: "correct the place, or make one with: log init",
    Advice.MAKE_RELEASE_MANIFEST: "make it with: step release-manifest",
    Advice.MAKE_REPOSITORY: "correct the place, or make one with: repository init",
    Advice.MAKE_REPOSITORY_ROOT: "make one with: repository root-create",
    Advice.MAKE_SIGNING_REQUEST: "make it with: step request, or root request for a root",
    Advice.MERGE_ROOT_SIGNATURES: "merge their signatures with: root merge",
    Advice.NAME_INSTALLED_ROOT: "use --installed-root FILE",
    Advice.NAME_OLDER_ROOTS: "name older roots with --also-for",
    Advice.NAME_PKCS11_MODULE: "name it with --pkcs11-module FILE",
    Advice.NAME_PREVIOUS_ROOT: "name that one: --previous FILE",
    Advice.PRUNE_REPOSITORY: "remove them with: repository prune",
    Advice.RAISE_TIMEOUT: "allow more with --timeout",
    Advice.RENEW_REPOSITORY: "sign it again with: repository renew",
    Advice.SIGN_LOG: "sign it with: log sign",
    Advice.SIGN_REPOSITORY_ROOT: "sign it with: repository root-sign",
    Advice.SIGN_REQUEST: "make it with: software-update sign",
    Advice.SIGN_ROOT: "sign it with: root sign",
    Advice.SIGN_TARGETS_METADATA: "make it with: step sign",
    Advice.SIGN_WITH_ENCRYPTED_KEY: "only software-update sign reads such a key",
    Advice.SIGN_WITH_MORE_KEYS: "sign with more --dev-signing-key",
    Advice.STATE_USER_MANIFEST: "use --user-manifest FILE",
    Advice.WRITE_INSTALLED_MANIFEST: "make a manifest with: software-update bundle verify BUNDLE "
    "--trusted-root ROOT --write-installed FILE",
}


def sentence(error: SoftwareUpdateError) -> str:
    """Returns what follows the text of an error: "; " and the command that cures it, or nothing."""
    return f"; {TEXT[error.advice]}" if error.advice else ""


def with_advice(error: SoftwareUpdateError) -> str:
    """Returns the text of an error, with the command that cures it if there is one."""
    return f"{error}{sentence(error)}"
