
use builtin;
use str;

set edit:completion:arg-completer[quorate] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'quorate'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'quorate'= {
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand check 'Check clusters and say what is wrong'
            cand status 'Show who is in: role, version, term, lag, revision, size, fsync, certificates, clocks'
            cand inspect 'Read a data directory, log, snapshot or database offline; a server may run on it or not'
            cand lab 'Start throwaway clusters of real servers, break them, remove them'
            cand probe 'Measure a disk''s fsync, a cluster''s commit latency, or a listener''s TLS'
            cand member 'List, add, remove, promote and replace members, with a look at the quorum before every change'
            cand snapshot 'Save, verify, compare and keep snapshots'
            cand recover 'A stuck cluster back to full size: plan it, carry it out, resume it, roll it back'
            cand drill 'Recovery drills on throwaway clusters of real servers, with evidence'
            cand runbook 'What to do, page by page: for the night, built in'
            cand explain 'Say what a check looks at, its thresholds and their sources, and how to fix what it finds'
            cand size 'How many failures a cluster of N voters survives, and what one more or one less does'
            cand schema 'Print the JSON schema of an output, or of the config file'
            cand completions 'Print the completions of a shell'
            cand man 'Print a manual page, or write all of them'
            cand doctor 'Say what this machine has: real servers for the lab, tools, limits'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;check'= {
            cand --backend 'What runs at --endpoints'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --report 'Also write the same result in another format to a file'
            cand --fail-on 'What makes the exit code non-zero'
            cand --only 'Only these checks, separated by commas'
            cand --skip 'All but these checks, separated by commas'
            cand --timeout 'The whole check takes no longer'
            cand --window 'Look twice, this long apart, for what needs two samples [default: compare with the previous run]'
            cand --before-restart 'Only answer whether this member (name, id or address) may be restarted now: exit code 4 when it must not'
            cand --save-facts 'Keep what was seen, to replay with --facts'
            cand --snapshot 'Judge files instead of a running cluster: a snapshot of etcd (encryption at rest over all revisions, stored membership, alarms, users, what stands in the way of an upgrade); a snapshot or a data directory of ZooKeeper (what a start loses, open ACLs, what outgrows a packet) or of Consul (age, secrets that others can read, a Vault''s data in it, whether it can be restored)'
            cand --facts 'Judge what --save-facts kept instead of looking'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --all 'Every cluster of the config file'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand --deep 'Also what costs the servers something: data hashes, every stored object, legacy TLS, snapshots and logs of ZooKeeper servers on this machine'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;status'= {
            cand --backend 'What runs at --endpoints'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --timeout 'One look takes no longer'
            cand --watch 'Look again and again, this long apart [2s when no DURATION is given]; JSON comes one document a line'
            cand --count 'With --watch: end after so many looks'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --all 'Every cluster of the config file'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;inspect'= {
            cand --wal-dir 'Where the log is, when the server has --wal-dir (etcd) or dataLogDir (ZooKeeper)'
            cand --from 'With --log: from this index, or zxid, on'
            cand --to 'With --log: up to this index, or zxid'
            cand --key 'With --log: only entries that may write a key, or a node, with this prefix'
            cand --type 'With --log: only entries of these types'
            cand --voters 'With --survivors: how many voters the cluster has, when the copies do not know'
            cand -o 'Output format; with --log JSON comes one entry a line'
            cand --output 'Output format; with --log JSON comes one entry a line'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --log 'Play the log back, entry by entry'
            cand --values 'With --log: show values too, the first 256 bytes of each; they may be secrets'
            cand --survivors 'Put copies of one cluster in the order in which to recover from them, and say what may be lost'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;lab'= {
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand up 'Start a cluster and wait until every member serves'
            cand status 'Show labs and how their members stand'
            cand kill 'Kill members'
            cand pause 'Stop members where they are (SIGSTOP)'
            cand resume 'Let paused members continue (SIGCONT)'
            cand start 'Start members that do not run, with the arguments they had'
            cand partition 'Cut the links between groups of members: ''n1,n2|n3'''
            cand heal 'Restore every link'
            cand down 'Stop labs and remove what they made'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;lab;up'= {
            cand --nodes 'How many members'
            cand --tls-days 'How many days the certificates are valid, the CA''s excepted'
            cand --version 'Exactly this version of the server [default: the first found]'
            cand --dir 'Where to keep it; must be empty or absent [default: under the state directory]'
            cand --name 'What to call it [default: the backend, with a number if that is taken]'
            cand --server-arg 'A further argument for every server, such as --server-arg=--quota-backend-bytes=16777216; of etcd, {member} in it is the member''s name; for ZooKeeper a line of zoo.cfg or, with a leading dash, an option of the JVM'
            cand --timeout 'How long all members may take to serve'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --tls 'TLS between everybody: a CA of its own, a certificate for each member and for quorate'
            cand --no-client-cert-auth 'Do not ask clients for a certificate'
            cand --isolated 'Each member in a network namespace with an address of its own (needs root), so that links can be cut'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;lab;status'= {
            cand --dir 'The lab in this directory'
            cand --member 'Exit with 0 only if this member runs'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;lab;kill'= {
            cand -s 'By number or name'
            cand --signal 'By number or name'
            cand --name 'Which lab [default: the only one]'
            cand --dir 'The lab in this directory'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;lab;pause'= {
            cand --name 'Which lab [default: the only one]'
            cand --dir 'The lab in this directory'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;lab;resume'= {
            cand --name 'Which lab [default: the only one]'
            cand --dir 'The lab in this directory'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;lab;start'= {
            cand --timeout 'How long they may take to serve'
            cand --name 'Which lab [default: the only one]'
            cand --dir 'The lab in this directory'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --wait 'Wait until they serve'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;lab;partition'= {
            cand --name 'Which lab [default: the only one]'
            cand --dir 'The lab in this directory'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;lab;heal'= {
            cand --dir 'The lab in this directory'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;lab;down'= {
            cand --dir 'The lab in this directory'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --all 'Every lab'
            cand --keep 'Stop the servers, and keep data and logs'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;lab;help'= {
            cand up 'Start a cluster and wait until every member serves'
            cand status 'Show labs and how their members stand'
            cand kill 'Kill members'
            cand pause 'Stop members where they are (SIGSTOP)'
            cand resume 'Let paused members continue (SIGCONT)'
            cand start 'Start members that do not run, with the arguments they had'
            cand partition 'Cut the links between groups of members: ''n1,n2|n3'''
            cand heal 'Restore every link'
            cand down 'Stop labs and remove what they made'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;lab;help;up'= {
        }
        &'quorate;lab;help;status'= {
        }
        &'quorate;lab;help;kill'= {
        }
        &'quorate;lab;help;pause'= {
        }
        &'quorate;lab;help;resume'= {
        }
        &'quorate;lab;help;start'= {
        }
        &'quorate;lab;help;partition'= {
        }
        &'quorate;lab;help;heal'= {
        }
        &'quorate;lab;help;down'= {
        }
        &'quorate;lab;help;help'= {
        }
        &'quorate;probe'= {
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand disk 'Measure how long a disk takes to make a write durable'
            cand commit 'Measure how long a cluster takes to commit a write'
            cand tls 'Show what a listener''s TLS looks like to a stranger'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;probe;disk'= {
            cand --size 'How much to write in all'
            cand --block 'How much to write before each fdatasync'
            cand --timeout 'Stop after this long with the samples taken so far'
            cand --fail-on 'Whether a disk that is too slow makes the exit code non-zero'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --dry-run 'Say what would be written, and write nothing'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;probe;commit'= {
            cand --backend 'What runs at --endpoints'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand -n 'How many writes'
            cand --count 'How many writes'
            cand --timeout 'Give up each write after this long'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --all 'Every cluster of the config file'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand --yes 'Do not ask'
            cand --dry-run 'Look, say what would be written, and write nothing'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;probe;tls'= {
            cand -o 'Output format'
            cand --output 'Output format'
            cand --cacert 'CA bundle (PEM) to verify with [default: the system''s]'
            cand --server-name 'Name to verify instead of the host'
            cand --timeout 'The whole probe takes no longer'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;probe;help'= {
            cand disk 'Measure how long a disk takes to make a write durable'
            cand commit 'Measure how long a cluster takes to commit a write'
            cand tls 'Show what a listener''s TLS looks like to a stranger'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;probe;help;disk'= {
        }
        &'quorate;probe;help;commit'= {
        }
        &'quorate;probe;help;tls'= {
        }
        &'quorate;probe;help;help'= {
        }
        &'quorate;member'= {
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'Show who is a member, whether it votes, ever started, and answers'
            cand add 'Add a member, as a learner'
            cand remove 'Remove a member for good'
            cand promote 'Give a learner a vote'
            cand replace 'Replace a dead member: remove it, then add its replacement as a learner'
            cand lead 'Let another voter lead'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;member;list'= {
            cand --backend 'What runs at --endpoints'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --all 'Every cluster of the config file'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;member;add'= {
            cand --backend 'What runs at --endpoints'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand --peer-urls 'Where the other members will connect to it'
            cand --timeout 'How long the servers may take to become ready for it'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand --voter 'With a vote at once: it counts before it has even started'
            cand --yes 'Do not ask. What would strand the cluster is refused all the same'
            cand --dry-run 'Say what it would do to the quorum, and change nothing'
            cand --all 'Every cluster of the config file'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;member;remove'= {
            cand --backend 'What runs at --endpoints'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand --timeout 'How long the servers may take to become ready for it'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand --yes 'Do not ask. What would strand the cluster is refused all the same'
            cand --dry-run 'Say what it would do to the quorum, and change nothing'
            cand --all 'Every cluster of the config file'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;member;promote'= {
            cand --backend 'What runs at --endpoints'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand --timeout 'How long the servers may take to become ready for it'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand --wait 'Also wait, within --timeout, until it has started and answers'
            cand --yes 'Do not ask. What would strand the cluster is refused all the same'
            cand --dry-run 'Say what it would do to the quorum, and change nothing'
            cand --all 'Every cluster of the config file'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;member;replace'= {
            cand --backend 'What runs at --endpoints'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand --peer-urls 'Where the other members will connect to the replacement [default: where they did to the dead one]'
            cand --name 'What the replacement will call itself [default: as the dead one]'
            cand --timeout 'How long the servers may take to become ready for it'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand --even-if-alive 'Also a member that still answers: its data is gone for the cluster as soon as it is removed'
            cand --yes 'Do not ask. What would strand the cluster is refused all the same'
            cand --dry-run 'Say what it would do to the quorum, and change nothing'
            cand --all 'Every cluster of the config file'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;member;lead'= {
            cand --backend 'What runs at --endpoints'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand --timeout 'How long the servers may take to become ready for it'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand --yes 'Do not ask. What would strand the cluster is refused all the same'
            cand --dry-run 'Say what it would do to the quorum, and change nothing'
            cand --all 'Every cluster of the config file'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;member;help'= {
            cand list 'Show who is a member, whether it votes, ever started, and answers'
            cand add 'Add a member, as a learner'
            cand remove 'Remove a member for good'
            cand promote 'Give a learner a vote'
            cand replace 'Replace a dead member: remove it, then add its replacement as a learner'
            cand lead 'Let another voter lead'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;member;help;list'= {
        }
        &'quorate;member;help;add'= {
        }
        &'quorate;member;help;remove'= {
        }
        &'quorate;member;help;promote'= {
        }
        &'quorate;member;help;replace'= {
        }
        &'quorate;member;help;lead'= {
        }
        &'quorate;member;help;help'= {
        }
        &'quorate;snapshot'= {
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand save 'Save a snapshot of a cluster, verified before it has its name'
            cand verify 'Verify a snapshot: digest, every page, every record'
            cand inspect 'Show what is in a snapshot: members, keys by prefix, users, alarms, Kubernetes resources'
            cand diff 'Compare a snapshot with another, or with a running cluster'
            cand list 'List the snapshots of a directory'
            cand prune 'Delete old snapshots of a directory; without --yes only say which'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;snapshot;save'= {
            cand --backend 'What runs at --endpoints'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand --to 'Where it goes: a file, or a directory; the same as the second argument'
            cand --from 'The member to ask, by name, id or address [default: the freshest that is not the leader]'
            cand --timeout 'Looking at the cluster, and opening the stream, take no longer'
            cand --idle 'Give up when nothing comes for this long'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --all 'Every cluster of the config file'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand --all-members 'Save one of every member that answers; DIR only'
            cand --force 'When FILE is there, rename it and its manifest, and save'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;snapshot;verify'= {
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;snapshot;inspect'= {
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;snapshot;diff'= {
            cand --backend 'What runs at --endpoints'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand --examples 'How many keys to show'
            cand --timeout 'Hashing all data of a member takes no longer'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --all 'Every cluster of the config file'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;snapshot;list'= {
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;snapshot;prune'= {
            cand --keep 'Keep the newest N of each cluster'
            cand --keep-days 'Keep what is younger than D days'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --yes 'Delete; without it nothing is'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;snapshot;help'= {
            cand save 'Save a snapshot of a cluster, verified before it has its name'
            cand verify 'Verify a snapshot: digest, every page, every record'
            cand inspect 'Show what is in a snapshot: members, keys by prefix, users, alarms, Kubernetes resources'
            cand diff 'Compare a snapshot with another, or with a running cluster'
            cand list 'List the snapshots of a directory'
            cand prune 'Delete old snapshots of a directory; without --yes only say which'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;snapshot;help;save'= {
        }
        &'quorate;snapshot;help;verify'= {
        }
        &'quorate;snapshot;help;inspect'= {
        }
        &'quorate;snapshot;help;diff'= {
        }
        &'quorate;snapshot;help;list'= {
        }
        &'quorate;snapshot;help;prune'= {
        }
        &'quorate;snapshot;help;help'= {
        }
        &'quorate;recover'= {
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand plan 'Say what would be lost and what would be done; change nothing'
            cand run 'Make a plan, ask for consent, and carry it out'
            cand resume 'Go on with, or undo, a run that did not come to its end'
            cand rollback 'Go on with, or undo, a run that did not come to its end'
            cand status 'List runs, or show one'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;recover;plan'= {
            cand --backend 'What runs at --endpoints'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand --assume-dead 'This member is dead and will not come back: recorded as your statement'
            cand --snapshot 'Begin with this snapshot: for when no disk is left that holds more'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --to 'With `-o script`: write the scripts, the order in which they are run and the plan to this directory'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --all 'Every cluster of the config file'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;recover;run'= {
            cand --backend 'What runs at --endpoints'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand --assume-dead 'This member is dead and will not come back: recorded as your statement'
            cand --snapshot 'Begin with this snapshot: for when no disk is left that holds more'
            cand --service-timeout 'A service that does not stop, or start, for this long has failed to'
            cand --idle 'Give a snapshot up when nothing of it comes for this long'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --all 'Every cluster of the config file'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand --dry-run 'Look at every precondition that can be looked at now, and change nothing'
            cand --yes 'Do not ask for the id of the cluster'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;recover;resume'= {
            cand --backend 'What runs at --endpoints'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand --run 'Which run [default: the only one that is not at its end]'
            cand --service-timeout 'A service that does not stop, or start, for this long has failed to'
            cand --idle 'Give a snapshot up when nothing of it comes for this long'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --all 'Every cluster of the config file'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand --yes 'Do not ask for the id of the cluster'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;recover;rollback'= {
            cand --backend 'What runs at --endpoints'
            cand --endpoints 'Client URLs of one cluster, separated by commas'
            cand --cacert 'CA bundle (PEM) that signed the servers'' certificates'
            cand --cert 'Client certificate (PEM)'
            cand --key 'Client key (PEM)'
            cand --server-name 'Name to verify in the servers'' certificates instead of the host'
            cand --user 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD'
            cand --password-file 'File with the password, - for stdin'
            cand --token-file 'File with Consul''s token, - for stdin'
            cand --run 'Which run [default: the only one that is not at its end]'
            cand --service-timeout 'A service that does not stop, or start, for this long has failed to'
            cand --idle 'Give a snapshot up when nothing of it comes for this long'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --all 'Every cluster of the config file'
            cand --insecure-skip-tls-verify 'Do not verify the servers'' certificates; what is wrong with them is still reported'
            cand --yes 'Do not ask for the id of the cluster'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;recover;status'= {
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;recover;help'= {
            cand plan 'Say what would be lost and what would be done; change nothing'
            cand run 'Make a plan, ask for consent, and carry it out'
            cand resume 'Go on with, or undo, a run that did not come to its end'
            cand rollback 'Go on with, or undo, a run that did not come to its end'
            cand status 'List runs, or show one'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;recover;help;plan'= {
        }
        &'quorate;recover;help;run'= {
        }
        &'quorate;recover;help;resume'= {
        }
        &'quorate;recover;help;rollback'= {
        }
        &'quorate;recover;help;status'= {
        }
        &'quorate;recover;help;help'= {
        }
        &'quorate;drill'= {
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List the scenarios and the drills that are kept'
            cand run 'Drill: a throwaway cluster, writers, a fault, the recovery, a verdict'
            cand due 'Say whether a drill is due: a gate for CI'
            cand show 'Show a drill again'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;drill;list'= {
            cand --evidence 'Where the evidence of all drills is kept [default: $QUORATE_EVIDENCE, or under the state directory]'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;drill;run'= {
            cand --version 'Exactly this version of the server [default: the first found]'
            cand --nodes 'How many members [default: what the scenario needs]'
            cand --verify-with 'A command for `sh -c`, run against the recovered cluster before the keys are read back: not 0 fails the drill'
            cand --max-outage 'Clients must be able to write again this long after the fault'
            cand --evidence 'Where the evidence of all drills is kept [default: $QUORATE_EVIDENCE, or under the state directory]'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --report 'Also write the same result in another format to a file'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --tls 'TLS between everybody'
            cand --keep 'Leave the lab as it is in the end'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;drill;due'= {
            cand --max-age 'The greatest age'
            cand --scenario 'Which scenarios must have passed'
            cand --server-version 'Only drills of this version of the server count, or of this minor version'
            cand --fail-on 'What makes the exit code non-zero'
            cand --evidence 'Where the evidence of all drills is kept [default: $QUORATE_EVIDENCE, or under the state directory]'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;drill;show'= {
            cand --evidence 'Where the evidence of all drills is kept [default: $QUORATE_EVIDENCE, or under the state directory]'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --verify 'Compare every file of all evidence with what was sealed'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;drill;help'= {
            cand list 'List the scenarios and the drills that are kept'
            cand run 'Drill: a throwaway cluster, writers, a fault, the recovery, a verdict'
            cand due 'Say whether a drill is due: a gate for CI'
            cand show 'Show a drill again'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;drill;help;list'= {
        }
        &'quorate;drill;help;run'= {
        }
        &'quorate;drill;help;due'= {
        }
        &'quorate;drill;help;show'= {
        }
        &'quorate;drill;help;help'= {
        }
        &'quorate;runbook'= {
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List the pages, and which findings name them'
            cand show 'Show a page'
            cand run 'Run the commands of a page one after the other'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;runbook;list'= {
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;runbook;show'= {
            cand --set 'What `{NAME}` stands for'
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;runbook;run'= {
            cand --set 'What `{NAME}` stands for'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --dry-run 'Say what would be run, and run nothing'
            cand --yes 'Do not ask: each change is given --yes'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;runbook;help'= {
            cand list 'List the pages, and which findings name them'
            cand show 'Show a page'
            cand run 'Run the commands of a page one after the other'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;runbook;help;list'= {
        }
        &'quorate;runbook;help;show'= {
        }
        &'quorate;runbook;help;run'= {
        }
        &'quorate;runbook;help;help'= {
        }
        &'quorate;explain'= {
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand --list 'Every check with its question'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;size'= {
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;schema'= {
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;completions'= {
            cand --all 'Write the file of every shell into a directory'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;man'= {
            cand --dir 'Write one page per command into a directory'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;doctor'= {
            cand -o 'Output format'
            cand --output 'Output format'
            cand --config 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]'
            cand --color 'When to use colour'
            cand -v 'Show more'
            cand --verbose 'Show more'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'quorate;help'= {
            cand check 'Check clusters and say what is wrong'
            cand status 'Show who is in: role, version, term, lag, revision, size, fsync, certificates, clocks'
            cand inspect 'Read a data directory, log, snapshot or database offline; a server may run on it or not'
            cand lab 'Start throwaway clusters of real servers, break them, remove them'
            cand probe 'Measure a disk''s fsync, a cluster''s commit latency, or a listener''s TLS'
            cand member 'List, add, remove, promote and replace members, with a look at the quorum before every change'
            cand snapshot 'Save, verify, compare and keep snapshots'
            cand recover 'A stuck cluster back to full size: plan it, carry it out, resume it, roll it back'
            cand drill 'Recovery drills on throwaway clusters of real servers, with evidence'
            cand runbook 'What to do, page by page: for the night, built in'
            cand explain 'Say what a check looks at, its thresholds and their sources, and how to fix what it finds'
            cand size 'How many failures a cluster of N voters survives, and what one more or one less does'
            cand schema 'Print the JSON schema of an output, or of the config file'
            cand completions 'Print the completions of a shell'
            cand man 'Print a manual page, or write all of them'
            cand doctor 'Say what this machine has: real servers for the lab, tools, limits'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'quorate;help;check'= {
        }
        &'quorate;help;status'= {
        }
        &'quorate;help;inspect'= {
        }
        &'quorate;help;lab'= {
            cand up 'Start a cluster and wait until every member serves'
            cand status 'Show labs and how their members stand'
            cand kill 'Kill members'
            cand pause 'Stop members where they are (SIGSTOP)'
            cand resume 'Let paused members continue (SIGCONT)'
            cand start 'Start members that do not run, with the arguments they had'
            cand partition 'Cut the links between groups of members: ''n1,n2|n3'''
            cand heal 'Restore every link'
            cand down 'Stop labs and remove what they made'
        }
        &'quorate;help;lab;up'= {
        }
        &'quorate;help;lab;status'= {
        }
        &'quorate;help;lab;kill'= {
        }
        &'quorate;help;lab;pause'= {
        }
        &'quorate;help;lab;resume'= {
        }
        &'quorate;help;lab;start'= {
        }
        &'quorate;help;lab;partition'= {
        }
        &'quorate;help;lab;heal'= {
        }
        &'quorate;help;lab;down'= {
        }
        &'quorate;help;probe'= {
            cand disk 'Measure how long a disk takes to make a write durable'
            cand commit 'Measure how long a cluster takes to commit a write'
            cand tls 'Show what a listener''s TLS looks like to a stranger'
        }
        &'quorate;help;probe;disk'= {
        }
        &'quorate;help;probe;commit'= {
        }
        &'quorate;help;probe;tls'= {
        }
        &'quorate;help;member'= {
            cand list 'Show who is a member, whether it votes, ever started, and answers'
            cand add 'Add a member, as a learner'
            cand remove 'Remove a member for good'
            cand promote 'Give a learner a vote'
            cand replace 'Replace a dead member: remove it, then add its replacement as a learner'
            cand lead 'Let another voter lead'
        }
        &'quorate;help;member;list'= {
        }
        &'quorate;help;member;add'= {
        }
        &'quorate;help;member;remove'= {
        }
        &'quorate;help;member;promote'= {
        }
        &'quorate;help;member;replace'= {
        }
        &'quorate;help;member;lead'= {
        }
        &'quorate;help;snapshot'= {
            cand save 'Save a snapshot of a cluster, verified before it has its name'
            cand verify 'Verify a snapshot: digest, every page, every record'
            cand inspect 'Show what is in a snapshot: members, keys by prefix, users, alarms, Kubernetes resources'
            cand diff 'Compare a snapshot with another, or with a running cluster'
            cand list 'List the snapshots of a directory'
            cand prune 'Delete old snapshots of a directory; without --yes only say which'
        }
        &'quorate;help;snapshot;save'= {
        }
        &'quorate;help;snapshot;verify'= {
        }
        &'quorate;help;snapshot;inspect'= {
        }
        &'quorate;help;snapshot;diff'= {
        }
        &'quorate;help;snapshot;list'= {
        }
        &'quorate;help;snapshot;prune'= {
        }
        &'quorate;help;recover'= {
            cand plan 'Say what would be lost and what would be done; change nothing'
            cand run 'Make a plan, ask for consent, and carry it out'
            cand resume 'Go on with, or undo, a run that did not come to its end'
            cand rollback 'Go on with, or undo, a run that did not come to its end'
            cand status 'List runs, or show one'
        }
        &'quorate;help;recover;plan'= {
        }
        &'quorate;help;recover;run'= {
        }
        &'quorate;help;recover;resume'= {
        }
        &'quorate;help;recover;rollback'= {
        }
        &'quorate;help;recover;status'= {
        }
        &'quorate;help;drill'= {
            cand list 'List the scenarios and the drills that are kept'
            cand run 'Drill: a throwaway cluster, writers, a fault, the recovery, a verdict'
            cand due 'Say whether a drill is due: a gate for CI'
            cand show 'Show a drill again'
        }
        &'quorate;help;drill;list'= {
        }
        &'quorate;help;drill;run'= {
        }
        &'quorate;help;drill;due'= {
        }
        &'quorate;help;drill;show'= {
        }
        &'quorate;help;runbook'= {
            cand list 'List the pages, and which findings name them'
            cand show 'Show a page'
            cand run 'Run the commands of a page one after the other'
        }
        &'quorate;help;runbook;list'= {
        }
        &'quorate;help;runbook;show'= {
        }
        &'quorate;help;runbook;run'= {
        }
        &'quorate;help;explain'= {
        }
        &'quorate;help;size'= {
        }
        &'quorate;help;schema'= {
        }
        &'quorate;help;completions'= {
        }
        &'quorate;help;man'= {
        }
        &'quorate;help;doctor'= {
        }
        &'quorate;help;help'= {
        }
    ]
    $completions[$command]
}
