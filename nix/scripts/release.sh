# Sourced by rootfs.sh: writes what the image is into it, and to $out/release.json
# (onebox_release::Release says what each member means). Each fact is taken from
# where it lives; only release.toml's are written down for this.

# Redis says its files' version in the first nine bytes of one: REDIS0012.
redis_rdb_version() {
  local dir=/build/rdb server
  mkdir -p $dir
  "$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu" "$root/usr/bin/redis-server" \
    --port 0 --unixsocket $dir/socket --dir $dir --save '3600 1' --logfile $dir/log &
  server=$!
  for _ in $(seq 100); do [ -S $dir/socket ] && break; sleep 0.1; done
  # With a rule for saving it saves when it is stopped.
  kill $server
  wait $server || true
  case $(head -c 9 $dir/dump.rdb) in
    REDIS[0-9][0-9][0-9][0-9]) head -c 9 $dir/dump.rdb | sed 's/^REDIS0*//' ;;
    *) echo "Redis wrote no file whose version could be read; its log:" >&2; cat $dir/log >&2; return 1 ;;
  esac
}

# A migration states the oldest schema whose programs still work after it
# (docs/src/develop/add-migration.md); without that it is itself.
schema() {
  local last=0 first= serves=0 reversible=true up number from
  for up in "$migrations"/*.up.sql; do
    number=$(basename "$up" | sed 's/^0*\([0-9]*\)_.*/\1/')
    from=$(sed -n 's/^-- compatible-from: *\([0-9]*\) *$/\1/p' "$up" | head -1)
    from=${from:-$number}
    : "${first:=$number}"
    [ "$from" -le "$serves" ] || serves=$from
    [ "$number" -le "$last" ] || last=$number
    [ -s "${up%.up.sql}.down.sql" ] || reversible=false
  done
  jq -n --argjson first "$first" --argjson last "$last" --argjson serves "$serves" --argjson reversible $reversible \
    '{reads_from: ($first - 1), reads_to: $last, writes: $last, serves_from: $serves, reversible: $reversible}'
}

# The options that postgresql-init gives initdb.
option() { # NAME
  sed -n "s/.*--$1 \([^ ]*\).*/\1/p" $root/usr/lib/onebox/postgresql-init
}

mkdir -p $root/usr/share/onebox
jq -n --sort-keys \
  --arg compatible "$compatible" \
  --arg version "$version" --arg revision "$revision" --arg debian "$archiveTimestamp" \
  --arg minimum "$minimumVersion" --argjson schema "$(schema)" \
  --argjson postgresql "$(ls $root/usr/lib/postgresql)" \
  --arg provider "$(option locale-provider)" --arg locale "$(option builtin-locale)" --arg collation "$collationVersion" \
  --argjson rdb "$(redis_rdb_version)" \
  --arg kernel "$kernel" --arg kernel_sha256 "$(sha256sum <$root/boot/vmlinuz | cut -d ' ' -f 1)" \
  --arg initrd_sha256 "$(sha256sum <$root/boot/initrd | cut -d ' ' -f 1)" \
  --slurpfile packages "$packages" \
  '{format: 1, compatible: $compatible, version: $version, revision: $revision, debian: $debian,
    architecture: "amd64", minimum_version: $minimum, schema: $schema, postgresql_major: $postgresql,
    collation: {provider: $provider, locale: $locale, version: $collation},
    redis_rdb_version: $rdb, kernel: {version: $kernel, sha256: $kernel_sha256, initrd_sha256: $initrd_sha256}, packages: $packages[0]}' \
  >$root/usr/share/onebox/release.json
jq -e '[.compatible, .version, .collation.provider, .collation.locale] | all(. != "")' $root/usr/share/onebox/release.json >/dev/null || {
  echo "a fact of the release is empty:" >&2
  jq 'del(.packages)' $root/usr/share/onebox/release.json >&2
  exit 1
}
cp $root/usr/share/onebox/release.json "$out/release.json"

jq -n --arg version "$version" --arg revision "$revision" --arg debian "$archiveTimestamp" --arg kernel "$kernel" \
  '{name: "onebox", version: $version, git_revision: $revision, debian: $debian, kernel: $kernel, architecture: "amd64"}' \
  >$root/usr/lib/onebox/release.json
