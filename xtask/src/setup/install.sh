# Installs "$@" with APT, as root. No service that comes along is started, and no
# PostgreSQL cluster is made: the tests start their own. Both settings are gone
# again afterwards.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.d
made=
cleanup() {
  [ -z "$made" ] || rm -f "$policy"
  rm -f "$clusters/xtask-setup.conf"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

if [ ! -e "$policy" ]; then
  made=yes
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
mkdir -p "$clusters"
echo 'create_main_cluster = false' >"$clusters/xtask-setup.conf"

# An index of a third party that fails is not ours to judge: what matters is
# whether the packages can be installed.
apt-get update -qq || echo "note: some package indices could not be refreshed" >&2
apt-get install -y --no-install-recommends "$@"
