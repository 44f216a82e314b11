# Unpacks $debs into $out (busybox sh; see lib/tree.nix).
set -eu -o pipefail
busybox=$busybox
umask 022
"$busybox" mkdir -p "$out"
for deb in $debs; do
  member=$("$busybox" ar t "$deb" | "$busybox" grep '^data\.tar')
  case $member in
    data.tar) decompress="$busybox cat" ;;
    data.tar.xz) decompress="$busybox unxz -c" ;;
    data.tar.gz) decompress="$busybox gunzip -c" ;;
    *) echo "$deb: its $member is compressed in a way busybox cannot read" >&2; exit 1 ;;
  esac
  # Nix refuses setuid bits, and tar as a plain user drops them.
  "$busybox" ar p "$deb" "$member" | $decompress | "$busybox" tar -x -C "$out" -f - || {
    echo "cannot unpack $deb" >&2
    exit 1
  }
done
cd "$out"

# Mount points for builds that enter this tree.
"$busybox" mkdir -p build dev etc nix proc run sys tmp var

# Names that maintainer scripts make as alternatives.
[ ! -e usr/bin/gcc ] || [ -e usr/bin/cc ] || "$busybox" ln -s gcc usr/bin/cc
for awk in gawk mawk; do
  [ ! -e usr/bin/$awk ] || [ -e usr/bin/awk ] || "$busybox" ln -s $awk usr/bin/awk
done

# A build runs as root of its own user namespace.
[ -e etc/passwd ] || echo 'root:x:0:0:root:/root:/bin/sh' >etc/passwd
[ -e etc/group ] || echo 'root:x:0:' >etc/group

if [ -x usr/sbin/ldconfig ] || [ -x sbin/ldconfig ]; then
  "$busybox" unshare -r "$busybox" chroot "$out" /sbin/ldconfig -X
  "$busybox" rm -rf var/cache/ldconfig
fi
