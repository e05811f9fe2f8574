"""The throw-away keys of tools/dev_keys, with which anyone can sign."""

# Each key, and its mirrored key (see `PublicKey.identity`).
DEV_KEY_IDS = frozenset(
    {
        "0e6ba11423a5efe568ccac63879e9289e38d73e5f0877d3ea91fd7657b9c4898",
        "341b1308dce6f76c491ff744953d3433f112cef93974a5178a2e9710b21f5f5d",
        "66ca7fe63c169fefcaef5dc6e2e4c0d5268ece4dafad2933a5e4beca43b77434",
        "ab3928cdaacf2dcaca80661a8769b1a1995d38e741225c0a32344bf44050fa6e",
    }
)
DEV_KEYS_WARNING = "DEV KEYS: anyone can sign this"
