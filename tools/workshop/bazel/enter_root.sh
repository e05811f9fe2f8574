#!/usr/bin/env bash
# enter_root.sh ARGS...: Debian's Bazel with ARGS, in the forky root, which is made at the first call.
#
# A call that finds everything in place starts no more than a handful of short processes.
set -euo pipefail

here=$BAZELW_WORKSPACE/tools/workshop/bazel
. "$here/common.sh"

export PATH=$PATH:/usr/sbin:/sbin # chroot's folder, which is not on every PATH
cwd=$(pwd -P)
recipe=$(recipe_of "$here")
root=$bazelw_cache/root-$recipe
outputs=$bazelw_cache/bazel/$recipe # what was found in one root, a compiler say, is not true of another
namespace=$bazelw_cache/namespace/$recipe
binds=$bazelw_cache/namespace.binds/$recipe # the machine's folders that the namespace has: "IDENTITY PATH"

# --- what the machine must allow ---

check_rights() {
  [ "$(id -u)" = 0 ] || fail "bringing Debian's Bazel needs root; $instead"
  local tool
  for tool in chroot flock mount nsenter setpriv unshare; do
    command -v "$tool" >/dev/null || fail "$tool is missing, which Debian's Bazel is set up with; $instead"
  done
  unshare --mount --pid --fork mount --bind /tmp /tmp 2>/dev/null ||
    fail "this machine does not let root mount; $instead"
}

check_room() {
  local kib
  kib=$(df -Pk -- "$bazelw_cache" | awk 'NR == 2 { print $4 }')
  [ "$kib" -ge $((5 * 1024 * 1024)) ] ||
    fail "$bazelw_cache has $((kib / 1024)) MiB free and Bazel needs 5120; free some, or set XDG_CACHE_HOME to a folder with room"
}

# --- the root: made in a temporary folder, renamed, stamped last ---

make_root() {
  check_room
  local folder=$bazelw_cache/making
  rm -rf --one-file-system -- "$folder" "$root"
  rm -f -- "$folder.log"
  mkdir -- "$folder" "$folder/recipe"
  cp -r -- "$here/make_root.sh" "$here/root" "$folder/recipe" # which may change meanwhile
  say "setting up Debian's Bazel in $root, once (about 2 minutes, 3 GB)"
  # Dies with this process, and takes with it what it started and mounted.
  instead=$instead setpriv --pdeathsig KILL unshare --mount --propagation slave --pid --fork --kill-child \
    bash "$folder/recipe/make_root.sh" "$folder" </dev/null >&2 &
  trap 'exit 130' INT # only a process in the background can be left while it runs
  wait $! || exit 1
  trap - INT
  mv -- "$folder/root" "$root"
  sync -f -- "$root"
  : >"$root.complete"
  rm -rf --one-file-system -- "$folder"
  say "ready"
}

# --- the namespace: the root with the machine's folders in it, kept while the machine runs ---

# Is $1 a namespace? A file there may also be what a reboot left behind.
is_namespace() { [ -e "$1" ] && [ "$(stat -f -c %T -- "$1")" = nsfs ]; }

# Linux 6.18 numbers namespaces per CPU, and lets a namespace be kept only where its number is higher than the
# caller's own. In a container, some CPUs give lower ones; pin is the command that runs another on one that does not.
find_cpu() {
  local cpu cpus
  cpus=$(nproc --all)
  for ((cpu = 0; cpu < cpus; cpu++)); do
    taskset -c "$cpu" unshare --mount="$namespace.making" true 2>/dev/null || continue
    umount -- "$namespace.making" 2>/dev/null || :
    pin=(taskset -c "$cpu")
    return
  done
}

make_namespace() {
  local folder=$bazelw_cache/namespace
  mkdir -p -- "$folder" "$bazelw_cache/namespace.binds"
  if ! mountpoint -q -- "$folder"; then # unshare can keep a namespace on a private mount only
    mount --bind -- "$folder" "$folder"
    mount --make-private -- "$folder"
  fi
  ! is_namespace "$namespace.making" || umount -- "$namespace.making"
  : >"$namespace.making"
  : >"$namespace"
  local pin=()
  find_cpu
  "${pin[@]}" unshare --mount="$namespace.making" --propagation slave \
    bash "$here/mount_root.sh" "$root" "$folder" "$binds" </dev/null >&2 ||
    { umount -- "$namespace.making" 2>/dev/null || :; fail "mounting into $root failed; $instead"; }
  mount --bind -- "$namespace.making" "$namespace"
  umount -- "$namespace.making"
  rm -f -- "$namespace.making"
}

# Sets bind to the line of the folder that brings $1 into the namespace.
find_bind() {
  local i
  for ((i = ${#bound[@]} - 1; i >= 0; i--)); do
    bind=${bound[i]}
    case $1/ in "${bind#* }"/*) return 0 ;; esac
  done
  return 1
}

# A folder of the root's own stays the root's. One of the machine's that was removed and made again has
# another identity, and must be bound again.
ensure_bound() {
  local bind
  if ! find_bind "$1"; then
    [ "$(ls -A -- "$root$1" 2>/dev/null)" ] || bind_folder "$1"
  elif [ "$(stat -c %d:%i -- "${bind#* }")" != "${bind%% *}" ]; then
    bind_folder "${bind#* }"
  fi
}

bind_folder() {
  (
    flock 9
    nsenter --mount="$namespace" bash "$here/bind_folder.sh" "$root" "$binds" "$1" ||
      fail "cannot bind $1 into $root"
  ) 9>"$bazelw_cache/lock"
  mapfile -t bound <"$binds"
}

# --- what of the machine goes in ---

# Files that the root has copies of, since a file replaced by its owner cannot stay bound.
hand_in_files() {
  local file
  for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/xdg/pip/pip.conf; do
    if [ -f "$file" ]; then
      [ "$file" -nt "$root$file" ] || [ "$file" -ot "$root$file" ] || continue
      mkdir -p -- "$root${file%/*}"
      rm -f -- "$root$file"
      cp -Lp -- "$file" "$root$file"
    elif [ "${file##*/}" = pip.conf ] && [ -f "$root$file" ]; then
      rm -f -- "$root$file"
    fi
  done
}

# Paths that pip's configuration or the environment name (wheels, certificates) and the root lacks.
hand_in_named_paths() {
  local file text='' word bind
  for file in /etc/pip.conf /etc/xdg/pip/pip.conf "${HOME:-/}/.pip/pip.conf" \
    "${XDG_CONFIG_HOME:-${HOME:-}/.config}/pip/pip.conf" "${PIP_CONFIG_FILE:-}"; do
    [ ! -f "$file" ] || text+=" $(<"$file")"
  done
  for word in "${variables[@]}"; do
    case $word in PIP_* | SSL_CERT_* | REQUESTS_CA_BUNDLE=*) text+=" ${word#*=}" ;; esac
  done
  set -f
  for word in $text; do
    word=${word##*=}
    word=${word#file://}
    case $word in /*) ;; *) continue ;; esac
    if find_bind "$word" || [ -f "$root$word" ] || [ -L "$root$word" ]; then
      continue
    elif [ -f "$word" ]; then
      mkdir -p -- "$root${word%/*}"
      cp -Lp -- "$word" "$root$word"
    elif [ -d "$word" ]; then
      ensure_bound "$word"
    fi
  done
  set +f
}

hand_in_variables() {
  variables=("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
  local name
  while IFS= read -r name; do
    case $name in
      HOME | USER | LOGNAME | TERM | COLORTERM | NO_COLOR | LANG | LC_* | TZ | CI | TMPDIR | XDG_CACHE_HOME | \
        XDG_CONFIG_HOME | NETRC | PIP_* | *_proxy | *_PROXY | SSL_CERT_* | REQUESTS_CA_BUNDLE)
        variables+=("$name=${!name}")
        ;;
    esac
  done < <(compgen -e)
}

# --- one call ---

# A function, because bash reads a script as it goes, and the file may change while a root is being made.
main() {
  if ! [ -f "$root.complete" ] || ! is_namespace "$namespace"; then
    check_rights
    make_cache
    exec 9>"$bazelw_cache/lock"
    flock -w 2 9 || { say "waiting for another bazelw that sets up $bazelw_cache"; flock 9; }
    [ -f "$root.complete" ] || make_root
    is_namespace "$namespace" || make_namespace
    exec 9>&-
  fi
  [ "$(id -u)" = 0 ] || fail "entering Debian's Bazel needs root; $instead"
  mapfile -t bound <"$binds"
  for folder in "${HOME:-/}" "$BAZELW_WORKSPACE" "$cwd" "$bazelw_cache"; do
    [ ! -d "$folder" ] || ensure_bound "$folder"
  done
  hand_in_files
  hand_in_variables
  hand_in_named_paths
  exec nsenter --mount="$namespace" chroot "$root" \
    env -i --chdir="$cwd" "${variables[@]}" bazel --output_user_root="$outputs" "$@"
}

main "$@"
