# Builds $out/onebox.{raw,qcow2,raw.zst} (see disk.nix).
mkdir -p "$out"
disk=$out/onebox.raw
sector=512

# number of the partition with this name in the sfdisk script, and its numbers
field() { # NAME FIELD
  sed -n "s/^\(.*name=\"$1\".*\)\$/\1/p" "$partitions" | sed -n "s/.*$2= *\([0-9]*\).*/\1/p"
}
end=$(( $(field data start) + $(field data size) ))
truncate -s $(( (end + 2048) * sector )) "$disk"
sfdisk --quiet "$disk" <"$partitions"
write() { # FILE PARTITION
  local size
  size=$(stat -c %s "$1")
  if [ "$size" -gt $(( $(field "$2" size) * sector )) ]; then
    echo "$1 ($size bytes) does not fit partition $2 ($(( $(field "$2" size) * sector )) bytes)" >&2
    exit 1
  fi
  dd if="$1" of="$disk" bs=$sector seek="$(field "$2" start)" conv=notrunc,sparse status=none
}

# GRUB: one configuration, two firmwares.
common="part_gpt fat squash4 gzio normal configfile linux loadenv test echo regexp serial terminal reboot halt sleep ls cat minicmd true hashsum gcry_sha256"
grub-mkimage -O i386-pc -p '(,gpt2)/grub' -o core.img $common biosdisk
grub-mkimage -O x86_64-efi -p /grub -o BOOTX64.EFI $common all_video efi_gop efi_uga

# BIOS: boot.img in the protective MBR's code area points at core.img, whose
# first sector holds a list of where the rest of it is (GRUB's boot.S, diskboot.S).
le() { # VALUE BYTES: little-endian
  local value=$1 n
  for ((n = 0; n < $2; n++)); do printf "\\x$(printf %02x $((value & 255)))"; value=$((value >> 8)); done
}
patch() { # FILE OFFSET: standard input over the file's bytes
  dd of="$1" bs=1 seek=$(($2)) conv=notrunc status=none
}
bios=$(field bios start)
cp /usr/lib/grub/i386-pc/boot.img boot.img
chmod u+w boot.img
le "$bios" 8 | patch boot.img 0x5c
printf '\xff' | patch boot.img 0x64
printf '\x90\x90' | patch boot.img 0x66
sectors=$(( ($(stat -c %s core.img) + sector - 1) / sector ))
truncate -s $((sectors * sector)) core.img
le $((bios + 1)) 8 | patch core.img 0x1f4
le $((sectors - 1)) 2 | patch core.img 0x1fc
le $((0x820)) 2 | patch core.img 0x1fe
head -c 440 boot.img | dd of="$disk" conv=notrunc status=none
write core.img bios

# The EFI system partition, with the boot state of a new box: slot A, nothing on
# trial, and what is in slot B may not be started. Its files keep their size and
# place for ever: GRUB and boxd write them in place, a sector each.
truncate -s $(( $(field esp size) * sector )) esp.img
mkfs.vfat -F 32 -i 4F424F58 -n ONEBOX --invariant esp.img >/dev/null
block() { # LINE...: a GRUB environment block
  { printf '%s\n' "# GRUB Environment Block" "$@"; head -c $sector /dev/zero | tr '\0' '#'; } | head -c $sector
}
first=0000000000000001
block serial=1 boot=A trial= other_ok=no nonce=$first >state.env
sha256sum state.env >state.sum
block tries=$first:0 >tries.env
cp "$boot/grub.cfg" grub.cfg
# FAT knows no earlier moment than 1980; mtools dates directories by the variable.
export SOURCE_DATE_EPOCH=315532800
touch -d "@$SOURCE_DATE_EPOCH" state.env state.sum tries.env grub.cfg BOOTX64.EFI
mmd -i esp.img ::/EFI ::/EFI/BOOT ::/grub ::/grub/boot-1 ::/grub/boot-2
mcopy -m -i esp.img BOOTX64.EFI ::/EFI/BOOT/BOOTX64.EFI
mcopy -m -i esp.img grub.cfg ::/grub/
for copy in 1 2; do
  mcopy -m -i esp.img state.env state.sum tries.env ::/grub/boot-$copy/
done
write esp.img esp

write "$rootfs/rootfs.squashfs" slot-a

qemu-img convert -f raw -O qcow2 "$disk" "$out/onebox.qcow2"
zstd -q -10 -T2 --no-progress "$disk" -o "$out/onebox.raw.zst"
