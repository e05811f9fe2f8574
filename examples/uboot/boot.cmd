# Chooses the slot that U-Boot starts, with the variables that RAUC also uses.
#
#   mkimage -A arm64 -T script -C none -d boot.cmd boot.scr
#
# BOOT_ORDER   the slots that may start, the preferred one first; no other slot ever starts
# BOOT_A_LEFT  how often slot A may still start, in hexadecimal; each start takes one away,
# BOOT_B_LEFT  and the client sets it back when the slot proves healthy

# U-Boot's default environment has none of them. U-Boot uses it if it finds no valid one.
test -n "${BOOT_ORDER}" || setenv BOOT_ORDER "A B"
test -n "${BOOT_A_LEFT}" || setenv BOOT_A_LEFT 3
test -n "${BOOT_B_LEFT}" || setenv BOOT_B_LEFT 3

# Variables without setenv are the script's own, and are not saved.
slot=
for next in ${BOOT_ORDER}; do
  if test -n "${slot}"; then
    true
  elif test "${next}" = A && itest ${BOOT_A_LEFT} -gt 0; then
    slot=A
    setexpr BOOT_A_LEFT ${BOOT_A_LEFT} - 1
    left=${BOOT_A_LEFT}
  elif test "${next}" = B && itest ${BOOT_B_LEFT} -gt 0; then
    slot=B
    setexpr BOOT_B_LEFT ${BOOT_B_LEFT} - 1
    left=${BOOT_B_LEFT}
  fi
done

# The client lists only slots that it has verified, so each of them may be tried again.
if test -z "${slot}"; then
  echo "boot: no start is left; each of ${BOOT_ORDER} gets 3"
  for next in ${BOOT_ORDER}; do setenv BOOT_${next}_LEFT 3; done
  saveenv
  reset
fi

# Save first: a slot that hangs has then used up one of its starts.
saveenv
echo "boot: starting slot ${slot}; starts left: 0x${left}"
setenv bootargs "software_update.slot=${slot}"

# From here on, change it for your board. This one has a disk for each slot, and starts a script that takes
# the kernel's place. U-Boot checks the script's CRC-32; a product checks a signature, as of a FIT image.
if test "${slot}" = A; then virtio dev 0; else virtio dev 1; fi
virtio read ${kernel_addr_r} 0 800
source ${kernel_addr_r} || echo "boot: slot ${slot} does not start"
reset
