#!/bin/sh
# Recovery of prod-etcd (cluster b870fa0b4c2bd24d), run 20261124t211834z-3043: what is done on root@10.0.0.1.
# From the plan 55236f6f27d0218dc12894d2a38a738cc935129a5d26f78982506f606302f728 of quorate 0.1.0.
#
#   sh 01-root_10.0.0.1.sh            do it, or go on where it stopped
#   sh 01-root_10.0.0.1.sh status     what is done and what is not; changes nothing
#   sh 01-root_10.0.0.1.sh rollback   put the old state back, while no client has written
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
journal=/var/lib/state/quorate/recover/20261124t211834z-3043/01-root_10.0.0.1.log
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

# 01-keep-evidence · triage
# Make /var/lib/state/quorate/recover/20261124t211834z-3043/evidence for copies and records.
# Why: What is copied and measured survives whatever comes.
#   $ mkdir -m 700 /var/lib/state/quorate/recover/20261124t211834z-3043/evidence
# Before: cluster b870fa0b4c2bd24d has no leader and fewer than 2 of 3 members answer
# Before: 48 KiB are free on the file system of /var/lib/state/quorate/recover/20261124t211834z-3043
# After: /var/lib/state/quorate/recover/20261124t211834z-3043/evidence exists
effect_01() {
    path_exists /var/lib/state/quorate/recover/20261124t211834z-3043/evidence
}
before_01() {
    stuck 13290397426799858253 2 http://10.0.0.1:2379 http://10.0.0.2:2379 http://10.0.0.3:2379 &&
        has_room /var/lib/state/quorate/recover/20261124t211834z-3043 49152
}
do_01() {
    make_dir /var/lib/state/quorate/recover/20261124t211834z-3043/evidence 700
}
way_back_01() {
    :
}

# 02-snapshot-n1 · evidence
# Save a snapshot of n1 to /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db.
# Why: A snapshot needs no quorum and holds everything this member has applied; it is verified down to every record.
#   $ etcdctl --endpoints=http://10.0.0.1:2379 snapshot save /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db
# Before: cluster b870fa0b4c2bd24d has no leader and fewer than 2 of 3 members answer
# After: /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db is a whole snapshot at revision 51 or later
effect_02() {
    snapshot /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db 51
}
before_02() {
    stuck 13290397426799858253 2 http://10.0.0.1:2379 http://10.0.0.2:2379 http://10.0.0.3:2379
}
do_02() {
    save_snapshot http://10.0.0.1:2379 13290397426799858253 /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db 51
}
way_back_02() {
    :
}

# 05-send-n1 · restore
# Copy the snapshot to /var/lib/etcd.quorate-20261124t211834z-3043.snapshot.
# Why: The restore tool reads it there.
#   $ scp -p /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db :/var/lib/etcd.quorate-20261124t211834z-3043.snapshot
# Before: 20 KiB are free on the file system of /var/lib
# After: /var/lib/etcd.quorate-20261124t211834z-3043.snapshot exists
effect_05() {
    path_exists /var/lib/etcd.quorate-20261124t211834z-3043.snapshot
}
before_05() {
    has_room /var/lib 20480
}
do_05() {
    copy_file /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db /var/lib/etcd.quorate-20261124t211834z-3043.snapshot 600
}
way_back_05() {
    :
}

# 06-restore-n1 · restore
# Restore it into /var/lib/etcd.quorate-20261124t211834z-3043.new, as a cluster of one.
# Why: The new cluster gets an id of its own; the old data stays untouched beside it.
#   $ /usr/local/bin/etcdutl snapshot restore /var/lib/etcd.quorate-20261124t211834z-3043.snapshot --name=n1 --initial-cluster=n1=http://10.0.0.1:2380 --initial-advertise-peer-urls=http://10.0.0.1:2380 --initial-cluster-token=quorate-20261124t211834z-3043-ee4c5d1910b2e18b1301 --data-dir=/var/lib/etcd.quorate-20261124t211834z-3043.new --bump-revision=1000000000 --mark-compacted
# Before: 160 MiB are free on the file system of /var/lib
# After: /var/lib/etcd.quorate-20261124t211834z-3043.new or /var/lib/etcd belongs to cluster ad82929091041444
effect_06() {
    directory_of ad82929091041444 ae1f20eacadf53b8 /var/lib/etcd.quorate-20261124t211834z-3043.new /var/lib/etcd -- /var/lib/etcd.quorate-20261124t211834z-3043.new/member/wal /var/lib/etcd/member/wal
}
before_06() {
    has_room /var/lib 167796736
}
do_06() {
    restore /var/lib/etcd.quorate-20261124t211834z-3043.new '' 0:0 700 ae1f20eacadf53b8 ad82929091041444 /usr/local/bin/etcdutl snapshot restore /var/lib/etcd.quorate-20261124t211834z-3043.snapshot --name=n1 --initial-cluster=n1=http://10.0.0.1:2380 --initial-advertise-peer-urls=http://10.0.0.1:2380 --initial-cluster-token=quorate-20261124t211834z-3043-ee4c5d1910b2e18b1301 --bump-revision=1000000000 --mark-compacted
}
way_back_06() {
    :
}

# 07-verify-offline · verify
# Read the restored directory and compare it with the snapshot.
# Why: What is wrong with it is to be known before anything is stopped.
# Before: /var/lib/etcd.quorate-20261124t211834z-3043.new exists
# After: /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/restored.json exists
effect_07() {
    path_exists /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/restored.json
}
before_07() {
    path_exists /var/lib/etcd.quorate-20261124t211834z-3043.new
}
do_07() {
    verify_directory /var/lib/etcd.quorate-20261124t211834z-3043.new /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/restored.json
}
way_back_07() {
    :
}

# 08-stop-n1 · swap
# Stop n1.
# Why: Its directory is moved. It serves no write anyway.
# Danger: From here on serializable reads fail too, until the new cluster serves.
#   $ systemctl disable --now etcd
#   $ systemctl mask etcd
# Before: cluster b870fa0b4c2bd24d has no leader and fewer than 2 of 3 members answer
# Before: http://10.0.0.1:2379 is still at the revision of /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db
# Before: no server of cluster b870fa0b4c2bd24d answers at http://10.0.0.2:2379, http://10.0.0.2:2380, http://10.0.0.3:2379, http://10.0.0.3:2380
# After: no server of cluster b870fa0b4c2bd24d answers at http://10.0.0.1:2379, http://10.0.0.1:2380
# After: process 24459 is gone
effect_08() {
    silent b870fa0b4c2bd24d 13290397426799858253 http://10.0.0.1:2379 http://10.0.0.1:2380 &&
        process_gone 24459 1424212
}
before_08() {
    stuck 13290397426799858253 2 http://10.0.0.1:2379 http://10.0.0.2:2379 http://10.0.0.3:2379 &&
        still_at http://10.0.0.1:2379 13290397426799858253 /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db &&
        silent b870fa0b4c2bd24d 13290397426799858253 http://10.0.0.2:2379 http://10.0.0.2:2380 http://10.0.0.3:2379 http://10.0.0.3:2380
}
do_08() {
    stop_service systemd etcd ''
    until_stopped systemd etcd '' etcd /var/lib/etcd
}
way_back_08() {
    :
}
undone_08() {
    running systemd etcd '' etcd /var/lib/etcd
}
undo_08() {
    start_service systemd etcd enabled
}

# 09-aside-data-n1 · swap
# Rename the old data of n1 to /var/lib/etcd.quorate-20261124t211834z-3043.
# Why: Nothing is deleted: the old state can be put back, or read, later.
#   $ mv -nT /var/lib/etcd /var/lib/etcd.quorate-20261124t211834z-3043
# Before: the unit etcd is stopped
# Before: no process has /var/lib/etcd/member/snap/db locked
# Before: nothing is at /var/lib/etcd.quorate-20261124t211834z-3043
# After: /var/lib/etcd.quorate-20261124t211834z-3043 exists
effect_09() {
    path_exists /var/lib/etcd.quorate-20261124t211834z-3043
}
before_09() {
    stopped systemd etcd '' etcd /var/lib/etcd &&
        unlocked /var/lib/etcd/member/snap/db &&
        path_absent /var/lib/etcd.quorate-20261124t211834z-3043
}
do_09() {
    rename /var/lib/etcd /var/lib/etcd.quorate-20261124t211834z-3043
}
way_back_09() {
    :
}
undone_09() {
    path_absent /var/lib/etcd.quorate-20261124t211834z-3043
}
undo_09() {
    rename /var/lib/etcd.quorate-20261124t211834z-3043 /var/lib/etcd
}

# 10-swap-in-n1 · swap
# Rename /var/lib/etcd.quorate-20261124t211834z-3043.new to /var/lib/etcd.
# Why: A rename happens whole or not at all.
#   $ mv -nT /var/lib/etcd.quorate-20261124t211834z-3043.new /var/lib/etcd
# Before: /var/lib/etcd.quorate-20261124t211834z-3043.new exists
# Before: nothing is at /var/lib/etcd
# After: /var/lib/etcd belongs to cluster ad82929091041444
effect_10() {
    directory_of ad82929091041444 ae1f20eacadf53b8 /var/lib/etcd -- /var/lib/etcd/member/wal
}
before_10() {
    path_exists /var/lib/etcd.quorate-20261124t211834z-3043.new &&
        path_absent /var/lib/etcd
}
do_10() {
    rename /var/lib/etcd.quorate-20261124t211834z-3043.new /var/lib/etcd
}
way_back_10() {
    :
}
undone_10() {
    path_exists /var/lib/etcd.quorate-20261124t211834z-3043.new
}
undo_10() {
    rename /var/lib/etcd /var/lib/etcd.quorate-20261124t211834z-3043.new
}

# 11-start-n1 · start
# Start n1 as the new cluster.
# Why: It alone is a majority of itself: reads and writes are served from here on.
# Danger: Once a client has written to it, this cannot be rolled back.
#   $ systemctl unmask etcd
#   $ systemctl enable --now etcd
# Before: /var/lib/etcd belongs to cluster ad82929091041444
# Before: no server of cluster b870fa0b4c2bd24d answers at http://10.0.0.2:2379, http://10.0.0.2:2380, http://10.0.0.3:2379, http://10.0.0.3:2380
# After: http://10.0.0.1:2379 serves cluster ad82929091041444 and sees a leader
effect_11() {
    serves http://10.0.0.1:2379 12502716665139827780
}
before_11() {
    directory_of ad82929091041444 ae1f20eacadf53b8 /var/lib/etcd -- /var/lib/etcd/member/wal &&
        silent b870fa0b4c2bd24d 13290397426799858253 http://10.0.0.2:2379 http://10.0.0.2:2380 http://10.0.0.3:2379 http://10.0.0.3:2380
}
do_11() {
    start_service systemd etcd enabled
}
way_back_11() {
    only_our_writes http://10.0.0.1:2379 12502716665139827780 /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db 1000000000 quorate/recover/20261124t211834z-3043 '' '' ''
}
undone_11() {
    stopped systemd etcd '' etcd /var/lib/etcd
}
undo_11() {
    stop_service systemd etcd ''
    until_stopped systemd etcd '' etcd /var/lib/etcd
}

# 12-verify-online · start
# Write quorate/recover/20261124t211834z-3043 and look at revision and members.
# Why: A server that answers need not be able to write.
#   $ etcdctl --endpoints=http://10.0.0.1:2379 put quorate/recover/20261124t211834z-3043 1
# Before: http://10.0.0.1:2379 serves cluster ad82929091041444 and sees a leader
# After: /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/serving.json exists
effect_12() {
    path_exists /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/serving.json
}
before_12() {
    serves http://10.0.0.1:2379 12502716665139827780
}
do_12() {
    verify_writes http://10.0.0.1:2379 12502716665139827780 quorate/recover/20261124t211834z-3043 /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/serving.json
}
way_back_12() {
    :
}

# 21-verify-whole · finish
# Compare the data of all members.
# Why: Every member must hold the same, at the same revision.
#   $ etcdctl --endpoints=http://10.0.0.1:2379,http://10.0.0.2:2379,http://10.0.0.3:2379 endpoint hashkv
# Before: all 3 voters of cluster ad82929091041444 answer and agree on a leader
# After: /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/whole.json exists
# After: all 3 voters of cluster ad82929091041444 answer and agree on a leader
effect_21() {
    path_exists /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/whole.json &&
        whole 12502716665139827780 3 http://10.0.0.1:2379 http://10.0.0.2:2379 http://10.0.0.3:2379
}
before_21() {
    whole 12502716665139827780 3 http://10.0.0.1:2379 http://10.0.0.2:2379 http://10.0.0.3:2379
}
do_21() {
    verify_whole /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/whole.json http://10.0.0.1:2379 http://10.0.0.2:2379 http://10.0.0.3:2379
}
way_back_21() {
    :
}

# 22-remove-scratch-key · finish
# Delete quorate/recover/20261124t211834z-3043.
# Why: It was only for this run.
#   $ etcdctl --endpoints=http://10.0.0.1:2379 del quorate/recover/20261124t211834z-3043
# After: the key quorate/recover/20261124t211834z-3043 does not exist
effect_22() {
    key_absent http://10.0.0.1:2379 12502716665139827780 quorate/recover/20261124t211834z-3043
}
before_22() {
    :
}
do_22() {
    delete_key http://10.0.0.1:2379 12502716665139827780 quorate/recover/20261124t211834z-3043
}
way_back_22() {
    :
}

# 23-snapshot-new · finish
# Save a snapshot of the new cluster to /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/after.db.
# Why: Older backups are of the old cluster.
#   $ etcdctl --endpoints=http://10.0.0.1:2379 snapshot save /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/after.db
# After: /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/after.db is a whole snapshot at revision 1000000051 or later
effect_23() {
    snapshot /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/after.db 1000000051
}
before_23() {
    :
}
do_23() {
    save_snapshot http://10.0.0.1:2379 12502716665139827780 /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/after.db 1000000051
}
way_back_23() {
    :
}
gate_05_03() {
    path_exists /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/fenced-n2.json &&
        silent b870fa0b4c2bd24d 13290397426799858253 http://10.0.0.2:2379 http://10.0.0.2:2380
}
gate_05_04() {
    path_exists /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/fenced-n3.json &&
        silent b870fa0b4c2bd24d 13290397426799858253 http://10.0.0.3:2379 http://10.0.0.3:2380
}
gate_21_13() {
    listed http://10.0.0.1:2379 12502716665139827780 http://10.0.0.2:2380 any
}
gate_21_15() {
    serves http://10.0.0.2:2379 12502716665139827780
}
gate_21_16() {
    listed http://10.0.0.1:2379 12502716665139827780 http://10.0.0.2:2380 voter
}
gate_21_17() {
    listed http://10.0.0.1:2379 12502716665139827780 http://10.0.0.3:2380 any
}
gate_21_19() {
    serves http://10.0.0.3:2379 12502716665139827780
}
gate_21_20() {
    listed http://10.0.0.1:2379 12502716665139827780 http://10.0.0.3:2380 voter
}
back_11_15() {
    serves_not http://10.0.0.2:2379 12502716665139827780
}
back_11_19() {
    serves_not http://10.0.0.3:2379 12502716665139827780
}
back_10_15() {
    serves_not http://10.0.0.2:2379 12502716665139827780
}
back_10_19() {
    serves_not http://10.0.0.3:2379 12502716665139827780
}
back_09_15() {
    serves_not http://10.0.0.2:2379 12502716665139827780
}
back_09_19() {
    serves_not http://10.0.0.3:2379 12502716665139827780
}
back_08_15() {
    serves_not http://10.0.0.2:2379 12502716665139827780
}
back_08_19() {
    serves_not http://10.0.0.3:2379 12502716665139827780
}

run() {
    [ "$(progress over)" != undone ] || stop 4 'this run was rolled back: make a new plan'
    agree 'This stops the old cluster prod-etcd and makes a new one of it.'
    step 01 0 'Make /var/lib/state/quorate/recover/20261124t211834z-3043/evidence for copies and records'
    step 02 0 'Save a snapshot of n1 to /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db'
    after gate_05_03 'Stop n2 and keep it from starting' 02-root_10.0.0.2.sh root@10.0.0.2
    after gate_05_04 'Stop n3 and keep it from starting' 03-root_10.0.0.3.sh root@10.0.0.3
    step 05 0 'Copy the snapshot to /var/lib/etcd.quorate-20261124t211834z-3043.snapshot'
    step 06 0 'Restore it into /var/lib/etcd.quorate-20261124t211834z-3043.new, as a cluster of one'
    step 07 0 'Read the restored directory and compare it with the snapshot'
    step 08 30 'Stop n1'
    step 09 0 'Rename the old data of n1 to /var/lib/etcd.quorate-20261124t211834z-3043'
    step 10 0 'Rename /var/lib/etcd.quorate-20261124t211834z-3043.new to /var/lib/etcd'
    step 11 120 'Start n1 as the new cluster'
    step 12 0 'Write quorate/recover/20261124t211834z-3043 and look at revision and members'
    after gate_21_13 'Add n2 (http://10.0.0.2:2380) without a vote' 02-root_10.0.0.2.sh root@10.0.0.2
    after gate_21_15 'Start n2; it fetches everything from the leader' 02-root_10.0.0.2.sh root@10.0.0.2
    after gate_21_16 'Give n2 a vote once the server finds it ready' 02-root_10.0.0.2.sh root@10.0.0.2
    after gate_21_17 'Add n3 (http://10.0.0.3:2380) without a vote' 03-root_10.0.0.3.sh root@10.0.0.3
    after gate_21_19 'Start n3; it fetches everything from the leader' 03-root_10.0.0.3.sh root@10.0.0.3
    after gate_21_20 'Give n3 a vote once the server finds it ready' 03-root_10.0.0.3.sh root@10.0.0.3
    step 21 0 'Compare the data of all members'
    step 22 0 'Delete quorate/recover/20261124t211834z-3043'
    step 23 0 'Save a snapshot of the new cluster to /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/after.db'
    say 'Set aside: /var/lib/etcd.quorate-20261124t211834z-3043.snapshot; once it is not needed any more: rm -r /var/lib/etcd.quorate-20261124t211834z-3043.snapshot'
    say 'Set aside: /var/lib/etcd.quorate-20261124t211834z-3043; once it is not needed any more: rm -r /var/lib/etcd.quorate-20261124t211834z-3043'
    unfinished /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db /var/lib/etcd.quorate-20261124t211834z-3043.snapshot /var/lib/etcd.quorate-20261124t211834z-3043.new /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/after.db
    say 'prod-etcd is recovered: cluster ad82929091041444.'
}

rollback() {
    agree 'This undoes what was done, last first.'
    may_undo 23 'Save a snapshot of the new cluster to /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/after.db'
    may_undo 22 'Delete quorate/recover/20261124t211834z-3043'
    may_undo 21 'Compare the data of all members'
    may_undo 12 'Write quorate/recover/20261124t211834z-3043 and look at revision and members'
    may_undo 11 'Start n1 as the new cluster'
    may_undo 10 'Rename /var/lib/etcd.quorate-20261124t211834z-3043.new to /var/lib/etcd'
    may_undo 09 'Rename the old data of n1 to /var/lib/etcd.quorate-20261124t211834z-3043'
    may_undo 08 'Stop n1'
    may_undo 07 'Read the restored directory and compare it with the snapshot'
    may_undo 06 'Restore it into /var/lib/etcd.quorate-20261124t211834z-3043.new, as a cluster of one'
    may_undo 05 'Copy the snapshot to /var/lib/etcd.quorate-20261124t211834z-3043.snapshot'
    may_undo 02 'Save a snapshot of n1 to /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db'
    may_undo 01 'Make /var/lib/state/quorate/recover/20261124t211834z-3043/evidence for copies and records'
    touched 11 && after back_11_15 'undo: Start n2; it fetches everything from the leader' '02-root_10.0.0.2.sh rollback' root@10.0.0.2
    touched 11 && after back_11_19 'undo: Start n3; it fetches everything from the leader' '03-root_10.0.0.3.sh rollback' root@10.0.0.3
    undo 11 120 'Start n1 as the new cluster'
    touched 10 && after back_10_15 'undo: Start n2; it fetches everything from the leader' '02-root_10.0.0.2.sh rollback' root@10.0.0.2
    touched 10 && after back_10_19 'undo: Start n3; it fetches everything from the leader' '03-root_10.0.0.3.sh rollback' root@10.0.0.3
    undo 10 0 'Rename /var/lib/etcd.quorate-20261124t211834z-3043.new to /var/lib/etcd'
    touched 09 && after back_09_15 'undo: Start n2; it fetches everything from the leader' '02-root_10.0.0.2.sh rollback' root@10.0.0.2
    touched 09 && after back_09_19 'undo: Start n3; it fetches everything from the leader' '03-root_10.0.0.3.sh rollback' root@10.0.0.3
    undo 09 0 'Rename the old data of n1 to /var/lib/etcd.quorate-20261124t211834z-3043'
    touched 08 && after back_08_15 'undo: Start n2; it fetches everything from the leader' '02-root_10.0.0.2.sh rollback' root@10.0.0.2
    touched 08 && after back_08_19 'undo: Start n3; it fetches everything from the leader' '03-root_10.0.0.3.sh rollback' root@10.0.0.3
    undo 08 30 'Stop n1'
    note undone over
    say 'Everything of this host is as it was before.'
}

status() {
    show 01 'Make /var/lib/state/quorate/recover/20261124t211834z-3043/evidence for copies and records'
    show 02 'Save a snapshot of n1 to /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/before.db'
    show 05 'Copy the snapshot to /var/lib/etcd.quorate-20261124t211834z-3043.snapshot'
    show 06 'Restore it into /var/lib/etcd.quorate-20261124t211834z-3043.new, as a cluster of one'
    show 07 'Read the restored directory and compare it with the snapshot'
    show 08 'Stop n1'
    show 09 'Rename the old data of n1 to /var/lib/etcd.quorate-20261124t211834z-3043'
    show 10 'Rename /var/lib/etcd.quorate-20261124t211834z-3043.new to /var/lib/etcd'
    show 11 'Start n1 as the new cluster'
    show 12 'Write quorate/recover/20261124t211834z-3043 and look at revision and members'
    show 21 'Compare the data of all members'
    show 22 'Delete quorate/recover/20261124t211834z-3043'
    show 23 'Save a snapshot of the new cluster to /var/lib/state/quorate/recover/20261124t211834z-3043/evidence/after.db'
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
