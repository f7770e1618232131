# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_quorate_global_optspecs
    string join \n config= color= v/verbose h/help V/version
end

function __fish_quorate_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_quorate_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_quorate_using_subcommand
    set -l cmd (__fish_quorate_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c quorate -n "__fish_quorate_needs_command" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_needs_command" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_needs_command" -s V -l version -d 'Print version'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "check" -d 'Check clusters and say what is wrong'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "status" -d 'Show who is in: role, version, term, lag, revision, size, fsync, certificates, clocks'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "inspect" -d 'Read a data directory, log, snapshot or database offline; a server may run on it or not'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "lab" -d 'Start throwaway clusters of real servers, break them, remove them'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "probe" -d 'Measure a disk\'s fsync, a cluster\'s commit latency, or a listener\'s TLS'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "member" -d 'List, add, remove, promote and replace members, with a look at the quorum before every change'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "snapshot" -d 'Save, verify, compare and keep snapshots'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "recover" -d 'A stuck cluster back to full size: plan it, carry it out, resume it, roll it back'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "drill" -d 'Recovery drills on throwaway clusters of real servers, with evidence'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "runbook" -d 'What to do, page by page: for the night, built in'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "explain" -d 'Say what a check looks at, its thresholds and their sources, and how to fix what it finds'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "size" -d 'How many failures a cluster of N voters survives, and what one more or one less does'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "schema" -d 'Print the JSON schema of an output, or of the config file'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "completions" -d 'Print the completions of a shell'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "man" -d 'Print a manual page, or write all of them'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "doctor" -d 'Say what this machine has: real servers for the lab, tools, limits'
complete -c quorate -n "__fish_quorate_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand check" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand check" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand check" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand check" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand check" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand check" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand check" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand check" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand check" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand check" -s o -l output -d 'Output format' -r -f -a "table\t'for people'
json\t'for scripts, as in `quorate schema check`'
markdown\t'for a ticket or a job summary'
junit\t'for CI: a suite per cluster, a case per check'
sarif\t'for code scanning, SARIF 2.1.0'
github\t'annotations of GitHub Actions'
prometheus\t'for the node exporter\'s textfile collector'
nagios\t'one line and performance data; exit codes 0 to 3'"
complete -c quorate -n "__fish_quorate_using_subcommand check" -l report -d 'Also write the same result in another format to a file' -r
complete -c quorate -n "__fish_quorate_using_subcommand check" -l fail-on -d 'What makes the exit code non-zero' -r -f -a "warning\t''
critical\t''
never\t''"
complete -c quorate -n "__fish_quorate_using_subcommand check" -l only -d 'Only these checks, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand check" -l skip -d 'All but these checks, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand check" -l timeout -d 'The whole check takes no longer' -r
complete -c quorate -n "__fish_quorate_using_subcommand check" -l window -d 'Look twice, this long apart, for what needs two samples [default: compare with the previous run]' -r
complete -c quorate -n "__fish_quorate_using_subcommand check" -l before-restart -d 'Only answer whether this member (name, id or address) may be restarted now: exit code 4 when it must not' -r
complete -c quorate -n "__fish_quorate_using_subcommand check" -l save-facts -d 'Keep what was seen, to replay with --facts' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand check" -l snapshot -d 'Judge files instead of a running cluster: a snapshot of etcd (encryption at rest over all revisions, stored membership, alarms, users, what stands in the way of an upgrade); a snapshot or a data directory of ZooKeeper (what a start loses, open ACLs, what outgrows a packet) or of Consul (age, secrets that others can read, a Vault\'s data in it, whether it can be restored)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand check" -l facts -d 'Judge what --save-facts kept instead of looking' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand check" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand check" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand check" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand check" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand check" -l deep -d 'Also what costs the servers something: data hashes, every stored object, legacy TLS, snapshots and logs of ZooKeeper servers on this machine'
complete -c quorate -n "__fish_quorate_using_subcommand check" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand status" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand status" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand status" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand status" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand status" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand status" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand status" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand status" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand status" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand status" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand status" -l timeout -d 'One look takes no longer' -r
complete -c quorate -n "__fish_quorate_using_subcommand status" -l watch -d 'Look again and again, this long apart [2s when no DURATION is given]; JSON comes one document a line' -r
complete -c quorate -n "__fish_quorate_using_subcommand status" -l count -d 'With --watch: end after so many looks' -r
complete -c quorate -n "__fish_quorate_using_subcommand status" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand status" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand status" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand status" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand status" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand inspect" -l wal-dir -d 'Where the log is, when the server has --wal-dir (etcd) or dataLogDir (ZooKeeper)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand inspect" -l from -d 'With --log: from this index, or zxid, on' -r
complete -c quorate -n "__fish_quorate_using_subcommand inspect" -l to -d 'With --log: up to this index, or zxid' -r
complete -c quorate -n "__fish_quorate_using_subcommand inspect" -l key -d 'With --log: only entries that may write a key, or a node, with this prefix' -r
complete -c quorate -n "__fish_quorate_using_subcommand inspect" -l type -d 'With --log: only entries of these types' -r -f -a "put\t''
delete\t''
txn\t''
range\t''
compaction\t''
lease-grant\t''
lease-revoke\t''
lease-checkpoint\t''
conf-change\t''
member-attributes\t''
cluster-version\t''
alarm\t''
auth\t''
downgrade\t''
v2\t''
empty\t''
create-session\t''
close-session\t''
create\t''
create-ephemeral\t''
create-container\t''
create-ttl\t''
delete-container\t''
set-data\t''
set-acl\t''
check\t''
reconfig\t''
multi\t''
error\t''"
complete -c quorate -n "__fish_quorate_using_subcommand inspect" -l voters -d 'With --survivors: how many voters the cluster has, when the copies do not know' -r
complete -c quorate -n "__fish_quorate_using_subcommand inspect" -s o -l output -d 'Output format; with --log JSON comes one entry a line' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand inspect" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand inspect" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand inspect" -l log -d 'Play the log back, entry by entry'
complete -c quorate -n "__fish_quorate_using_subcommand inspect" -l values -d 'With --log: show values too, the first 256 bytes of each; they may be secrets'
complete -c quorate -n "__fish_quorate_using_subcommand inspect" -l survivors -d 'Put copies of one cluster in the order in which to recover from them, and say what may be lost'
complete -c quorate -n "__fish_quorate_using_subcommand inspect" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and not __fish_seen_subcommand_from up status kill pause resume start partition heal down help" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and not __fish_seen_subcommand_from up status kill pause resume start partition heal down help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and not __fish_seen_subcommand_from up status kill pause resume start partition heal down help" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and not __fish_seen_subcommand_from up status kill pause resume start partition heal down help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and not __fish_seen_subcommand_from up status kill pause resume start partition heal down help" -f -a "up" -d 'Start a cluster and wait until every member serves'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and not __fish_seen_subcommand_from up status kill pause resume start partition heal down help" -f -a "status" -d 'Show labs and how their members stand'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and not __fish_seen_subcommand_from up status kill pause resume start partition heal down help" -f -a "kill" -d 'Kill members'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and not __fish_seen_subcommand_from up status kill pause resume start partition heal down help" -f -a "pause" -d 'Stop members where they are (SIGSTOP)'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and not __fish_seen_subcommand_from up status kill pause resume start partition heal down help" -f -a "resume" -d 'Let paused members continue (SIGCONT)'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and not __fish_seen_subcommand_from up status kill pause resume start partition heal down help" -f -a "start" -d 'Start members that do not run, with the arguments they had'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and not __fish_seen_subcommand_from up status kill pause resume start partition heal down help" -f -a "partition" -d 'Cut the links between groups of members: \'n1,n2|n3\''
complete -c quorate -n "__fish_quorate_using_subcommand lab; and not __fish_seen_subcommand_from up status kill pause resume start partition heal down help" -f -a "heal" -d 'Restore every link'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and not __fish_seen_subcommand_from up status kill pause resume start partition heal down help" -f -a "down" -d 'Stop labs and remove what they made'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and not __fish_seen_subcommand_from up status kill pause resume start partition heal down help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -l nodes -d 'How many members' -r
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -l tls-days -d 'How many days the certificates are valid, the CA\'s excepted' -r
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -l version -d 'Exactly this version of the server [default: the first found]' -r
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -l dir -d 'Where to keep it; must be empty or absent [default: under the state directory]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -l name -d 'What to call it [default: the backend, with a number if that is taken]' -r
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -l server-arg -d 'A further argument for every server, such as --server-arg=--quota-backend-bytes=16777216; of etcd, {member} in it is the member\'s name; for ZooKeeper a line of zoo.cfg or, with a leading dash, an option of the JVM' -r
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -l timeout -d 'How long all members may take to serve' -r
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -l tls -d 'TLS between everybody: a CA of its own, a certificate for each member and for quorate'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -l no-client-cert-auth -d 'Do not ask clients for a certificate'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -l isolated -d 'Each member in a network namespace with an address of its own (needs root), so that links can be cut'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from up" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from status" -l dir -d 'The lab in this directory' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from status" -l member -d 'Exit with 0 only if this member runs' -r
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from status" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from status" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from status" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from kill" -s s -l signal -d 'By number or name' -r
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from kill" -l name -d 'Which lab [default: the only one]' -r
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from kill" -l dir -d 'The lab in this directory' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from kill" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from kill" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from kill" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from kill" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from kill" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from pause" -l name -d 'Which lab [default: the only one]' -r
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from pause" -l dir -d 'The lab in this directory' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from pause" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from pause" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from pause" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from pause" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from resume" -l name -d 'Which lab [default: the only one]' -r
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from resume" -l dir -d 'The lab in this directory' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from resume" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from resume" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from resume" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from start" -l timeout -d 'How long they may take to serve' -r
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from start" -l name -d 'Which lab [default: the only one]' -r
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from start" -l dir -d 'The lab in this directory' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from start" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from start" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from start" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from start" -l wait -d 'Wait until they serve'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from start" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from partition" -l name -d 'Which lab [default: the only one]' -r
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from partition" -l dir -d 'The lab in this directory' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from partition" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from partition" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from partition" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from partition" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from partition" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from heal" -l dir -d 'The lab in this directory' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from heal" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from heal" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from heal" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from heal" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from heal" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from down" -l dir -d 'The lab in this directory' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from down" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from down" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from down" -l all -d 'Every lab'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from down" -l keep -d 'Stop the servers, and keep data and logs'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from down" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from down" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "up" -d 'Start a cluster and wait until every member serves'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show labs and how their members stand'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "kill" -d 'Kill members'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "pause" -d 'Stop members where they are (SIGSTOP)'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "resume" -d 'Let paused members continue (SIGCONT)'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "start" -d 'Start members that do not run, with the arguments they had'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "partition" -d 'Cut the links between groups of members: \'n1,n2|n3\''
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "heal" -d 'Restore every link'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "down" -d 'Stop labs and remove what they made'
complete -c quorate -n "__fish_quorate_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and not __fish_seen_subcommand_from disk commit tls help" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand probe; and not __fish_seen_subcommand_from disk commit tls help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand probe; and not __fish_seen_subcommand_from disk commit tls help" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and not __fish_seen_subcommand_from disk commit tls help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and not __fish_seen_subcommand_from disk commit tls help" -f -a "disk" -d 'Measure how long a disk takes to make a write durable'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and not __fish_seen_subcommand_from disk commit tls help" -f -a "commit" -d 'Measure how long a cluster takes to commit a write'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and not __fish_seen_subcommand_from disk commit tls help" -f -a "tls" -d 'Show what a listener\'s TLS looks like to a stranger'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and not __fish_seen_subcommand_from disk commit tls help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from disk" -l size -d 'How much to write in all' -r
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from disk" -l block -d 'How much to write before each fdatasync' -r
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from disk" -l timeout -d 'Stop after this long with the samples taken so far' -r
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from disk" -l fail-on -d 'Whether a disk that is too slow makes the exit code non-zero' -r -f -a "warning\t''
never\t''"
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from disk" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from disk" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from disk" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from disk" -l dry-run -d 'Say what would be written, and write nothing'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from disk" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from disk" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -s n -l count -d 'How many writes' -r
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l timeout -d 'Give up each write after this long' -r
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l yes -d 'Do not ask'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -l dry-run -d 'Look, say what would be written, and write nothing'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from commit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from tls" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from tls" -l cacert -d 'CA bundle (PEM) to verify with [default: the system\'s]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from tls" -l server-name -d 'Name to verify instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from tls" -l timeout -d 'The whole probe takes no longer' -r
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from tls" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from tls" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from tls" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from tls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from help" -f -a "disk" -d 'Measure how long a disk takes to make a write durable'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from help" -f -a "commit" -d 'Measure how long a cluster takes to commit a write'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from help" -f -a "tls" -d 'Show what a listener\'s TLS looks like to a stranger'
complete -c quorate -n "__fish_quorate_using_subcommand probe; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand member; and not __fish_seen_subcommand_from list add remove promote replace lead help" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and not __fish_seen_subcommand_from list add remove promote replace lead help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand member; and not __fish_seen_subcommand_from list add remove promote replace lead help" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand member; and not __fish_seen_subcommand_from list add remove promote replace lead help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand member; and not __fish_seen_subcommand_from list add remove promote replace lead help" -f -a "list" -d 'Show who is a member, whether it votes, ever started, and answers'
complete -c quorate -n "__fish_quorate_using_subcommand member; and not __fish_seen_subcommand_from list add remove promote replace lead help" -f -a "add" -d 'Add a member, as a learner'
complete -c quorate -n "__fish_quorate_using_subcommand member; and not __fish_seen_subcommand_from list add remove promote replace lead help" -f -a "remove" -d 'Remove a member for good'
complete -c quorate -n "__fish_quorate_using_subcommand member; and not __fish_seen_subcommand_from list add remove promote replace lead help" -f -a "promote" -d 'Give a learner a vote'
complete -c quorate -n "__fish_quorate_using_subcommand member; and not __fish_seen_subcommand_from list add remove promote replace lead help" -f -a "replace" -d 'Replace a dead member: remove it, then add its replacement as a learner'
complete -c quorate -n "__fish_quorate_using_subcommand member; and not __fish_seen_subcommand_from list add remove promote replace lead help" -f -a "lead" -d 'Let another voter lead'
complete -c quorate -n "__fish_quorate_using_subcommand member; and not __fish_seen_subcommand_from list add remove promote replace lead help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l peer-urls -d 'Where the other members will connect to it' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l timeout -d 'How long the servers may take to become ready for it' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l voter -d 'With a vote at once: it counts before it has even started'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l yes -d 'Do not ask. What would strand the cluster is refused all the same'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l dry-run -d 'Say what it would do to the quorum, and change nothing'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l timeout -d 'How long the servers may take to become ready for it' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l yes -d 'Do not ask. What would strand the cluster is refused all the same'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l dry-run -d 'Say what it would do to the quorum, and change nothing'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l timeout -d 'How long the servers may take to become ready for it' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l wait -d 'Also wait, within --timeout, until it has started and answers'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l yes -d 'Do not ask. What would strand the cluster is refused all the same'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l dry-run -d 'Say what it would do to the quorum, and change nothing'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from promote" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l peer-urls -d 'Where the other members will connect to the replacement [default: where they did to the dead one]' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l name -d 'What the replacement will call itself [default: as the dead one]' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l timeout -d 'How long the servers may take to become ready for it' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l even-if-alive -d 'Also a member that still answers: its data is gone for the cluster as soon as it is removed'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l yes -d 'Do not ask. What would strand the cluster is refused all the same'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l dry-run -d 'Say what it would do to the quorum, and change nothing'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from replace" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l timeout -d 'How long the servers may take to become ready for it' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l yes -d 'Do not ask. What would strand the cluster is refused all the same'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l dry-run -d 'Say what it would do to the quorum, and change nothing'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from lead" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from help" -f -a "list" -d 'Show who is a member, whether it votes, ever started, and answers'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a member, as a learner'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a member for good'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from help" -f -a "promote" -d 'Give a learner a vote'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from help" -f -a "replace" -d 'Replace a dead member: remove it, then add its replacement as a learner'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from help" -f -a "lead" -d 'Let another voter lead'
complete -c quorate -n "__fish_quorate_using_subcommand member; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and not __fish_seen_subcommand_from save verify inspect diff list prune help" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and not __fish_seen_subcommand_from save verify inspect diff list prune help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and not __fish_seen_subcommand_from save verify inspect diff list prune help" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and not __fish_seen_subcommand_from save verify inspect diff list prune help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and not __fish_seen_subcommand_from save verify inspect diff list prune help" -f -a "save" -d 'Save a snapshot of a cluster, verified before it has its name'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and not __fish_seen_subcommand_from save verify inspect diff list prune help" -f -a "verify" -d 'Verify a snapshot: digest, every page, every record'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and not __fish_seen_subcommand_from save verify inspect diff list prune help" -f -a "inspect" -d 'Show what is in a snapshot: members, keys by prefix, users, alarms, Kubernetes resources'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and not __fish_seen_subcommand_from save verify inspect diff list prune help" -f -a "diff" -d 'Compare a snapshot with another, or with a running cluster'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and not __fish_seen_subcommand_from save verify inspect diff list prune help" -f -a "list" -d 'List the snapshots of a directory'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and not __fish_seen_subcommand_from save verify inspect diff list prune help" -f -a "prune" -d 'Delete old snapshots of a directory; without --yes only say which'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and not __fish_seen_subcommand_from save verify inspect diff list prune help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l to -d 'Where it goes: a file, or a directory; the same as the second argument' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l from -d 'The member to ask, by name, id or address [default: the freshest that is not the leader]' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l timeout -d 'Looking at the cluster, and opening the stream, take no longer' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l idle -d 'Give up when nothing comes for this long' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l all-members -d 'Save one of every member that answers; DIR only'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l force -d 'When FILE is there, rename it and its manifest, and save'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from save" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from verify" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from verify" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from verify" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from inspect" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from inspect" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from inspect" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from inspect" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l examples -d 'How many keys to show' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l timeout -d 'Hashing all data of a member takes no longer' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from list" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from prune" -l keep -d 'Keep the newest N of each cluster' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from prune" -l keep-days -d 'Keep what is younger than D days' -r
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from prune" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from prune" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from prune" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from prune" -l yes -d 'Delete; without it nothing is'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from prune" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from help" -f -a "save" -d 'Save a snapshot of a cluster, verified before it has its name'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Verify a snapshot: digest, every page, every record'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from help" -f -a "inspect" -d 'Show what is in a snapshot: members, keys by prefix, users, alarms, Kubernetes resources'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from help" -f -a "diff" -d 'Compare a snapshot with another, or with a running cluster'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the snapshots of a directory'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from help" -f -a "prune" -d 'Delete old snapshots of a directory; without --yes only say which'
complete -c quorate -n "__fish_quorate_using_subcommand snapshot; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and not __fish_seen_subcommand_from plan run resume rollback status help" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and not __fish_seen_subcommand_from plan run resume rollback status help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand recover; and not __fish_seen_subcommand_from plan run resume rollback status help" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and not __fish_seen_subcommand_from plan run resume rollback status help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and not __fish_seen_subcommand_from plan run resume rollback status help" -f -a "plan" -d 'Say what would be lost and what would be done; change nothing'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and not __fish_seen_subcommand_from plan run resume rollback status help" -f -a "run" -d 'Make a plan, ask for consent, and carry it out'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and not __fish_seen_subcommand_from plan run resume rollback status help" -f -a "resume" -d 'Go on with, or undo, a run that did not come to its end'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and not __fish_seen_subcommand_from plan run resume rollback status help" -f -a "rollback" -d 'Go on with, or undo, a run that did not come to its end'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and not __fish_seen_subcommand_from plan run resume rollback status help" -f -a "status" -d 'List runs, or show one'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and not __fish_seen_subcommand_from plan run resume rollback status help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l assume-dead -d 'This member is dead and will not come back: recorded as your statement' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l snapshot -d 'Begin with this snapshot: for when no disk is left that holds more' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts, as in `quorate schema plan`'
markdown\t'For a ticket'
script\t'A commented POSIX script for each host, for where no program may be brought'"
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l to -d 'With `-o script`: write the scripts, the order in which they are run and the plan to this directory' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l assume-dead -d 'This member is dead and will not come back: recorded as your statement' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l snapshot -d 'Begin with this snapshot: for when no disk is left that holds more' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l service-timeout -d 'A service that does not stop, or start, for this long has failed to' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l idle -d 'Give a snapshot up when nothing of it comes for this long' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l dry-run -d 'Look at every precondition that can be looked at now, and change nothing'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -l yes -d 'Do not ask for the id of the cluster'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l run -d 'Which run [default: the only one that is not at its end]' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l service-timeout -d 'A service that does not stop, or start, for this long has failed to' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l idle -d 'Give a snapshot up when nothing of it comes for this long' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -l yes -d 'Do not ask for the id of the cluster'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l backend -d 'What runs at --endpoints' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l endpoints -d 'Client URLs of one cluster, separated by commas' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l cacert -d 'CA bundle (PEM) that signed the servers\' certificates' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l cert -d 'Client certificate (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l key -d 'Client key (PEM)' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l server-name -d 'Name to verify in the servers\' certificates instead of the host' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l user -d 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l password-file -d 'File with the password, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l token-file -d 'File with Consul\'s token, - for stdin' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l run -d 'Which run [default: the only one that is not at its end]' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l service-timeout -d 'A service that does not stop, or start, for this long has failed to' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l idle -d 'Give a snapshot up when nothing of it comes for this long' -r
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l all -d 'Every cluster of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l insecure-skip-tls-verify -d 'Do not verify the servers\' certificates; what is wrong with them is still reported'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -l yes -d 'Do not ask for the id of the cluster'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from status" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'
markdown\t'The report of one run'"
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from status" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from status" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from help" -f -a "plan" -d 'Say what would be lost and what would be done; change nothing'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from help" -f -a "run" -d 'Make a plan, ask for consent, and carry it out'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from help" -f -a "resume" -d 'Go on with, or undo, a run that did not come to its end'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from help" -f -a "rollback" -d 'Go on with, or undo, a run that did not come to its end'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from help" -f -a "status" -d 'List runs, or show one'
complete -c quorate -n "__fish_quorate_using_subcommand recover; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and not __fish_seen_subcommand_from list run due show help" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand drill; and not __fish_seen_subcommand_from list run due show help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand drill; and not __fish_seen_subcommand_from list run due show help" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and not __fish_seen_subcommand_from list run due show help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and not __fish_seen_subcommand_from list run due show help" -f -a "list" -d 'List the scenarios and the drills that are kept'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and not __fish_seen_subcommand_from list run due show help" -f -a "run" -d 'Drill: a throwaway cluster, writers, a fault, the recovery, a verdict'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and not __fish_seen_subcommand_from list run due show help" -f -a "due" -d 'Say whether a drill is due: a gate for CI'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and not __fish_seen_subcommand_from list run due show help" -f -a "show" -d 'Show a drill again'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and not __fish_seen_subcommand_from list run due show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from list" -l evidence -d 'Where the evidence of all drills is kept [default: $QUORATE_EVIDENCE, or under the state directory]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from list" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from run" -l version -d 'Exactly this version of the server [default: the first found]' -r
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from run" -l nodes -d 'How many members [default: what the scenario needs]' -r
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from run" -l verify-with -d 'A command for `sh -c`, run against the recovered cluster before the keys are read back: not 0 fails the drill' -r
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from run" -l max-outage -d 'Clients must be able to write again this long after the fault' -r
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from run" -l evidence -d 'Where the evidence of all drills is kept [default: $QUORATE_EVIDENCE, or under the state directory]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from run" -s o -l output -d 'Output format' -r -f -a "table\t'for people'
json\t'for scripts, as in `quorate schema drill`'
markdown\t'for a ticket or an audit'
html\t'a page with a picture of what happened when'"
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from run" -l report -d 'Also write the same result in another format to a file' -r
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from run" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from run" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from run" -l tls -d 'TLS between everybody'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from run" -l keep -d 'Leave the lab as it is in the end'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from due" -l max-age -d 'The greatest age' -r
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from due" -l scenario -d 'Which scenarios must have passed' -r -f -a "stuck-quorum\t''
dead-return\t''
corrupt-survivor\t''
minority-partition\t''
slow-disk\t''"
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from due" -l server-version -d 'Only drills of this version of the server count, or of this minor version' -r
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from due" -l fail-on -d 'What makes the exit code non-zero' -r -f -a "warning\t'Also one that is due soon'
critical\t'One that is due'"
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from due" -l evidence -d 'Where the evidence of all drills is kept [default: $QUORATE_EVIDENCE, or under the state directory]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from due" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from due" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from due" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from due" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from due" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from show" -l evidence -d 'Where the evidence of all drills is kept [default: $QUORATE_EVIDENCE, or under the state directory]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from show" -s o -l output -d 'Output format' -r -f -a "table\t'for people'
json\t'for scripts, as in `quorate schema drill`'
markdown\t'for a ticket or an audit'
html\t'a page with a picture of what happened when'"
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from show" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from show" -l verify -d 'Compare every file of all evidence with what was sealed'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the scenarios and the drills that are kept'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from help" -f -a "run" -d 'Drill: a throwaway cluster, writers, a fault, the recovery, a verdict'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from help" -f -a "due" -d 'Say whether a drill is due: a gate for CI'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a drill again'
complete -c quorate -n "__fish_quorate_using_subcommand drill; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and not __fish_seen_subcommand_from list show run help" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and not __fish_seen_subcommand_from list show run help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and not __fish_seen_subcommand_from list show run help" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and not __fish_seen_subcommand_from list show run help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and not __fish_seen_subcommand_from list show run help" -f -a "list" -d 'List the pages, and which findings name them'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and not __fish_seen_subcommand_from list show run help" -f -a "show" -d 'Show a page'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and not __fish_seen_subcommand_from list show run help" -f -a "run" -d 'Run the commands of a page one after the other'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and not __fish_seen_subcommand_from list show run help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from list" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from show" -l set -d 'What `{NAME}` stands for' -r
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from show" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from show" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from run" -l set -d 'What `{NAME}` stands for' -r
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from run" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from run" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from run" -l dry-run -d 'Say what would be run, and run nothing'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from run" -l yes -d 'Do not ask: each change is given --yes'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the pages, and which findings name them'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a page'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from help" -f -a "run" -d 'Run the commands of a page one after the other'
complete -c quorate -n "__fish_quorate_using_subcommand runbook; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand explain" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand explain" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand explain" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand explain" -l list -d 'Every check with its question'
complete -c quorate -n "__fish_quorate_using_subcommand explain" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand size" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand size" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand size" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand size" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand size" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand schema" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand schema" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand schema" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand completions" -l all -d 'Write the file of every shell into a directory' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand completions" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand completions" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand completions" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand man" -l dir -d 'Write one page per command into a directory' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand man" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand man" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand man" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand doctor" -s o -l output -d 'Output format' -r -f -a "table\t'For people'
json\t'For scripts'"
complete -c quorate -n "__fish_quorate_using_subcommand doctor" -l config -d 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]' -r -F
complete -c quorate -n "__fish_quorate_using_subcommand doctor" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c quorate -n "__fish_quorate_using_subcommand doctor" -s v -l verbose -d 'Show more'
complete -c quorate -n "__fish_quorate_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "check" -d 'Check clusters and say what is wrong'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "status" -d 'Show who is in: role, version, term, lag, revision, size, fsync, certificates, clocks'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "inspect" -d 'Read a data directory, log, snapshot or database offline; a server may run on it or not'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "lab" -d 'Start throwaway clusters of real servers, break them, remove them'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "probe" -d 'Measure a disk\'s fsync, a cluster\'s commit latency, or a listener\'s TLS'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "member" -d 'List, add, remove, promote and replace members, with a look at the quorum before every change'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "snapshot" -d 'Save, verify, compare and keep snapshots'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "recover" -d 'A stuck cluster back to full size: plan it, carry it out, resume it, roll it back'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "drill" -d 'Recovery drills on throwaway clusters of real servers, with evidence'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "runbook" -d 'What to do, page by page: for the night, built in'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "explain" -d 'Say what a check looks at, its thresholds and their sources, and how to fix what it finds'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "size" -d 'How many failures a cluster of N voters survives, and what one more or one less does'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "schema" -d 'Print the JSON schema of an output, or of the config file'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "completions" -d 'Print the completions of a shell'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "man" -d 'Print a manual page, or write all of them'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "doctor" -d 'Say what this machine has: real servers for the lab, tools, limits'
complete -c quorate -n "__fish_quorate_using_subcommand help; and not __fish_seen_subcommand_from check status inspect lab probe member snapshot recover drill runbook explain size schema completions man doctor help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "up" -d 'Start a cluster and wait until every member serves'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "status" -d 'Show labs and how their members stand'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "kill" -d 'Kill members'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "pause" -d 'Stop members where they are (SIGSTOP)'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "resume" -d 'Let paused members continue (SIGCONT)'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "start" -d 'Start members that do not run, with the arguments they had'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "partition" -d 'Cut the links between groups of members: \'n1,n2|n3\''
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "heal" -d 'Restore every link'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "down" -d 'Stop labs and remove what they made'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from probe" -f -a "disk" -d 'Measure how long a disk takes to make a write durable'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from probe" -f -a "commit" -d 'Measure how long a cluster takes to commit a write'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from probe" -f -a "tls" -d 'Show what a listener\'s TLS looks like to a stranger'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from member" -f -a "list" -d 'Show who is a member, whether it votes, ever started, and answers'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from member" -f -a "add" -d 'Add a member, as a learner'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from member" -f -a "remove" -d 'Remove a member for good'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from member" -f -a "promote" -d 'Give a learner a vote'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from member" -f -a "replace" -d 'Replace a dead member: remove it, then add its replacement as a learner'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from member" -f -a "lead" -d 'Let another voter lead'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from snapshot" -f -a "save" -d 'Save a snapshot of a cluster, verified before it has its name'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from snapshot" -f -a "verify" -d 'Verify a snapshot: digest, every page, every record'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from snapshot" -f -a "inspect" -d 'Show what is in a snapshot: members, keys by prefix, users, alarms, Kubernetes resources'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from snapshot" -f -a "diff" -d 'Compare a snapshot with another, or with a running cluster'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from snapshot" -f -a "list" -d 'List the snapshots of a directory'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from snapshot" -f -a "prune" -d 'Delete old snapshots of a directory; without --yes only say which'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from recover" -f -a "plan" -d 'Say what would be lost and what would be done; change nothing'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from recover" -f -a "run" -d 'Make a plan, ask for consent, and carry it out'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from recover" -f -a "resume" -d 'Go on with, or undo, a run that did not come to its end'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from recover" -f -a "rollback" -d 'Go on with, or undo, a run that did not come to its end'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from recover" -f -a "status" -d 'List runs, or show one'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from drill" -f -a "list" -d 'List the scenarios and the drills that are kept'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from drill" -f -a "run" -d 'Drill: a throwaway cluster, writers, a fault, the recovery, a verdict'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from drill" -f -a "due" -d 'Say whether a drill is due: a gate for CI'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from drill" -f -a "show" -d 'Show a drill again'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from runbook" -f -a "list" -d 'List the pages, and which findings name them'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from runbook" -f -a "show" -d 'Show a page'
complete -c quorate -n "__fish_quorate_using_subcommand help; and __fish_seen_subcommand_from runbook" -f -a "run" -d 'Run the commands of a page one after the other'
