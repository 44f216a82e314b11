# Enters $tree and runs $script there with bash (see lib/in-tree.nix).
set -eu
exec "$busybox" unshare -r -m "$busybox" sh -euc '
  b=$busybox
  here=$($b pwd)
  for dir in nix dev proc sys; do
    [ ! -d /$dir ] || $b mount -o rbind /$dir "$tree/$dir"
  done
  $b mount -o rbind "$here" "$tree/build"
  $b mkdir -p "$here/.tmp"
  $b mount -o bind "$here/.tmp" "$tree/tmp"
  cd /
  exec $b chroot "$tree" /bin/bash -euo pipefail -c "
    export HOME=/build/.home PATH=/usr/bin:/usr/sbin:/bin:/sbin TMPDIR=/tmp LC_ALL=C TZ=UTC
    mkdir -p /build/.home
    cd /build
    umask 022
    . $script
  "
'
