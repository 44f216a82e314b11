# Builds $out (see bundle.nix).
mkdir -p "$out/bin"
ln -s "$rootfs/rootfs.squashfs" "$out/rootfs.img"
size=$(stat -L -c %s "$out/rootfs.img")
# RAUC compares blocks of this size, and takes no image with half a block.
[ $((size % 4096)) = 0 ] || { echo "the image has $size bytes, which is no multiple of 4096" >&2; exit 1; }
sha256=$(sha256sum <"$out/rootfs.img" | cut -d ' ' -f 1)

jq --argjson size "$size" --arg sha256 "$sha256" '. + {image: {size: $size, sha256: $sha256}}' \
  "$rootfs/release.json" >"$out/release.json"
jq . "$sbom" >"$out/sbom.cdx.json"

cat >"$out/manifest.raucm" <<MANIFEST
[update]
compatible=$(jq -r .compatible "$out/release.json")
version=$version
build=$(jq -r .revision "$out/release.json")

[bundle]
format=verity

[image.rootfs]
filename=rootfs.img
adaptive=block-hash-index

[meta.onebox]
release=$(jq -c . "$out/release.json" | base64 -w 0)
MANIFEST

# Its libraries may be newer than the host's, so their own loader starts it.
cat >"$out/bin/rauc" <<SH
#!$shell sh
exec $toolsTree/usr/lib64/ld-linux-x86-64.so.2 --library-path $toolsTree/usr/lib/x86_64-linux-gnu \\
  $toolsTree/usr/bin/rauc "\$@"
SH
chmod 755 "$out/bin/rauc"
