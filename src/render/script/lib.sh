# ---------------------------------------------------------------------------------------------------------------------
# What every such script has. Looks end with 0 (it is so), 1 (it is not) or 2 (it cannot be seen), and say in $why what
# is instead. Nothing is deleted, nothing that has a name loses it to something else.

unset ETCDCTL_API ETCDCTL_ENDPOINTS ETCDCTL_WRITE_OUT ETCDCTL_DIAL_TIMEOUT ETCDCTL_COMMAND_TIMEOUT
LC_ALL=C
export LC_ALL
why=
answer=

say() { printf '%s\n' "$*" >&2; }

stop() { # $1 exit code, then what happened
    code=$1
    shift
    say "error: $*"
    exit "$code"
}

no() {
    why=$*
    return 1
}

unseen() {
    why=$*
    return 2
}

# --- the record of this script: a line for each step that was begun, done or undone ---

note() { # $1 begun, done, failed, undone or over; $2 number of the step
    printf '%s %s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$2" >>"$journal"
    sync "$journal"
}

progress() { # $1 number of the step
    sed -n "s/^[^ ]* \\([a-z]*\\) $1\$/\\1/p" "$journal" | tail -n 1
}

# --- steps ---

# A look: its result is in $seen.
look() {
    why='it is not so'
    "$1" && seen=0 || seen=$?
}

# In a shell of its own: the first command that fails ends the action, and what it set is forgotten.
act() {
    set +e
    (
        set -e
        "$1"
    )
    acted=$?
    set -e
}

settle_for() { # $1 the look, $2 seconds, $3 whether the action ended well
    deadline=$(($(date +%s) + $2))
    look "$1"
    while [ "$seen" -ne 0 ] && [ "$3" -eq 0 ] && [ "$(date +%s)" -lt "$deadline" ]; do
        sleep 1
        look "$1"
    done
}

step() { # $1 its number, $2 seconds that its effect may take, $3 what it does
    before=$(progress "$1")
    look "effect_$1"
    case $seen,$before in
    0,done) say "$1: done before: $3" && return 0 ;;
    0,*)
        note 'done' "$1"
        say "$1: it is so already: $3"
        return 0
        ;;
    1,done) stop 2 "step $1 was done, and somebody undid it: $why" ;;
    1,*) ;;
    *) stop 2 "at step $1 it cannot be seen whether it is done: $why" ;;
    esac
    look "before_$1"
    [ "$seen" -eq 0 ] || stop 4 "step $1 ($3) was not begun: $why"
    note begun "$1"
    say "$1: $3"
    act "do_$1"
    settle_for "effect_$1" "$2" "$acted"
    if [ "$seen" -ne 0 ]; then
        note failed "$1"
        stop 2 "step $1 ($3) failed: $why. Repair it and run this again, or go back: sh $0 rollback"
    fi
    note 'done' "$1"
}

# Another host has to be ready first.
after() { # $1 the look, $2 what is waited for, $3 the script to run, $4 its host
    look "$1"
    [ "$seen" -eq 0 ] && return 0
    say "not yet: $2 ($why)"
    case $why in
    'nothing is at '*) say 'that file is made there: bring it here, or make it with touch: then it is your word that it is so' ;;
    esac
    say "next: on $4 run $3; then run this again"
    exit 75
}

touched() {
    case $(progress "$1") in begun | done | failed) return 0 ;; *) return 1 ;; esac
}

may_undo() { # $1 its number, $2 what it did
    touched "$1" || return 0
    look "way_back_$1"
    [ "$seen" -eq 0 ] || stop 4 "it cannot be rolled back over step $1 ($2): $why"
}

undo() { # $1 its number, $2 seconds, $3 what it did
    touched "$1" || return 0
    look "undone_$1"
    if [ "$seen" -ne 0 ]; then
        say "$1: undoing: $3"
        act "undo_$1"
        settle_for "undone_$1" "$2" "$acted"
        [ "$seen" -eq 0 ] || stop 2 "step $1 ($3) could not be undone: $why"
    fi
    note undone "$1"
}

show() { # $1 its number, $2 what it does
    look "effect_$1"
    case $seen in 0) is='it is so' ;; 1) is='not yet' ;; *) is="cannot be seen: $why" ;; esac
    printf '%s  %-10s %s: %s\n' "$1" "$(progress "$1")" "$2" "$is"
}

agree() {
    if [ -z "${CONFIRM-}" ] && [ -t 0 ]; then
        printf '%s\nType %s to go on: ' "$1" "$old_id" >&2
        IFS= read -r CONFIRM || CONFIRM=
    fi
    [ "${CONFIRM-}" = "$old_id" ] ||
        stop 4 "not confirmed, nothing was changed: type the id of the lost cluster, or set CONFIRM=$old_id"
}

# --- files ---

there() { [ -e "$1" ] || [ -L "$1" ]; }

path_exists() { there "$1" || no "nothing is at $1"; }

path_absent() {
    if there "$1"; then no "$1 exists"; fi
}

has_hash() { # $1 path, $2 SHA-256
    [ -f "$1" ] || { no "there is no file $1" || return; }
    found=$(sha256sum <"$1") || { unseen "$1 cannot be read" || return; }
    [ "${found%% *}" = "$2" ] || no "$1 has the SHA-256 ${found%% *}"
}

has_room() { # $1 path, or what will be one; $2 bytes
    above=$1
    while [ ! -d "$above" ]; do above=$(dirname "$above"); done
    blocks=$(stat -f -c %a -- "$above") || { unseen "the free space of $above" || return; }
    free=$((blocks * $(stat -f -c %S -- "$above")))
    [ "$free" -ge "$2" ] || no "only $free bytes are free at $above, and $2 are needed"
}

one_file_system() {
    a=$(stat -L -c %d -- "$1") || { unseen "$1 is not there" || return; }
    b=$(stat -L -c %d -- "$2") || { unseen "$2 is not there" || return; }
    [ "$a" = "$b" ] || no "$1 and $2 are on two file systems"
}

# Seen in /proc/locks, without taking a lock. Some file systems have no device of their own: there the inode decides.
unlocked() {
    [ -f "$1" ] || return 0
    [ -r /proc/locks ] || { unseen '/proc/locks cannot be read' || return; }
    device=$(stat -L -c %d -- "$1") inode=$(stat -L -c %i -- "$1")
    major=$((device >> 8 & 4095)) minor=$((device & 255 | device >> 12 & 1048320))
    same=$(printf '%02x:%02x:%s' "$major" "$minor" "$inode")
    while read -r _ kind _ access pid file _; do
        case $major,$kind,$access,$file in
        *,'->',*) ;;
        *,WRITE,"$same" | 0,*,WRITE,00:*:"$inode") no "process $pid has $1 locked: a server runs on it" || return ;;
        esac
    done </proc/locks
}

rename() { # $1 from, $2 to, which must be free. `mv -n` skips in silence: what is there afterwards decides.
    was=$(stat -c %d:%i -- "$1")
    if there "$2"; then
        say "$2 exists"
        return 1
    fi
    mv -nT -- "$1" "$2"
    [ "$(stat -c %d:%i -- "$2")" = "$was" ]
    sync "$(dirname "$1")" "$(dirname "$2")"
}

# A free name beside $1 for work that is not finished; what an earlier attempt left there gets another name.
part_of() {
    part=$1.part
    there "$part" || return 0
    number=1
    while there "$part.$number"; do number=$((number + 1)); done
    rename "$part" "$part.$number"
}

# Names what attempts that were ended left of something: nothing is deleted, so a person has to.
unfinished() { # the paths under which it was to be
    for of; do
        for part in "$of".part "$of".part.*; do
            if there "$part"; then say "Never finished, and not needed: rm -r $part"; fi
        done
    done
}

# Gives what is finished its owner, its mode and its name.
finish() { # $1 from, $2 to, $3 uid:gid or nothing, $4 mode or nothing
    if [ -n "$3" ] && [ "$(stat -c %u:%g -- "$1")" != "$3" ]; then chown -hR -- "$3" "$1"; fi
    if [ -n "$4" ]; then chmod -- "$4" "$1"; fi
    sync -f "$1"
    rename "$1" "$2"
}

make_dir() { # $1 path, $2 mode
    mkdir -p -- "$1"
    chmod -- "$2" "$1"
}

copy_tree() { # $1 from, $2 to
    part_of "$2"
    cp -aT -- "$1" "$part"
    finish "$part" "$2" '' ''
}

copy_file() { # $1 from, $2 to, $3 mode
    part_of "$2"
    cp -- "$1" "$part"
    finish "$part" "$2" '' "$3"
}

write_file() { # $1 path, $2 mode, $3 content
    part_of "$1"
    printf '%s' "$3" >"$part"
    finish "$part" "$1" '' "$2"
}

# --- servers of this host ---

processes_of() { # $1 name of the program, $2 path that its arguments or its ETCD_ variables name: its processes
    for dir in /proc/[0-9]*; do
        { first=$(tr '\000' '\n' <"$dir/cmdline" | head -n 1) && [ -n "$first" ]; } 2>/dev/null || continue
        exe=$(readlink "$dir/exe" 2>/dev/null) || exe=
        [ "${first##*/}" = "$1" ] || [ "${exe##*/}" = "$1" ] || continue
        { tr '\000' '\n' <"$dir/cmdline" && tr '\000' '\n' <"$dir/environ" | grep '^ETCD_'; } 2>/dev/null |
            while IFS= read -r word; do
                case ${word%/} in "$2" | *="$2") echo "${dir#/proc/}" && break ;; esac
            done
    done
}

stopped() { # $1 manager, $2 unit, manifest or status command, $3 where the manifest is parked, $4 program, $5 path
    running=$(processes_of "$4" "$5" | tr '\n' ' ')
    [ -z "$running" ] || { no "it runs: process $running" || return; }
    case $1 in
    systemd)
        unit=$(systemctl show --property=ActiveState -- "$2") || { unseen "systemctl does not say how $2 is" || return; }
        case $unit in
        ActiveState=inactive | ActiveState=failed) return 0 ;;
        *) no "$2 is ${unit#*=}" ;;
        esac
        ;;
    pod)
        if there "$2"; then no "its manifest $2 is in place"; fi
        ;;
    *)
        sh -c "$2" >/dev/null 2>&1 9>&- </dev/null && code=0 || code=$?
        case $code in
        0) no "$2 says that it runs" ;;
        4 | 126 | 127 | 128 | 129 | 1[3-9]? | 2??) unseen "$2 ended with $code" ;;
        *) return 0 ;;
        esac
        ;;
    esac
}

running() {
    stopped "$@" && rests=0 || rests=$?
    case $rests in
    0) no 'it does not run' ;;
    1) return 0 ;;
    *) return 2 ;;
    esac
}

stop_service() { # $1 manager, $2 unit, manifest or stop command, $3 parked manifest or nothing
    case $1 in
    systemd)
        case $(systemctl is-enabled -- "$2" || true) in
        masked*) ;;
        *)
            systemctl disable -- "$2"
            systemctl mask -- "$2" || say "$2 is disabled but cannot be masked: see that nothing starts it"
            ;;
        esac
        systemctl stop -- "$2"
        ;;
    pod)
        there "$2" || return 0
        mkdir -p -- "$(dirname "$3")"
        rename "$2" "$3"
        ;;
    *) sh -c "$2" >>"$state/stop.log" 2>&1 9>&- </dev/null || say "the stop command failed: see $state/stop.log" ;;
    esac
}

released() { # $1 manager, $2 unit or manifest, $3 how the unit was enabled
    case $1 in
    systemd)
        now=$(systemctl is-enabled -- "$2" || :)
        [ "$now" = "$3" ] || no "$2 is $now"
        ;;
    *) there "$2" || no "$2 is not in place" ;;
    esac
}

release_service() { # $1 manager, $2 unit or manifest, $3 parked manifest, or how the unit was enabled
    case $1 in
    systemd)
        case $3 in
        masked*) ;;
        enabled) systemctl unmask -- "$2" && systemctl enable -- "$2" ;;
        enabled-runtime) systemctl unmask -- "$2" && systemctl enable --runtime -- "$2" ;;
        *) systemctl unmask -- "$2" ;;
        esac
        ;;
    *) there "$2" || rename "$3" "$2" ;;
    esac
}

start_service() { # $1 manager, $2 unit, manifest or start command, $3 parked manifest, or how the unit was enabled
    case $1 in
    systemd) release_service "$@" && systemctl start --no-block -- "$2" ;;
    pod) release_service "$@" ;;
    *) sh -c "$2" >>"$state/start.log" 2>&1 9>&- </dev/null ;;
    esac
}

until_stopped() { # the arguments of stopped
    tries=0
    until stopped "$@"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 120 ]; then
            say "it does not stop: $why"
            return 1
        fi
        sleep 1
    done
}

process_gone() { # $1 pid, $2 its start time: field 22 of /proc/PID/stat, the name in brackets may hold anything
    [ -r "/proc/$1/stat" ] || return 0
    line=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    wanted=$2 pid=$1
    set -f
    # shellcheck disable=SC2086 # to be split
    set -- ${line##*)}
    set +f
    case $1 in Z | X | x) return 0 ;; esac
    [ "${20}" != "$wanted" ] || no "process $pid still runs"
}
