# ---------------------------------------------------------------------------------------------------------------------
# What is asked of etcd, and done with it. Ids of clusters are decimal where etcdctl prints them so.

ctl() { # $1 client URL, then the command
    url=$1
    shift
    timeout 15 "$ETCDCTL" --endpoints="$url" --dial-timeout=2s --command-timeout=5s "$@" 9>&-
}

field() { # $1 name: its first value in $answer
    printf '%s\n' "$answer" | sed -n "s/^\"$1\" : //p" | tr -d '"' | head -n 1
}

status_of() { # $1 client URL: the status is in $answer
    answer=$(ctl "$1" endpoint status --command-timeout=3s -w fields 2>/dev/null) || answer=
    [ -n "$(field ClusterID)" ]
}

belongs_to() { # $1 client URL, $2 decimal cluster id
    status_of "$1" || { no "$1 does not answer" || return; }
    [ "$(field ClusterID)" = "$2" ] || no "$1 is of another cluster, $(field ClusterID)"
}

stuck() { # $1 decimal cluster id, $2 how many are a quorum, then client URLs
    cluster=$1 needed=$2 answering=0
    shift 2
    for member; do
        belongs_to "$member" "$cluster" || continue
        [ "$(field Leader)" = 0 ] ||
            { no "$member sees a leader: the cluster may be writing again" || return; }
        answering=$((answering + 1))
    done
    [ "$answering" -lt "$needed" ] || no "$answering members answer"
}

# Nobody is there when a connection is refused, cannot be routed or is not answered at all.
silent() { # $1 hex and $2 decimal id of the cluster, then client and peer URLs
    hex=$1 decimal=$2
    shift 2
    [ -z "${ASSUME_SILENT-}" ] || return 0
    command -v curl >/dev/null || { unseen 'curl is missing (or set ASSUME_SILENT=1: you vouch that none of the old members runs)' || return; }
    for url; do
        head=$(curl -sk --connect-timeout 2 --max-time 4 ${ETCDCTL_CERT:+--cert "$ETCDCTL_CERT"} \
            ${ETCDCTL_KEY:+--key "$ETCDCTL_KEY"} -o /dev/null -D - -w 'connected %{time_connect}' "$url/members" 9>&-) &&
            code=0 || code=$?
        case $code,$head in
        6,* | 7,* | 28,*'connected 0.000000') continue ;;
        esac
        found=$(printf '%s\n' "$head" | tr -d '\r' | sed -n 's/^[Xx]-[Ee]tcd-[Cc]luster-[Ii][Dd]: *0*//p')
        if [ -z "$found" ] && status_of "$url"; then
            [ "$(field ClusterID)" = "$decimal" ] && found=$hex || found=other
        fi
        case $found in
        "$hex") no "$url answers as a member of the old cluster" || return ;;
        '') unseen "$url answers, and does not say of which cluster it is" || return ;;
        esac
    done
}

serves() { # $1 client URL, $2 decimal cluster id
    belongs_to "$1" "$2" || return
    [ "$(field Leader)" != 0 ] || no "$1 sees no leader"
}

serves_not() {
    if serves "$@"; then no "$1 serves the new cluster"; fi
}

# Hex id and vote of the member with this peer URL: $id is empty when there is none, $learner is true or false.
member_at() { # $1 client URL, $2 decimal cluster id, $3 peer URL
    id='' learner=''
    belongs_to "$1" "$2" || return 2
    answer=$(ctl "$1" member list 2>/dev/null) || { unseen "$1 does not list its members" || return; }
    line=$(printf '%s\n' "$answer" | grep -F -e ", $3, ") || return 0
    id=${line%%,*} learner=${line##*, }
}

listed() { # $1 client URL, $2 decimal cluster id, $3 peer URL, $4 whether it must have a vote
    belongs_to "$1" "$2" || return
    member_at "$1" "$2" "$3" || return
    [ -n "$id" ] || { no "$3 is no member" || return; }
    [ "$4" = any ] || [ "$learner" = false ] || no "$3 has no vote yet"
}

whole() { # $1 decimal cluster id, $2 how many voters, then client URLs
    cluster=$1 voters=$2 leader=
    shift 2
    [ "$#" -eq "$voters" ] || { no "there are $# members" || return; }
    for member; do
        belongs_to "$member" "$cluster" || return
        [ "$(field IsLearner)" = false ] || { no "$member has no vote" || return; }
        [ "$(field Leader)" != 0 ] || { no "$member sees no leader" || return; }
        [ "${leader:=$(field Leader)}" = "$(field Leader)" ] || { no 'they see two leaders' || return; }
    done
}

key_version() { # $1 client URL, $2 key: how often it was written; 0 when it does not exist
    answer=$(ctl "$1" get "$2" -w fields 2>/dev/null) || return 2
    version=$(field Version)
    echo "${version:-0}"
}

key_absent() { # $1 client URL, $2 decimal cluster id, $3 key
    belongs_to "$1" "$2" || return 2
    version=$(key_version "$1" "$3") || { unseen "$1 does not read" || return; }
    [ "$version" = 0 ] || no "$3 exists"
}

no_leftover_alarm() { # $1 client URL, $2 decimal cluster id
    belongs_to "$1" "$2" || return 2
    alarms=$(ctl "$1" alarm list 2>/dev/null) || { unseen "$1 does not list alarms" || return; }
    answer=$(ctl "$1" member list -w fields 2>/dev/null) || { unseen "$1 does not list members" || return; }
    for alarm in $(printf '%s\n' "$alarms" | sed -n 's/^memberID:\([0-9]*\) .*/\1/p'); do
        printf '%s\n' "$answer" | grep -q "^\"ID\" : $alarm\$" ||
            { no "an alarm stands against $alarm, which is no member" || return; }
    done
}

# --- snapshots and directories ---

# The tools talk much: what they say is kept, and shown when they fail.
quietly() {
    if "$@" >"$state/tool.out" 2>&1 9>&-; then
        cat "$state/tool.out" >>"$state/tools.log"
    else
        cat "$state/tool.out" >>"$state/tools.log"
        tail -n 5 "$state/tool.out" >&2
        return 1
    fi
}

# A snapshot ends with the SHA-256 of everything before.
digest_is_right() {
    size=$(stat -c %s -- "$1") || return
    [ "$size" -gt 32 ] || return
    right=$(head -c "$((size - 32))" -- "$1" | sha256sum)
    found=$(tail -c 32 -- "$1" | od -An -v -tx1 | tr -d ' \n')
    [ "${right%% *}" = "$found" ]
}

revision_of() { # $1 database or snapshot
    answer=$("$ETCDUTL" snapshot status "$1" -w fields 2>/dev/null) || return
    field Revision
}

snapshot() { # $1 path, $2 lowest revision that will do
    [ -f "$1" ] || { no "there is no $1" || return; }
    digest_is_right "$1" || { no "$1 is damaged: its digest is wrong" || return; }
    revision=$(revision_of "$1") || revision=
    [ -n "$revision" ] || { no "$ETCDUTL cannot read $1" || return; }
    [ "$revision" -ge "$2" ] || no "$1 is at revision $revision, before $2"
}

still_at() { # $1 client URL, $2 decimal cluster id, $3 snapshot
    belongs_to "$1" "$2" || return
    now=$(field Revision)
    saved=$(revision_of "$3") || { unseen "$3 cannot be read" || return; }
    [ "$now" = "$saved" ] || no "$1 is at revision $now, the snapshot at $saved"
}

# $1 client URL, $2 decimal cluster id, $3 revision after the restore, or a snapshot; $4 raised by; $5 key, $6 record,
# $7 directory and $8 directory of the log if they are on this host, else nothing
only_our_writes() {
    if [ -n "$7" ] && ! status_of "$1"; then
        never_wrote "$7" "$8"
        return
    fi
    belongs_to "$1" "$2" || return
    now=$(field Revision)
    ours=$(key_version "$1" "$5") || { unseen "$1 does not read" || return; }
    # It was deleted at the end, which is a write too.
    if [ "$ours" = 0 ] && [ -f "$6" ]; then ours=$(($(sed -n 's/.*"scratch_writes":\([0-9]*\).*/\1/p' "$6") + 1)); fi
    case $3 in /*) began=$(revision_of "$3") || { unseen "$3 cannot be read" || return; } ;; *) began=$3 ;; esac
    written=$((now - began - $4 - ours))
    [ "$written" -eq 0 ] || no "the new cluster acknowledged $written writes of clients: going back would lose them"
}

# A server acknowledges nothing that is not in its log, and no shell can read one: only one to which nothing was added
# since the restore tells. The server must not run: it may acknowledge a write at any moment.
never_wrote() { # $1 directory, $2 directory of the log
    unlocked "$1/member/snap/db" || return
    [ -f "$state/log-as-restored" ] || { no "the new cluster does not answer" || return; }
    [ "$(log_hash "$2")" = "$(cat "$state/log-as-restored")" ] ||
        no "the new cluster does not answer, and its server has written to its log in $2: start it, and its revision decides"
}

log_hash() { cat -- "$1"/*.wal | sha256sum | cut -c-64; }

# Takes a number of the wire format from the front of $bytes; its upper and lower 32 bits are in $upper and $lower.
take() {
    upper=0 lower=0 at=0 byte=128
    while [ "$byte" -ge 128 ] && [ "$at" -le 63 ]; do
        case $bytes in
        *' '*) byte=${bytes%% *} bytes=${bytes#* } ;;
        *) return 1 ;;
        esac
        if [ "$at" -lt 28 ]; then
            lower=$((lower | (byte & 127) << at))
        elif [ "$at" -eq 28 ]; then
            lower=$((lower | (byte & 15) << 28)) upper=$((byte >> 4 & 7))
        else
            upper=$(((upper | (byte & 127) << (at - 32)) & 4294967295))
        fi
        at=$((at + 7))
    done
    [ "$byte" -lt 128 ]
}

hex_id() { if [ "$upper" -gt 0 ]; then printf '%x%08x' "$upper" "$lower"; else printf '%x' "$lower"; fi; }

# Whose log a directory holds: the second record of its oldest file. $member and $cluster are hex, empty without a log.
whose() { # $1 directory of the log
    member='' cluster=''
    for log in "$1"/*-*.wal; do break; done
    [ -f "$log" ] || return 1
    # shellcheck disable=SC2046 # to be split
    set -- $(head -c 512 -- "$log" | od -An -v -tu1)
    for _ in 1 2; do
        [ "$#" -ge 8 ] || return 1
        length=$(($1 + $2 * 256 + $3 * 65536)) padding=0
        [ "$8" -lt 128 ] || padding=$(($8 & 7))
        shift 8
        [ "$#" -ge "$((length + padding))" ] || return 1
        bytes="$* "
        shift "$((length + padding))"
    done
    # Type, checksum, then the length of what is in it; each number comes after the number of its field.
    for part_is in 8 1 16 any 26 any 8 member 16 cluster; do
        take || return 1
        case $part_is in
        any) ;;
        member) member=$(hex_id) ;;
        cluster) cluster=$(hex_id) ;;
        *) [ "$upper,$lower" = "0,$part_is" ] || return 1 ;;
        esac
    done
}

directory_of() { # $1 hex cluster id, $2 hex member id or any, then where it may be, --, and where its log may be
    wanted_cluster=$1 wanted_member=$2
    shift 2
    why='nothing is there' there=no
    while [ "$1" != -- ]; do
        if [ -d "$1" ]; then there=yes; fi
        shift
    done
    shift
    # The log may have been moved already, and the rest not.
    [ "$there" = yes ] || return 1
    for wal; do
        [ -d "$wal" ] || continue
        whose "$wal" || { why="$wal has no log of etcd" && continue; }
        if [ "$cluster" = "$wanted_cluster" ]; then
            case $wanted_member in any | "$member") return 0 ;; esac
        fi
        why="$wal is of member $member of cluster $cluster"
    done
    return 1
}

save_snapshot() { # $1 client URL, $2 decimal cluster id, $3 path, $4 lowest revision that will do
    belongs_to "$1" "$2" || { say "$why" && return 1; }
    part_of "$3"
    quietly "$ETCDCTL" --endpoints="$1" --dial-timeout=5s snapshot save "$part"
    snapshot "$part" "$4" || { say "$why" && return 1; }
    finish "$part" "$3" '' 600
}

restore() { # $1 directory, $2 directory of the log or nothing, $3 uid:gid, $4 mode, $5 member, $6 cluster, then the tool
    dir=$1 wal=$2 owner=$3 mode=$4 wanted="$5 of $6"
    shift 6
    wal_part=
    if [ -n "$wal" ]; then
        part_of "$wal"
        wal_part=$part
        set -- "$@" "--wal-dir=$wal_part"
    fi
    part_of "$dir"
    dir_part=$part
    quietly "$@" "--data-dir=$dir_part"
    whose "${wal_part:-$dir_part/member/wal}" || { say 'the tool made no log' && return 1; }
    [ "$member of $cluster" = "$wanted" ] || { say "the tool made member $member of $cluster, not $wanted" && return 1; }
    log_hash "${wal_part:-$dir_part/member/wal}" >"$state/log-as-restored"
    if [ -n "$wal" ]; then finish "$wal_part" "$wal" "$owner" "$mode"; fi
    finish "$dir_part" "$dir" "$owner" "$mode"
}

verify_directory() { # $1 directory, $2 snapshot, $3 record
    was=$(revision_of "$2")
    is=$(revision_of "$1/member/snap/db")
    [ "$is" -ge "$was" ] || { say "it is at revision $is, the snapshot at $was" && return 1; }
    write_file "$3" 600 "{\"revision\":$is,\"snapshot_revision\":$was}"
}

verify_writes() { # $1 client URL, $2 decimal cluster id, $3 key, $4 record
    belongs_to "$1" "$2" || { say "$why" && return 1; }
    ctl "$1" put "$3" 1 >/dev/null
    version=$(key_version "$1" "$3")
    [ "$version" -gt 0 ]
    status_of "$1"
    write_file "$4" 600 "{\"revision\":$(field Revision),\"scratch_writes\":$version}"
}

# The quota counts the whole file. What a restore marked compacted is dropped by the server itself, after its start.
make_room() { # $1 client URL, $2 decimal cluster id, $3 record
    belongs_to "$1" "$2" || { say "$why" && return 1; }
    before=$(field DBSize)
    timeout 600 "$ETCDCTL" --endpoints="$1" --command-timeout=590s compact --physical "$(field Revision)" >/dev/null 2>&1 9>&- || :
    used=''
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        sleep 2
        status_of "$1" || continue
        [ "$used" != "$(field DBSizeInUse)" ] || break
        used=$(field DBSizeInUse)
    done
    timeout 600 "$ETCDCTL" --endpoints="$1" --command-timeout=590s defrag >/dev/null 9>&-
    status_of "$1"
    write_file "$3" 600 "{\"before\":$before,\"after\":$(field DBSize)}"
}

# etcdctl disarms all alarms or none: one of a member that is there has a cause, which comes first.
disarm_leftovers() { # $1 client URL, $2 decimal cluster id
    belongs_to "$1" "$2" || { say "$why" && return 1; }
    alarms=$(ctl "$1" alarm list)
    answer=$(ctl "$1" member list -w fields)
    for alarm in $(printf '%s\n' "$alarms" | sed -n 's/^memberID:\([0-9]*\) .*/\1/p'); do
        if printf '%s\n' "$answer" | grep -q "^\"ID\" : $alarm\$"; then
            say "member $alarm has an alarm of its own: make room (compact, defrag), then: $ETCDCTL --endpoints=$1 alarm disarm"
            return 1
        fi
    done
    ctl "$1" alarm disarm >/dev/null
}

# --- members ---

# Asks again as long as the server says that it is not ready: etcd wants five seconds between two changes.
until_agreed() { # $1 client URL, then the command
    tries=0
    while :; do
        said=$(ctl "$@" 2>&1) && return 0
        tries=$((tries + 1))
        case $tries,$said in
        120,*) ;;
        *'unhealthy cluster'* | *'in sync with leader'* | *'not enough started members'*)
            sleep 1
            continue
            ;;
        esac
        say "$said"
        return 1
    done
}

add_learner() { # $1 client URL, $2 decimal cluster id, $3 name, $4 peer URL
    belongs_to "$1" "$2" || { say "$why" && return 1; }
    until_agreed "$1" member add "$3" --learner --peer-urls="$4"
}

promote() { # $1 client URL, $2 decimal cluster id, $3 peer URL
    member_at "$1" "$2" "$3"
    [ -n "$id" ] || { say "$3 is no member" && return 1; }
    until_agreed "$1" member promote "$id"
}

# Appends a number of the wire format, of which $1 and $2 are the upper and the lower 32 bits, to $bytes.
give() {
    upper=$1 lower=$2
    while [ "$upper" -gt 0 ] || [ "$lower" -gt 127 ]; do
        bytes="$bytes $((lower & 127 | 128))"
        lower=$((lower >> 7 | (upper & 127) << 25)) upper=$((upper >> 7))
    done
    bytes="$bytes $lower"
}

give_id() { # $1 hex id
    padded=$(printf '%16s' "$1" | tr ' ' 0)
    give "$((0x${padded%????????}))" "$((0x${padded#????????}))"
}

# CRC-32C (Castagnoli), going on from $1 over the bytes that follow, into $sum.
crc32c() {
    sum=$(($1 ^ 4294967295))
    shift
    for byte; do
        sum=$((sum ^ byte))
        for _ in 1 2 3 4 5 6 7 8; do sum=$((sum >> 1 ^ 2197175160 * (sum & 1))); done
    done
    sum=$((sum ^ 4294967295))
}

# One record of a log, onto $log: its length with the padding's, then type, checksum and what is in it.
record() { # $1 type, $2 checksum, then bytes
    bytes="8 $1 16"
    give 0 "$2"
    shift 2
    if [ "$#" -gt 0 ]; then bytes="$bytes 26 $# $*"; fi
    # shellcheck disable=SC2086 # to be split
    set -- $bytes
    padding=$(((8 - $# % 8) % 8))
    log="$log $# 0 0 0 0 0 0 $((padding > 0 ? 128 + padding : 0)) $*"
    while [ "$padding" -gt 0 ]; do log="$log 0" padding=$((padding - 1)); done
}

# What etcd's first start writes before anything else: whose log it is, and that nothing is in it yet. A server that
# finds it joins that cluster as that member and no other, whatever its --initial-cluster says.
first_log() { # $1 hex member id, $2 hex cluster id: the bytes, on standard output
    log=
    record 4 0
    bytes=8
    give_id "$1"
    bytes="$bytes 16"
    give_id "$2"
    owner=$bytes
    # shellcheck disable=SC2086 # to be split
    crc32c 0 $owner
    # shellcheck disable=SC2086
    record 1 "$sum" $owner
    crc32c "$sum" 8 0 16 0
    record 5 "$sum" 8 0 16 0
    for byte in $log; do
        # shellcheck disable=SC2059 # the format is one escape
        printf "\\$(printf '%03o' "$byte")"
    done
}

seed_joiner() { # $1 client URL, $2 decimal and $3 hex cluster id, $4 peer URL, $5 directory, $6 of the log or nothing, $7 uid:gid, $8 mode
    member_at "$1" "$2" "$4"
    [ -n "$id" ] || { say "$4 is no member yet" && return 1; }
    name=0000000000000000-0000000000000000.wal
    if [ -n "$6" ]; then
        part_of "$6"
        mkdir -m 700 -- "$part"
        first_log "$id" "$3" >"$part/$name"
        finish "$part" "$6" "$7" "$8"
    fi
    part_of "$5"
    mkdir -m 700 -- "$part" "$part/member" "$part/member/snap"
    if [ -z "$6" ]; then
        mkdir -m 700 -- "$part/member/wal"
        first_log "$id" "$3" >"$part/member/wal/$name"
    fi
    finish "$part" "$5" "$7" "$8"
}

verify_whole() { # $1 record, then client URLs
    record=$1
    shift
    # A member that just got its vote may serve only some seconds later.
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
        lowest=
        for member; do
            status_of "$member" || { sleep 1 && continue 2; }
            revision=$(field Revision)
            [ "${lowest:=$revision}" -le "$revision" ] || lowest=$revision
        done
        hashes=
        for member; do
            answer=$(ctl "$member" endpoint hashkv --rev="$lowest" -w fields 2>/dev/null) || answer=
            hashes="$hashes $(field Hash)"
        done
        # shellcheck disable=SC2086 # to be split
        if [ "$(printf '%s\n' $hashes | wc -l)" -eq "$#" ] && [ "$(printf '%s\n' $hashes | sort -u | wc -l)" -eq 1 ]; then
            write_file "$record" 600 "{\"revision\":$lowest,\"hash\":${hashes##* }}"
            return 0
        fi
        sleep 1
    done
    say "the members hold different data at revision $lowest:$hashes"
    return 1
}

delete_key() { # $1 client URL, $2 decimal cluster id, $3 key
    belongs_to "$1" "$2" || { say "$why" && return 1; }
    ctl "$1" del "$3" >/dev/null
}
