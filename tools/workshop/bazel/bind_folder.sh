#!/usr/bin/env bash
# bind_folder.sh ROOT BINDS FOLDER: shows FOLDER in ROOT at the same path, and notes it in BINDS.
# Runs in the root's namespace.
set -euo pipefail

# The folder that was bound there may be gone, and nothing can be mounted on that.
! mountpoint -q -- "$1$3" || umount -R -l -- "$1$3"
mkdir -p -- "$1$3"
mount --rbind -- "$3" "$1$3"
printf '%s %s\n' "$(stat -c %d:%i -- "$3")" "$3" >>"$2"
