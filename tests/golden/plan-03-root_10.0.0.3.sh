#!/bin/sh
# Recovery of prod-etcd (cluster b870fa0b4c2bd24d), run 20261124t211834z-3043: what is done on root@10.0.0.3.
# From the plan 55236f6f27d0218dc12894d2a38a738cc935129a5d26f78982506f606302f728 of quorate 0.1.0.
#
#   sh 03-root_10.0.0.3.sh            do it, or go on where it stopped
#   sh 03-root_10.0.0.3.sh status     what is done and what is not; changes nothing
#   sh 03-root_10.0.0.3.sh rollback   put the old state back, while no client has written
#
# Order: 01-root_10.0.0.1.sh on root@10.0.0.1, then 02-root_10.0.0.2.sh on root@10.0.0.2, then 03-root_10.0.0.3.sh on root@10.0.0.3.
# It asks for the id of the lost cluster, or takes it from CONFIRM. It stops at the first thing that is not as it
# should be, and may be run again. Nothing is deleted and nothing is overwritten. It needs GNU coreutils, flock,
# curl, etcdctl and the restore tool of the server's version. Exit codes: 0 done, 2 failed, 4 refused, 75 another
# host is next.
#
# LOSS: possible. 1 of 3 voters is left, and 2 are needed to be certain: what the lost members acknowledged and n1 had
# not yet received is lost. It is at term 2, index 58, revision 51.
# The new cluster has another id, ad82929091041444: the old members cannot join it, outvote it or confuse it.
# Revisions go on 1000000000 higher, and everything below is marked compacted: watches and caches of clients are told
# to start again.
# If it is rolled back, the old server runs on its old data again, and answers no client until it has a quorum: etcd
# opens its client port only then.
#
# shellcheck disable=SC2317,SC2329 # functions are called by their names
# shellcheck disable=SC2034 # not every host needs all constants
# shellcheck disable=SC2016,SC1003 # data stands between quotes as it is
set -eu
umask 077

old_id=b870fa0b4c2bd24d
old_number=13290397426799858253
new_id=ad82929091041444
new_number=12502716665139827780
state=/var/lib/state/quorate/recover/20261124t211834z-3043
journal=/var/lib/state/quorate/recover/20261124t211834z-3043/03-root_10.0.0.3.log
# The tools of the server's version; your own ETCDCTL and ETCDUTL go first.
if [ -z "${ETCDCTL-}" ]; then
    ETCDCTL=/usr/local/bin/etcdctl
    [ -x "$ETCDCTL" ] || ETCDCTL=etcdctl
fi
if [ -z "${ETCDUTL-}" ]; then
    ETCDUTL=/usr/local/bin/etcdutl
    [ -x "$ETCDUTL" ] || ETCDUTL=etcdutl
fi

# (lib.sh)

# (etcd.sh)

# ---------------------------------------------------------------------------------------------------------------------
# The steps of this host. effect_NN: whether it is done. before_NN: what must be so before.

# 04-fence-n3 · fence
# Stop n3 and keep it from starting.
# Why: Old members that come back would serve and change the old data.
#   $ sh -c /opt/etcd/stop
# After: /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/fenced-n3.json exists
# After: no server of cluster b870fa0b4c2bd24d answers at http://10.0.0.3:2379, http://10.0.0.3:2380
effect_04() {
    path_exists /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/fenced-n3.json &&
        silent b870fa0b4c2bd24d 13290397426799858253 http://10.0.0.3:2379 http://10.0.0.3:2380
}
before_04() {
    :
}
do_04() {
    stop_service commands /opt/etcd/stop ''
    until_stopped commands /opt/etcd/status '' etcd /var/lib/etcd
    mkdir -p -- /var/lib/state/quorate/recover/20261124t211834z-3043/evidence
    write_file /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/fenced-n3.json 600 '{"by":"script","host":"root@10.0.0.3","stopped":true}'
}
way_back_04() {
    :
}

# 17-add-n3 · rejoin
# Add n3 (http://10.0.0.3:2380) without a vote.
# Why: A learner is no part of the quorum: if it fails to start, writes go on.
#   $ etcdctl --endpoints=http://10.0.0.1:2379 member add n3 --learner --peer-urls=http://10.0.0.3:2380
# Before: http://10.0.0.1:2379 serves cluster ad82929091041444 and sees a leader
# After: http://10.0.0.3:2380 is a member of cluster ad82929091041444
effect_17() {
    listed http://10.0.0.1:2379 12502716665139827780 http://10.0.0.3:2380 any
}
before_17() {
    serves http://10.0.0.1:2379 12502716665139827780
}
do_17() {
    add_learner http://10.0.0.1:2379 12502716665139827780 n3 http://10.0.0.3:2380
}
way_back_17() {
    :
}

# 18-prepare-n3 · rejoin
# Make /var/lib/etcd with a log that says who n3 is.
# Why: It is what etcd's first start writes. With it the server joins this cluster and no other, whatever its
# --initial-cluster says.
#   $ etcd ... --name=n3 --data-dir=/var/lib/etcd --initial-advertise-peer-urls=http://10.0.0.3:2380 --initial-cluster=n1=http://10.0.0.1:2380,n2=http://10.0.0.2:2380,n3=http://10.0.0.3:2380 --initial-cluster-state=existing
# Before: nothing is at /var/lib/etcd
# Before: the server of /var/lib/etcd is stopped
# After: /var/lib/etcd belongs to cluster ad82929091041444
effect_18() {
    directory_of ad82929091041444 any /var/lib/etcd -- /var/lib/etcd/member/wal
}
before_18() {
    path_absent /var/lib/etcd &&
        stopped commands /opt/etcd/status '' etcd /var/lib/etcd
}
do_18() {
    seed_joiner http://10.0.0.1:2379 12502716665139827780 ad82929091041444 http://10.0.0.3:2380 /var/lib/etcd '' 0:0 700
}
way_back_18() {
    only_our_writes http://10.0.0.1:2379 12502716665139827780 51 1000000000 quorate/recover/20261124t211834z-3043 '' '' ''
}
undone_18() {
    path_absent /var/lib/etcd
}
undo_18() {
    rename /var/lib/etcd /var/lib/etcd.quorate-20261124t211834z-3043.given-up
}

# 19-start-n3 · rejoin
# Start n3; it fetches everything from the leader.
# Why: It joins empty: no old data comes back.
#   $ sh -c '/opt/etcd/start '\''n 3'\'''
# Before: /var/lib/etcd belongs to cluster ad82929091041444
# After: http://10.0.0.3:2379 serves cluster ad82929091041444 and sees a leader
effect_19() {
    serves http://10.0.0.3:2379 12502716665139827780
}
before_19() {
    directory_of ad82929091041444 any /var/lib/etcd -- /var/lib/etcd/member/wal
}
do_19() {
    start_service commands '/opt/etcd/start '\''n 3'\''' ''
}
way_back_19() {
    only_our_writes http://10.0.0.1:2379 12502716665139827780 51 1000000000 quorate/recover/20261124t211834z-3043 '' '' ''
}
undone_19() {
    stopped commands /opt/etcd/status '' etcd /var/lib/etcd
}
undo_19() {
    stop_service commands /opt/etcd/stop ''
    until_stopped commands /opt/etcd/status '' etcd /var/lib/etcd
}

# 20-promote-n3 · rejoin
# Give n3 a vote once the server finds it ready.
# Why: With a vote it counts for the quorum and tolerates the loss of others.
#   $ etcdctl --endpoints=http://10.0.0.1:2379 member list
#   $ etcdctl --endpoints=http://10.0.0.1:2379 member promote ID
# Before: http://10.0.0.3:2379 serves cluster ad82929091041444 and sees a leader
# After: http://10.0.0.3:2380 is a voter of cluster ad82929091041444
effect_20() {
    listed http://10.0.0.1:2379 12502716665139827780 http://10.0.0.3:2380 voter
}
before_20() {
    serves http://10.0.0.3:2379 12502716665139827780
}
do_20() {
    promote http://10.0.0.1:2379 12502716665139827780 http://10.0.0.3:2380
}
way_back_20() {
    :
}
gate_04_03() {
    silent b870fa0b4c2bd24d 13290397426799858253 http://10.0.0.2:2379 http://10.0.0.2:2380
}
gate_17_08() {
    silent b870fa0b4c2bd24d 13290397426799858253 http://10.0.0.1:2379 http://10.0.0.1:2380
}
gate_17_11() {
    serves http://10.0.0.1:2379 12502716665139827780
}
gate_17_13() {
    listed http://10.0.0.1:2379 12502716665139827780 http://10.0.0.2:2380 any
}
gate_17_15() {
    serves http://10.0.0.2:2379 12502716665139827780
}
gate_17_16() {
    listed http://10.0.0.1:2379 12502716665139827780 http://10.0.0.2:2380 voter
}

run() {
    [ "$(progress over)" != undone ] || stop 4 'this run was rolled back: make a new plan'
    agree 'This stops the old cluster prod-etcd and makes a new one of it.'
    after gate_04_03 'Stop n2 and keep it from starting' 02-root_10.0.0.2.sh root@10.0.0.2
    step 04 30 'Stop n3 and keep it from starting'
    after gate_17_08 'Stop n1' 01-root_10.0.0.1.sh root@10.0.0.1
    after gate_17_11 'Start n1 as the new cluster' 01-root_10.0.0.1.sh root@10.0.0.1
    after gate_17_13 'Add n2 (http://10.0.0.2:2380) without a vote' 02-root_10.0.0.2.sh root@10.0.0.2
    after gate_17_15 'Start n2; it fetches everything from the leader' 02-root_10.0.0.2.sh root@10.0.0.2
    after gate_17_16 'Give n2 a vote once the server finds it ready' 02-root_10.0.0.2.sh root@10.0.0.2
    step 17 0 'Add n3 (http://10.0.0.3:2380) without a vote'
    step 18 0 'Make /var/lib/etcd with a log that says who n3 is'
    step 19 120 'Start n3; it fetches everything from the leader'
    step 20 0 'Give n3 a vote once the server finds it ready'
    unfinished /var/lib/etcd
    say 'This host has done its part.'
}

rollback() {
    agree 'This undoes what was done, last first.'
    may_undo 20 'Give n3 a vote once the server finds it ready'
    may_undo 19 'Start n3; it fetches everything from the leader'
    may_undo 18 'Make /var/lib/etcd with a log that says who n3 is'
    may_undo 17 'Add n3 (http://10.0.0.3:2380) without a vote'
    may_undo 04 'Stop n3 and keep it from starting'
    undo 19 120 'Start n3; it fetches everything from the leader'
    undo 18 0 'Make /var/lib/etcd with a log that says who n3 is'
    note undone over
    say 'Everything of this host is as it was before.'
}

status() {
    show 04 'Stop n3 and keep it from starting'
    show 17 'Add n3 (http://10.0.0.3:2380) without a vote'
    show 18 'Make /var/lib/etcd with a log that says who n3 is'
    show 19 'Start n3; it fetches everything from the leader'
    show 20 'Give n3 a vote once the server finds it ready'
}

mkdir -p -- "$state"
exec 9>>"$journal"
flock -w 15 9 || stop 4 "another run of this script is at work"
command -v "$ETCDCTL" >/dev/null || stop 4 "$ETCDCTL is missing: set ETCDCTL to its path"
case ${1-run} in
run) run ;;
rollback) rollback ;;
status) status ;;
*) stop 64 "usage: sh $0 [run|status|rollback]" ;;
esac
