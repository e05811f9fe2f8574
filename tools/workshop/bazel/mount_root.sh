#!/usr/bin/env bash
# mount_root.sh ROOT PRIVATE BINDS: makes this mount namespace the one that Bazel lives in.
#
# ROOT gets the machine's devices and folders at the paths they have outside, all but those of the system
# itself; BINDS gets their list. PRIVATE, where the machine keeps the namespace, is of no use inside it.
set -euo pipefail

here=${BASH_SOURCE[0]%/*}
root=$1
private=$2
binds=$3

umount -- "$private"
# Unbindable: a bound folder that holds the root does not show it again, with all its mounts.
mount --bind -- "$root" "$root"
mount --make-unbindable -- "$root"
for folder in proc dev sys; do mount --rbind -- "/$folder" "$root/$folder"; done

: >"$binds"
for folder in /*; do
  case $folder in
    /bin | /boot | /dev | /etc | /lib* | /lost+found | /proc | /run | /sbin | /sys | /usr | /var) continue ;;
  esac
  if [ -L "$folder" ]; then
    [ -e "$root$folder" ] || cp -d -- "$folder" "$root$folder"
  elif [ -d "$folder" ]; then
    bash "$here/bind_folder.sh" "$root" "$binds" "$folder"
  fi
done
bash "$here/bind_folder.sh" "$root" "$binds" /var/tmp

# The machine's own certificates, so that pip works behind a proxy that has one.
certificates=usr/local/share/ca-certificates
if ! diff -rq -- "/$certificates" "$root/$certificates" >/dev/null 2>&1; then
  rm -rf -- "${root:?}/$certificates"
  mkdir -p -- "$root/$certificates"
  [ ! -d "/$certificates" ] || cp -RL -- "/$certificates/." "$root/$certificates"
  chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin update-ca-certificates --fresh >/dev/null 2>&1
fi
