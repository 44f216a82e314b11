# Builds $out/rootfs.squashfs, $out/release.json and $out/files.txt (see rootfs.nix).
root=/build/root
mkdir -p "$out" $root
# Only what was unpacked: the mount points of builds stay behind.
cp -r --no-preserve=mode,ownership,timestamps --no-dereference "$imageTree/." $root 2>/dev/null || {
  cp -r --no-preserve=ownership,timestamps --no-dereference "$imageTree/." $root
}
chmod -R u+w $root
# cp without modes loses the executable bits; take them back from the store.
(cd "$imageTree" && find . -type f -perm -0100 -print0) | (cd $root && xargs -0 chmod 755)
rmdir $root/build $root/nix 2>/dev/null || true

# Licences of all that is inside, as their terms ask: packages before their
# documentation is dropped, and crates. Many are alike, so they become small.
licences() { # licences NAME: the files listed on standard input
  LC_ALL=C sort | tar -cf - --mtime=@0 --owner=0 --group=0 --numeric-owner --no-recursion -T - |
    zstd -q --ultra -22 --long=27 -o "$root/usr/share/licenses/$1.tar.zst"
}
if [ -z "${bare-}" ]; then
  mkdir -p $root/usr/share/licenses
  (cd $root/usr/share && find -L doc common-licenses -type f \( -name copyright -o -path 'common-licenses/*' \) | licences packages)
  (cd "$vendor" && find . -maxdepth 2 -type f | grep -iE '/(licen[cs]e|copying|notice|unlicense)[^/]*$' | licences crates)
fi

# shellcheck disable=SC2086 # the optional list may be absent
cat "$prune" ${pruneBoot-} | sed -e 's/#.*//' -e '/^[[:space:]]*$/d' >patterns
while read -r pattern; do
  # shellcheck disable=SC2086 # the list holds globs
  (cd $root && rm -rf -- $pattern)
done <patterns

cp -r --no-preserve=mode,ownership,timestamps --no-dereference --remove-destination "$files/." $root
(cd "$files" && find . -type f -perm -0100 -print0) | (cd $root && xargs -0 -r chmod 755)
chmod -R u+w $root

if [ -z "${bare-}" ]; then
  install -m 755 "$app"/bin/* "$provisioner"/bin/* $root/usr/bin/
  # Names and the time are not needed for the first page.
  for unit in systemd-resolved systemd-timesyncd; do
    sed -i -e '/^Before=/s/sysinit\.target//' -e 's/^WantedBy=sysinit\.target/WantedBy=multi-user.target/' \
      $root/usr/lib/systemd/system/$unit.service
  done
else
  # The bare system of the boot benchmark: what starts is systemd's own.
  cp "$bare" $root/usr/lib/systemd/system/bare-ready.service
  rm -r $root/usr/lib/systemd/system-generators $root/usr/lib/systemd/system-preset/00-onebox.preset
  printf 'enable bare-ready.service\nenable dbus-broker.service\ndisable *\n' >$root/usr/lib/systemd/system-preset/00-bare.preset
fi

# Names that maintainer scripts make.
ln -sf bash $root/usr/bin/sh
ln -sf mawk $root/usr/bin/awk
ln -sf vim.tiny $root/usr/bin/vi
mkdir -p $root/etc/ssl/certs $root/efi
(cd $root/usr/share/ca-certificates && find . -name '*.crt' | LC_ALL=C sort | xargs cat) >$root/etc/ssl/certs/ca-certificates.crt
: >$root/etc/machine-id

kernel=$(ls $root/usr/lib/modules)
mv $root/boot/vmlinuz-"$kernel" $root/boot/vmlinuz
cp "$initrd" $root/boot/initrd
depmod -b $root "$kernel"

systemd-sysusers --root=$root
rm -f $root/etc/*- $root/etc/.pwd.lock
# Locked (!) means no SSH key either; no password (*) means keys only.
sed -i 's/^root:[^:]*:/root:*:/' $root/etc/shadow
systemctl --root=$root preset-all 2>&1 | sed -n '/^Failed/p' >&2
ldconfig -X -r $root
rm -rf $root/var/cache/ldconfig

sed -i -e "s/@VERSION@/$version/" -e "s/@REVISION@/$revision/" $root/usr/lib/os-release
[ -n "${bare-}" ] || . "$facts"

# Every library a program asks for is there: what a dropped package broke
# must break the build, not the box.
. "$needed"

# All state is on the data partition; the slot only shows where it goes.
rm -rf $root/var $root/run $root/tmp $root/dev $root/proc $root/sys
mkdir -p $root/{var,run,tmp,dev,proc,sys}

# No setuid file may get in, and modes Nix cannot hold are set here.
cat >/build/pseudo <<'PSEUDO'
etc/shadow m 600 0 0
etc/gshadow m 600 0 0
root m 700 0 0
tmp m 1777 0 0
PSEUDO
(cd $root && find . -printf '%P\t%y\t%s\n' | LC_ALL=C sort) >"$out/files.txt"
# What changes with every release is written last.
sort=()
[ -n "${bare-}" ] || sort=(-sort "$order")
# lzo and gzip are read by GRUB, slowly: what it loads is compressed already.
mksquashfs $root "$out/rootfs.squashfs" -noappend -quiet -no-progress "${sort[@]}" \
  -comp gzip -b 128K -action 'uncompressed@pathname(boot/*)' -all-root -all-time 1 -mkfs-time 1 -no-xattrs -no-exports -pf /build/pseudo
