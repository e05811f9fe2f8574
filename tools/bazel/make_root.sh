#!/usr/bin/env bash
# make_root.sh FOLDER: makes the forky root in FOLDER/root. Needs the right to mount and chroot.
#
# Runs in a mount and a process namespace of its own (enter_root.sh sees to that): when it is killed,
# nothing that it started or mounted outlives it.
set -euo pipefail

here=$(cd -P -- "${BASH_SOURCE[0]%/*}" && pwd -P)
folder=$1
root=$folder/root
log=$folder.log
suite=forky
steps=4

step() {
  echo "bazelw: [$1/$steps] $2" >&2
  echo "== $2" >>"$log"
}
stop() {
  echo "bazelw: $1 (log: $log)" >&2
  exit 1
}

own_apt() { # apt with the machine's sources, without touching the machine's state
  apt-get -q -o Dir::State::lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" \
    -o APT::Sandbox::User=root -o Acquire::Check-Valid-Until=false -o Acquire::Retries=2 \
    -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 "$@"
}

# The machine's debootstrap, or one that is only unpacked; with a script for $suite either way.
find_debootstrap() {
  local unpacked=$folder/debootstrap
  mkdir -p "$unpacked" "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
  local wanted=()
  debootstrap=$(command -v debootstrap) || wanted+=(debootstrap)
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -f "$keyring" ] || wanted+=(debian-archive-keyring)
  DEBOOTSTRAP_DIR=/usr/share/debootstrap
  if [ ${#wanted[@]} -gt 0 ]; then
    command -v apt-get >/dev/null || return
    own_apt update
    (cd "$folder/apt" && own_apt download "${wanted[@]}")
    local deb
    for deb in "$folder"/apt/*.deb; do dpkg-deb -x "$deb" "$unpacked"; done
    [ -n "$debootstrap" ] || debootstrap=$unpacked/usr/sbin/debootstrap DEBOOTSTRAP_DIR=$unpacked/usr/share/debootstrap
    [ -f "$keyring" ] || keyring=$unpacked$keyring
  fi
  if [ ! -e "$DEBOOTSTRAP_DIR/scripts/$suite" ]; then
    [ -d "$unpacked/usr/share/debootstrap" ] || {
      mkdir -p "$unpacked/usr/share"
      cp -r "$DEBOOTSTRAP_DIR" "$unpacked/usr/share/"
    }
    DEBOOTSTRAP_DIR=$unpacked/usr/share/debootstrap
    ln -s sid "$DEBOOTSTRAP_DIR/scripts/$suite"
  fi
  export DEBOOTSTRAP_DIR
}

bootstrap() {
  if [ -x /usr/lib/apt/apt-helper ]; then
    mkdir "$folder/bin"
    cp "$here/root/wget" "$folder/bin/wget"
    PATH=$folder/bin:$PATH
  fi
  sh "$debootstrap" --variant=minbase --keyring="$keyring" --force-check-gpg "$suite" "$root"
}

in_root() {
  chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "${proxies[@]}" "$@"
}

install_packages() {
  # A service must not start in a root that is no machine.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  printf 'path-exclude=/usr/share/%s/*\n' doc man info locale >"$root/etc/dpkg/dpkg.cfg.d/bazelw"
  ! command -v apt-config >/dev/null || apt-config dump --format '%f "%v";%n' Acquire::http::Proxy \
    Acquire::https::Proxy >"$root/etc/apt/apt.conf.d/90bazelw"
  mount --rbind /proc "$root/proc"
  mount --rbind /dev "$root/dev"
  in_root apt-get -q -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none update
  in_root apt-get -q -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io \
    install $(cat "$here/root/packages.txt")
  in_root apt-get clean
  rm -rf "$root"/var/lib/apt/lists/*
  umount -R "$root/proc" "$root/dev"
}

configure_bazel() {
  local registry=$root/usr/local/share/bazelw/registry name version module
  mkdir -p "$registry/empty"
  echo '{"module_base_path": "."}' >"$registry/bazel_registry.json"
  while read -r name version; do
    module=$registry/modules/$name/$version
    mkdir -p "$module"
    echo "module(name = \"$name\", version = \"$version\")" >"$module/MODULE.bazel"
    echo '{"type": "local_path", "path": "empty"}' >"$module/source.json"
  done <"$here/root/stub_modules.txt"
  cat "$here/root/bazel.bazelrc" >>"$root/etc/bazel.bazelrc"
  # Debian's own lines that only cost: a warning at every call, and sandboxes that are kept.
  sed -i -e '/--host_javabase/d' -e '/--sandbox_debug/d' "$root/etc/bazel/bazelrc"
}

proxies=()
for name in http_proxy https_proxy no_proxy ftp_proxy; do
  [ -z "${!name:-}" ] || proxies+=("$name=${!name}")
done

step 1 "finding debootstrap"
find_debootstrap >>"$log" 2>&1 && [ -n "$debootstrap" ] ||
  stop "debootstrap is not here and cannot be fetched; install debootstrap, or ${instead}"
step 2 "fetching Debian $suite's base"
bootstrap >>"$log" 2>&1 ||
  stop "debootstrap failed, is a Debian mirror in reach? If not, $instead"
step 3 "installing Bazel, compilers, GN and QEMU (the longest step)"
install_packages >>"$log" 2>&1 || stop "installing the packages failed; run again, or $instead"
step 4 "configuring Bazel"
configure_bazel >>"$log" 2>&1 || stop "configuring Bazel failed"
