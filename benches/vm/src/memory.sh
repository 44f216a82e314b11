# Memory of an idle box, run on it: one line `PSS-KiB CGROUP` for each process,
# then what the kernel says. The login that runs this is left out.
for process in /proc/[0-9]*; do
  pid=${process#/proc/}
  [ "$pid" = $$ ] && continue
  case $(cat "$process/comm" 2>/dev/null) in sshd-session | sshd-auth) continue ;; esac
  pss=$(awk '/^Pss:/ { print $2 }' "$process/smaps_rollup" 2>/dev/null)
  # Kernel threads have none.
  [ -n "$pss" ] && echo "$pss $(cut -d: -f3 "$process/cgroup")"
done
awk '/^(MemTotal|MemAvailable):/ { print $1, $2 }' /proc/meminfo
