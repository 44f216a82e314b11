# Sourced by rootfs.sh: walks every ELF file in $root and checks that each
# library it names (NEEDED) is where the loader looks: the linker cache, or the
# file's own RUNPATH.
ldconfig -p -C $root/etc/ld.so.cache | sed -n 's/^[[:space:]]*\([^ ]*\) .*/\1/p' | sort -u >/build/libraries
missing=0
while IFS= read -r -d '' file; do
  case $(head -c4 "$file" | od -An -tx1 | tr -d ' ') in 7f454c46) ;; *) continue ;; esac
  dynamic=$(readelf -dW "$file" 2>/dev/null) || continue
  runpath=$(sed -n 's/.*(RUNPATH).*\[\(.*\)\]/\1/p;s/.*(RPATH).*\[\(.*\)\]/\1/p' <<<"$dynamic")
  for library in $(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$dynamic"); do
    grep -qxF "$library" /build/libraries && continue
    found=
    for dir in ${runpath//:/ }; do
      [ ! -e "$root${dir//\$ORIGIN/${file%/*}}/$library" ] && [ ! -e "${dir//\$ORIGIN/${file%/*}}/$library" ] || found=1
    done
    [ -e "${file%/*}/$library" ] && found=1
    [ -n "$found" ] || { echo "missing: ${file#"$root"} needs $library" >&2; missing=1; }
  done
done < <(find $root/usr -type f \( -perm -0100 -o -name '*.so*' \) ! -name '*.ko*' -print0)
[ "$missing" = 0 ] || { echo "a package that nix/closures.toml excludes is needed after all (see above)" >&2; exit 1; }
if grep -q . < <(find $root -type f -perm /6000); then echo "a setuid file got into the image" >&2; exit 1; fi
