# Names and errors that the scripts next to this one share. POSIX sh.
# shellcheck shell=sh

instead="install Bazelisk (github.com/bazelbuild/bazelisk) as 'bazelisk' on PATH instead"

say() { printf 'bazelw: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# Prints a hash of the recipe of the root, which is in the folder $1.
recipe_of() {
  (
    LC_ALL=C # The order of the files.
    cat "$1"/root/* "$1/make_root.sh"
  ) | sha256sum | cut -c -12
}

# Everything that bazelw ever writes is in this folder.
if [ -n "${XDG_CACHE_HOME:-}" ]; then
  bazelw_cache=$XDG_CACHE_HOME/rules_software_update
elif [ -n "${HOME:-}" ]; then
  bazelw_cache=$HOME/.cache/rules_software_update
else
  fail "neither HOME nor XDG_CACHE_HOME is set, so there is no folder for Bazel; set one"
fi
case $bazelw_cache in
  *[[:space:]]*) fail "the cache folder '$bazelw_cache' has a space in it; set XDG_CACHE_HOME to one without" ;;
  /*) ;;
  *) fail "the cache folder '$bazelw_cache' is not an absolute path; set XDG_CACHE_HOME to one" ;;
esac

# Makes the cache folder, marked as one that remove_root may remove.
make_cache() {
  [ -f "$bazelw_cache/CACHEDIR.TAG" ] && [ -w "$bazelw_cache" ] && return
  if ! { mkdir -p -- "$bazelw_cache" && [ -w "$bazelw_cache" ] &&
    printf 'Signature: 8a477f597d28d172789f06886806bc55\n# Made by bazelw of rules_software_update; tools/workshop/bazel/remove_root removes it.\n' \
      >"$bazelw_cache/CACHEDIR.TAG"; } 2>/dev/null; then
    fail "cannot write to $bazelw_cache; set XDG_CACHE_HOME to a folder that can be written to"
  fi
}
