# Is there a Bazel on PATH that resolves this MODULE.bazel? POSIX sh.
# shellcheck shell=sh

probe_seconds=180

# Sets path_bazel to the first of bazelisk and bazel that will do, else to nothing.
find_path_bazel() {
  path_bazel=
  for probe_name in bazelisk bazel; do
    probe_file=$(command -v "$probe_name") || continue
    case $probe_file in /*) ;; *) continue ;; esac # a shell function or a relative PATH entry
    if remembered_probe "$probe_file"; then
      path_bazel=$probe_file
      return
    fi
  done
}

# The answer is kept per binary and per everything that could change it.
remembered_probe() {
  make_cache
  probe_key=$( (
    cd "$BAZELW_WORKSPACE"
    ls -lL -- "$1"
    echo "${USE_BAZEL_VERSION:-}"
    cat MODULE.bazel .bazelversion .bazelrc tools/workshop/bazel/path_bazel.sh 2>/dev/null || :
  ) | cksum | tr ' ' -)
  probe_answer=$bazelw_cache/path_bazel/${1##*/}-$probe_key
  if [ ! -f "$probe_answer" ]; then
    say "trying $1 (once, at most $probe_seconds s)"
    mkdir -p "$bazelw_cache/path_bazel"
    if probe "$1"; then echo yes >"$probe_answer"; else echo no >"$probe_answer"; fi
  fi
  read -r probe_reply <"$probe_answer"
  [ "$probe_reply" = yes ]
}

# This resolves the modules and fetches none of them. 45 is "another command runs", which is a Bazel that works.
probe() {
  probe_status=0
  (
    cd "$BAZELW_WORKSPACE"
    # A wrapper of bazelw would be probed by the bazelw that it wraps, without end.
    export BAZELW_PROBES=1
    time_limit "$1" --noblock_for_lock mod dump_repo_mapping "" </dev/null >"$bazelw_cache/path_bazel/log" 2>&1
  ) || probe_status=$?
  case $probe_status in
    0 | 45) return 0 ;;
    *)
      say "$1 cannot be used here (its words: $bazelw_cache/path_bazel/log)"
      return 1
      ;;
  esac
}

# macOS has no timeout(1), but it has Perl.
time_limit() {
  if command -v timeout >/dev/null; then
    timeout -k 5 "$probe_seconds" "$@"
  else
    perl -e 'alarm shift; exec @ARGV' "$probe_seconds" "$@"
  fi
}
