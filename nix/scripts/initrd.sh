# Builds $out, a zstd-compressed cpio archive (see initrd.nix).
kernel=$(ls "$kernelTree/usr/lib/modules")
modules=$kernelTree/usr/lib/modules/$kernel
root=/build/initrd
mkdir -p $root/{bin,dev,proc,sys,run,root,lib/modules/$kernel}

# depmod wants a writable copy of the whole set, to know every dependency.
cp -r --no-preserve=mode "$kernelTree/usr/lib/modules" /build/modules
mkdir -p /build/all/lib && mv /build/modules /build/all/lib/modules
depmod -b /build/all "$kernel"

sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$initrd/modules.list" | while read -r name; do
  if grep -q "/${name//-/[-_]}\.ko" "/build/all/lib/modules/$kernel/modules.builtin"; then continue; fi
  modprobe -d /build/all -S "$kernel" --show-depends "$name" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
done | sort -u | while read -r file; do
  target=$root/lib/modules/$kernel/${file#*/lib/modules/$kernel/}
  mkdir -p "$(dirname "$target")"
  # busybox modprobe reads no compressed modules.
  case $file in
    *.xz) xz -dc "$file" >"${target%.xz}" ;;
    *) cp "$file" "$target" ;;
  esac
done
cp "$modules/modules.order" "$modules"/modules.builtin{,.modinfo} $root/lib/modules/$kernel/
depmod -b $root "$kernel"
rm -f $root/lib/modules/$kernel/*.bin

cp /usr/bin/busybox $root/bin/busybox
chroot $root /bin/busybox --list | while read -r applet; do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
install -m 755 "$initrd/init" $root/init
install -m 644 "$initrd/grow" "$initrd/data" $root/

cd $root
find . -exec touch -hd @1 {} +
find . | LC_ALL=C sort | cpio --quiet --create --format=newc --reproducible --owner=0:0 | zstd -q -19 -T1 >"$out"
