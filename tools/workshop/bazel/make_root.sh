#!/usr/bin/env bash
# make_root.sh FOLDER: makes the forky root in FOLDER/root. Needs the right to mount and chroot.
#
# Runs in a mount and a process namespace of its own (enter_root.sh sees to that): when it is killed,
# nothing that it started or mounted outlives it.
set -euo pipefail
umask 022

here=$(cd -P -- "${BASH_SOURCE[0]%/*}" && pwd -P)
folder=$1
root=$folder/root
log=$folder.log
suite=forky
old_suite=bookworm
old_gn=/tmp/old_gn # in the root
mbedtls=/tmp/mbedtls # in the root
mbedtls_suite=trixie # has Mbed TLS 3.6 for as long as it is supported
registry=$root/usr/local/share/bazelw/registry

exec 3>&2 >>"$log" 2>&1
trap '[ $? = 0 ] || stop' EXIT

stop() { # debootstrap and apt both begin the line that says why with "E: "
  local reason
  reason=$(grep '^E: ' "$log" | tail -n 1) || :
  echo "bazelw: $failure (${reason:+"${reason#E: }; "}log: $log)" >&3
}

step() { # number, what it does, what to say should it fail
  echo "bazelw: [$1/4] $2" >&3
  echo "== $2"
  failure=$3
}

own_apt() { # apt with the machine's sources, without touching the machine's state
  apt-get -q -o Dir::State::lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" \
    -o APT::Sandbox::User=root -o Acquire::Check-Valid-Until=false -o Acquire::Retries=2 \
    -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 "$@"
}

# The machine's debootstrap, or one that is only unpacked; with a script for $suite either way.
find_debootstrap() {
  local scripts=/usr/share/debootstrap
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  debootstrap=$(command -v debootstrap) || debootstrap=
  if [ -z "$debootstrap" ] || [ ! -d "$scripts" ] || [ ! -f "$keyring" ]; then
    mkdir -p "$folder"/apt/lists/partial "$folder"/apt/cache/archives/partial
    own_apt update
    (cd "$folder/apt" && own_apt download debootstrap debian-archive-keyring)
    local package
    for package in "$folder"/apt/*.deb; do dpkg-deb -x "$package" "$folder/unpacked"; done
    debootstrap=$folder/unpacked/usr/sbin/debootstrap
    scripts=$folder/unpacked$scripts
    keyring=$folder/unpacked$keyring
  fi
  cp -r "$scripts" "$folder/debootstrap"
  [ -e "$folder/debootstrap/scripts/$suite" ] || ln -s sid "$folder/debootstrap/scripts/$suite"
}

bootstrap() {
  local path=/usr/sbin:/usr/bin:/sbin:/bin
  if [ -x /usr/lib/apt/apt-helper ]; then
    mkdir "$folder/bin"
    cp "$here/root/wget" "$folder/bin/wget"
    path=$folder/bin:$path
  fi
  env -i HOME=/root PATH="$path" "${proxies[@]}" DEBOOTSTRAP_DIR="$folder/debootstrap" \
    sh "$debootstrap" --variant=minbase --keyring="$keyring" --force-check-gpg "$suite" "$root"
}

in_root() {
  chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "${proxies[@]}" "$@"
}

# On a terminal: how far apt is, from what it writes to its status descriptor.
show_progress() {
  local kind percent doing
  while IFS=: read -r kind _ percent _; do
    case $kind in
      dlstatus) doing=fetched ;;
      pmstatus) doing=installed ;;
      *) continue ;;
    esac
    [ ! -t 3 ] || printf '\r        %3.0f %% %s\e[K' "$percent" "$doing" >&3
  done
  [ ! -t 3 ] || printf '\r\e[K' >&3
}

install_packages() {
  # No service must start in a root, which is not a machine.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  printf 'path-exclude=/usr/share/%s/*\n' doc man info locale >"$root/etc/dpkg/dpkg.cfg.d/bazelw"
  ! command -v apt-config >/dev/null || apt-config dump --format '%f "%v";%n' Acquire::http::Proxy \
    Acquire::https::Proxy >"$root/etc/apt/apt.conf.d/90bazelw"
  mount --rbind /proc "$root/proc"
  mount --rbind /dev "$root/dev"
  in_root apt-get -q -o Acquire::Retries=3 -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none update
  local packages
  mapfile -t packages <"$here/root/packages.txt"
  in_root apt-get -q -y -o Acquire::Retries=3 -o Dpkg::Options::=--force-unsafe-io -o APT::Status-Fd=4 \
    --no-install-recommends install "${packages[@]}" 4> >(show_progress)
  install_old_gn
  install_p256m
  in_root apt-get clean
  rm -rf "$root"/var/lib/apt/lists/*
  umount -R "$root/proc" "$root/dev"
}

# The root's apt with only the sources of a suite of the same mirror, and state of its own in FOLDER.
other_apt() { # FOLDER ARGS...
  local folder=$1
  shift
  in_root env --chdir="$folder" apt-get -q -o Acquire::Retries=3 -o Acquire::Check-Valid-Until=false \
    -o Acquire::Languages=none -o APT::Update::Error-Mode=any -o Dir::Etc::SourceList="$folder/sources.list" \
    -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Status=/dev/null -o Dir::State::Lists="$folder/lists" \
    -o Dir::Cache="$folder/cache" "$@"
}

begin_other_apt() { # FOLDER EXPRESSION: sed's, which turns the root's sources into those to use
  rm -rf "${root:?}$1"
  mkdir -p "$root$1"/lists/partial "$root$1"/cache/archives/partial
  grep " $suite " "$root/etc/apt/sources.list" | sed "$2" >"$root$1/sources.list"
}

# The GN of December 2022, which $old_suite has, as gn-2022 beside today's.
install_old_gn() {
  failure="installing GN of $old_suite failed; run this again, or $instead"
  begin_other_apt "$old_gn" "s/ $suite / $old_suite /"
  if other_apt "$old_gn" update && other_apt "$old_gn" download generate-ninja; then
    in_root sh -ec "cd $old_gn; dpkg-deb -x generate-ninja_*.deb .; install usr/bin/gn /usr/local/bin/gn-2022"
    in_root /usr/local/bin/gn-2022 --version
  else
    # A mirror that has no $old_suite (any more) must not take Bazel away; CI fails on the tests then skipped.
    grep -Eq '^E: .*(does not have a Release file|Unable to locate package generate-ninja)' "$log"
    echo "bazelw: the Debian mirror has no GN of $old_suite; going without gn-2022, whose tests are skipped" >&3
  fi
  rm -rf "${root:?}$old_gn"
}

# p256-m of Mbed TLS 3.6, for tests of the device library: the files of the module mbedtls.
install_p256m() {
  failure="fetching the source of mbedtls failed; run this again, or $instead"
  local from
  mkdir -p "$registry/mbedtls/3rdparty"
  : >"$registry/mbedtls/REPO.bazel"
  : >"$registry/mbedtls/BUILD.bazel"
  for from in "$suite" "$mbedtls_suite"; do
    begin_other_apt "$mbedtls" "s/^deb /deb-src /; s/ $suite / $from /"
    other_apt "$mbedtls" update || continue
    other_apt "$mbedtls" --download-only source mbedtls || continue
    compgen -G "$root$mbedtls/mbedtls_3.6.*.orig.tar.*" >/dev/null || continue
    in_root sh -ec "cd $mbedtls; python3 -m tarfile --extract mbedtls_3.6.*.orig.tar.*"
    mv "$root$mbedtls"/mbedtls-*/3rdparty/p256-m "$registry/mbedtls/3rdparty/"
    break
  done
  # Bazel must come even if the mirror has another version; then CI fails, where a build needs the files.
  [ -d "$registry/mbedtls/3rdparty/p256-m" ] ||
    echo "bazelw: the Debian mirror has no Mbed TLS 3.6; what needs p256-m does not build" >&3
  rm -rf "${root:?}$mbedtls"
}

configure_bazel() {
  local name version folder module
  mkdir -p "$registry/empty"
  : >"$registry/empty/REPO.bazel"
  echo '{"module_base_path": "."}' >"$registry/bazel_registry.json"
  while read -r name version folder; do
    module=$registry/modules/$name/$version
    mkdir -p "$module"
    echo "module(name = \"$name\", version = \"$version\")" >"$module/MODULE.bazel"
    echo "{\"type\": \"local_path\", \"path\": \"${folder:-empty}\"}" >"$module/source.json"
  done <"$here/root/stub_modules.txt"
  cat "$here/root/bazel.bazelrc" >>"$root/etc/bazel.bazelrc"
  # Debian's own lines that only cost: a warning at every call, and sandboxes that are kept.
  sed -i -e '/--host_javabase/d' -e '/--sandbox_debug/d' "$root/etc/bazel/bazelrc"
}

proxies=()
for name in http_proxy https_proxy no_proxy ftp_proxy; do
  [ -z "${!name:-}" ] || proxies+=("$name=${!name}")
done

step 1 "finding debootstrap" \
  "debootstrap is not here and apt cannot fetch it; install debootstrap, or $instead"
find_debootstrap
step 2 "fetching Debian $suite's base" \
  "debootstrap failed; if no Debian mirror is in reach, $instead"
bootstrap
step 3 "installing Bazel, compilers, GN and QEMU (the longest step)" \
  "installing the packages failed; run this again, or $instead"
install_packages
step 4 "configuring Bazel" "configuring Bazel failed"
configure_bazel
