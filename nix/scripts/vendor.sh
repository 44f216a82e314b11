# Unpacks the crates $files (named $names, with $checksums) into $out as a
# directory source for cargo (see rust.nix).
mkdir -p "$out"
read -ra files <<<"$files"
read -ra names <<<"$names"
read -ra checksums <<<"$checksums"
for i in "${!files[@]}"; do
  tar -xzf "${files[$i]}" -C "$out" --no-same-owner
  printf '{"files":{},"package":"%s"}' "${checksums[$i]}" >"$out/${names[$i]}/.cargo-checksum.json"
done
