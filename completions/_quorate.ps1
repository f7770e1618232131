
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'quorate' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'quorate'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'quorate' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check clusters and say what is wrong')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show who is in: role, version, term, lag, revision, size, fsync, certificates, clocks')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Read a data directory, log, snapshot or database offline; a server may run on it or not')
            [CompletionResult]::new('lab', 'lab', [CompletionResultType]::ParameterValue, 'Start throwaway clusters of real servers, break them, remove them')
            [CompletionResult]::new('probe', 'probe', [CompletionResultType]::ParameterValue, 'Measure a disk''s fsync, a cluster''s commit latency, or a listener''s TLS')
            [CompletionResult]::new('member', 'member', [CompletionResultType]::ParameterValue, 'List, add, remove, promote and replace members, with a look at the quorum before every change')
            [CompletionResult]::new('snapshot', 'snapshot', [CompletionResultType]::ParameterValue, 'Save, verify, compare and keep snapshots')
            [CompletionResult]::new('recover', 'recover', [CompletionResultType]::ParameterValue, 'A stuck cluster back to full size: plan it, carry it out, resume it, roll it back')
            [CompletionResult]::new('drill', 'drill', [CompletionResultType]::ParameterValue, 'Recovery drills on throwaway clusters of real servers, with evidence')
            [CompletionResult]::new('runbook', 'runbook', [CompletionResultType]::ParameterValue, 'What to do, page by page: for the night, built in')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Say what a check looks at, its thresholds and their sources, and how to fix what it finds')
            [CompletionResult]::new('size', 'size', [CompletionResultType]::ParameterValue, 'How many failures a cluster of N voters survives, and what one more or one less does')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON schema of an output, or of the config file')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completions of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page, or write all of them')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Say what this machine has: real servers for the lab, tools, limits')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;check' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Also write the same result in another format to a file')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'What makes the exit code non-zero')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Only these checks, separated by commas')
            [CompletionResult]::new('--skip', '--skip', [CompletionResultType]::ParameterName, 'All but these checks, separated by commas')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'The whole check takes no longer')
            [CompletionResult]::new('--window', '--window', [CompletionResultType]::ParameterName, 'Look twice, this long apart, for what needs two samples [default: compare with the previous run]')
            [CompletionResult]::new('--before-restart', '--before-restart', [CompletionResultType]::ParameterName, 'Only answer whether this member (name, id or address) may be restarted now: exit code 4 when it must not')
            [CompletionResult]::new('--save-facts', '--save-facts', [CompletionResultType]::ParameterName, 'Keep what was seen, to replay with --facts')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Judge files instead of a running cluster: a snapshot of etcd (encryption at rest over all revisions, stored membership, alarms, users, what stands in the way of an upgrade); a snapshot or a data directory of ZooKeeper (what a start loses, open ACLs, what outgrows a packet) or of Consul (age, secrets that others can read, a Vault''s data in it, whether it can be restored)')
            [CompletionResult]::new('--facts', '--facts', [CompletionResultType]::ParameterName, 'Judge what --save-facts kept instead of looking')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('--deep', '--deep', [CompletionResultType]::ParameterName, 'Also what costs the servers something: data hashes, every stored object, legacy TLS, snapshots and logs of ZooKeeper servers on this machine')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;status' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'One look takes no longer')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Look again and again, this long apart [2s when no DURATION is given]; JSON comes one document a line')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'With --watch: end after so many looks')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;inspect' {
            [CompletionResult]::new('--wal-dir', '--wal-dir', [CompletionResultType]::ParameterName, 'Where the log is, when the server has --wal-dir (etcd) or dataLogDir (ZooKeeper)')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'With --log: from this index, or zxid, on')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'With --log: up to this index, or zxid')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'With --log: only entries that may write a key, or a node, with this prefix')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'With --log: only entries of these types')
            [CompletionResult]::new('--voters', '--voters', [CompletionResultType]::ParameterName, 'With --survivors: how many voters the cluster has, when the copies do not know')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format; with --log JSON comes one entry a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format; with --log JSON comes one entry a line')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Play the log back, entry by entry')
            [CompletionResult]::new('--values', '--values', [CompletionResultType]::ParameterName, 'With --log: show values too, the first 256 bytes of each; they may be secrets')
            [CompletionResult]::new('--survivors', '--survivors', [CompletionResultType]::ParameterName, 'Put copies of one cluster in the order in which to recover from them, and say what may be lost')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;lab' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('up', 'up', [CompletionResultType]::ParameterValue, 'Start a cluster and wait until every member serves')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show labs and how their members stand')
            [CompletionResult]::new('kill', 'kill', [CompletionResultType]::ParameterValue, 'Kill members')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Stop members where they are (SIGSTOP)')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Let paused members continue (SIGCONT)')
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start members that do not run, with the arguments they had')
            [CompletionResult]::new('partition', 'partition', [CompletionResultType]::ParameterValue, 'Cut the links between groups of members: ''n1,n2|n3''')
            [CompletionResult]::new('heal', 'heal', [CompletionResultType]::ParameterValue, 'Restore every link')
            [CompletionResult]::new('down', 'down', [CompletionResultType]::ParameterValue, 'Stop labs and remove what they made')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;lab;up' {
            [CompletionResult]::new('--nodes', '--nodes', [CompletionResultType]::ParameterName, 'How many members')
            [CompletionResult]::new('--tls-days', '--tls-days', [CompletionResultType]::ParameterName, 'How many days the certificates are valid, the CA''s excepted')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Exactly this version of the server [default: the first found]')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Where to keep it; must be empty or absent [default: under the state directory]')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'What to call it [default: the backend, with a number if that is taken]')
            [CompletionResult]::new('--server-arg', '--server-arg', [CompletionResultType]::ParameterName, 'A further argument for every server, such as --server-arg=--quota-backend-bytes=16777216; of etcd, {member} in it is the member''s name; for ZooKeeper a line of zoo.cfg or, with a leading dash, an option of the JVM')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long all members may take to serve')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'TLS between everybody: a CA of its own, a certificate for each member and for quorate')
            [CompletionResult]::new('--no-client-cert-auth', '--no-client-cert-auth', [CompletionResultType]::ParameterName, 'Do not ask clients for a certificate')
            [CompletionResult]::new('--isolated', '--isolated', [CompletionResultType]::ParameterName, 'Each member in a network namespace with an address of its own (needs root), so that links can be cut')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;lab;status' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'The lab in this directory')
            [CompletionResult]::new('--member', '--member', [CompletionResultType]::ParameterName, 'Exit with 0 only if this member runs')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;lab;kill' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'By number or name')
            [CompletionResult]::new('--signal', '--signal', [CompletionResultType]::ParameterName, 'By number or name')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Which lab [default: the only one]')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'The lab in this directory')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;lab;pause' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Which lab [default: the only one]')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'The lab in this directory')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;lab;resume' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Which lab [default: the only one]')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'The lab in this directory')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;lab;start' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long they may take to serve')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Which lab [default: the only one]')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'The lab in this directory')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until they serve')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;lab;partition' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Which lab [default: the only one]')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'The lab in this directory')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;lab;heal' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'The lab in this directory')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;lab;down' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'The lab in this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every lab')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Stop the servers, and keep data and logs')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;lab;help' {
            [CompletionResult]::new('up', 'up', [CompletionResultType]::ParameterValue, 'Start a cluster and wait until every member serves')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show labs and how their members stand')
            [CompletionResult]::new('kill', 'kill', [CompletionResultType]::ParameterValue, 'Kill members')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Stop members where they are (SIGSTOP)')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Let paused members continue (SIGCONT)')
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start members that do not run, with the arguments they had')
            [CompletionResult]::new('partition', 'partition', [CompletionResultType]::ParameterValue, 'Cut the links between groups of members: ''n1,n2|n3''')
            [CompletionResult]::new('heal', 'heal', [CompletionResultType]::ParameterValue, 'Restore every link')
            [CompletionResult]::new('down', 'down', [CompletionResultType]::ParameterValue, 'Stop labs and remove what they made')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;lab;help;up' {
            break
        }
        'quorate;lab;help;status' {
            break
        }
        'quorate;lab;help;kill' {
            break
        }
        'quorate;lab;help;pause' {
            break
        }
        'quorate;lab;help;resume' {
            break
        }
        'quorate;lab;help;start' {
            break
        }
        'quorate;lab;help;partition' {
            break
        }
        'quorate;lab;help;heal' {
            break
        }
        'quorate;lab;help;down' {
            break
        }
        'quorate;lab;help;help' {
            break
        }
        'quorate;probe' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('disk', 'disk', [CompletionResultType]::ParameterValue, 'Measure how long a disk takes to make a write durable')
            [CompletionResult]::new('commit', 'commit', [CompletionResultType]::ParameterValue, 'Measure how long a cluster takes to commit a write')
            [CompletionResult]::new('tls', 'tls', [CompletionResultType]::ParameterValue, 'Show what a listener''s TLS looks like to a stranger')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;probe;disk' {
            [CompletionResult]::new('--size', '--size', [CompletionResultType]::ParameterName, 'How much to write in all')
            [CompletionResult]::new('--block', '--block', [CompletionResultType]::ParameterName, 'How much to write before each fdatasync')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Stop after this long with the samples taken so far')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Whether a disk that is too slow makes the exit code non-zero')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be written, and write nothing')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;probe;commit' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'How many writes')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'How many writes')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up each write after this long')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Look, say what would be written, and write nothing')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;probe;tls' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) to verify with [default: the system''s]')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify instead of the host')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'The whole probe takes no longer')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;probe;help' {
            [CompletionResult]::new('disk', 'disk', [CompletionResultType]::ParameterValue, 'Measure how long a disk takes to make a write durable')
            [CompletionResult]::new('commit', 'commit', [CompletionResultType]::ParameterValue, 'Measure how long a cluster takes to commit a write')
            [CompletionResult]::new('tls', 'tls', [CompletionResultType]::ParameterValue, 'Show what a listener''s TLS looks like to a stranger')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;probe;help;disk' {
            break
        }
        'quorate;probe;help;commit' {
            break
        }
        'quorate;probe;help;tls' {
            break
        }
        'quorate;probe;help;help' {
            break
        }
        'quorate;member' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Show who is a member, whether it votes, ever started, and answers')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a member, as a learner')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a member for good')
            [CompletionResult]::new('promote', 'promote', [CompletionResultType]::ParameterValue, 'Give a learner a vote')
            [CompletionResult]::new('replace', 'replace', [CompletionResultType]::ParameterValue, 'Replace a dead member: remove it, then add its replacement as a learner')
            [CompletionResult]::new('lead', 'lead', [CompletionResultType]::ParameterValue, 'Let another voter lead')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;member;list' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;member;add' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('--peer-urls', '--peer-urls', [CompletionResultType]::ParameterName, 'Where the other members will connect to it')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long the servers may take to become ready for it')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('--voter', '--voter', [CompletionResultType]::ParameterName, 'With a vote at once: it counts before it has even started')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask. What would strand the cluster is refused all the same')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what it would do to the quorum, and change nothing')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;member;remove' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long the servers may take to become ready for it')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask. What would strand the cluster is refused all the same')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what it would do to the quorum, and change nothing')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;member;promote' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long the servers may take to become ready for it')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Also wait, within --timeout, until it has started and answers')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask. What would strand the cluster is refused all the same')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what it would do to the quorum, and change nothing')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;member;replace' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('--peer-urls', '--peer-urls', [CompletionResultType]::ParameterName, 'Where the other members will connect to the replacement [default: where they did to the dead one]')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'What the replacement will call itself [default: as the dead one]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long the servers may take to become ready for it')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('--even-if-alive', '--even-if-alive', [CompletionResultType]::ParameterName, 'Also a member that still answers: its data is gone for the cluster as soon as it is removed')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask. What would strand the cluster is refused all the same')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what it would do to the quorum, and change nothing')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;member;lead' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long the servers may take to become ready for it')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask. What would strand the cluster is refused all the same')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what it would do to the quorum, and change nothing')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;member;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Show who is a member, whether it votes, ever started, and answers')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a member, as a learner')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a member for good')
            [CompletionResult]::new('promote', 'promote', [CompletionResultType]::ParameterValue, 'Give a learner a vote')
            [CompletionResult]::new('replace', 'replace', [CompletionResultType]::ParameterValue, 'Replace a dead member: remove it, then add its replacement as a learner')
            [CompletionResult]::new('lead', 'lead', [CompletionResultType]::ParameterValue, 'Let another voter lead')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;member;help;list' {
            break
        }
        'quorate;member;help;add' {
            break
        }
        'quorate;member;help;remove' {
            break
        }
        'quorate;member;help;promote' {
            break
        }
        'quorate;member;help;replace' {
            break
        }
        'quorate;member;help;lead' {
            break
        }
        'quorate;member;help;help' {
            break
        }
        'quorate;snapshot' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('save', 'save', [CompletionResultType]::ParameterValue, 'Save a snapshot of a cluster, verified before it has its name')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Verify a snapshot: digest, every page, every record')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show what is in a snapshot: members, keys by prefix, users, alarms, Kubernetes resources')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Compare a snapshot with another, or with a running cluster')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the snapshots of a directory')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Delete old snapshots of a directory; without --yes only say which')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;snapshot;save' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Where it goes: a file, or a directory; the same as the second argument')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'The member to ask, by name, id or address [default: the freshest that is not the leader]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Looking at the cluster, and opening the stream, take no longer')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Give up when nothing comes for this long')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('--all-members', '--all-members', [CompletionResultType]::ParameterName, 'Save one of every member that answers; DIR only')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'When FILE is there, rename it and its manifest, and save')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;snapshot;verify' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;snapshot;inspect' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;snapshot;diff' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('--examples', '--examples', [CompletionResultType]::ParameterName, 'How many keys to show')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Hashing all data of a member takes no longer')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;snapshot;list' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;snapshot;prune' {
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Keep the newest N of each cluster')
            [CompletionResult]::new('--keep-days', '--keep-days', [CompletionResultType]::ParameterName, 'Keep what is younger than D days')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Delete; without it nothing is')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;snapshot;help' {
            [CompletionResult]::new('save', 'save', [CompletionResultType]::ParameterValue, 'Save a snapshot of a cluster, verified before it has its name')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Verify a snapshot: digest, every page, every record')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show what is in a snapshot: members, keys by prefix, users, alarms, Kubernetes resources')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Compare a snapshot with another, or with a running cluster')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the snapshots of a directory')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Delete old snapshots of a directory; without --yes only say which')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;snapshot;help;save' {
            break
        }
        'quorate;snapshot;help;verify' {
            break
        }
        'quorate;snapshot;help;inspect' {
            break
        }
        'quorate;snapshot;help;diff' {
            break
        }
        'quorate;snapshot;help;list' {
            break
        }
        'quorate;snapshot;help;prune' {
            break
        }
        'quorate;snapshot;help;help' {
            break
        }
        'quorate;recover' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Say what would be lost and what would be done; change nothing')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Make a plan, ask for consent, and carry it out')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Go on with, or undo, a run that did not come to its end')
            [CompletionResult]::new('rollback', 'rollback', [CompletionResultType]::ParameterValue, 'Go on with, or undo, a run that did not come to its end')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'List runs, or show one')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;recover;plan' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('--assume-dead', '--assume-dead', [CompletionResultType]::ParameterName, 'This member is dead and will not come back: recorded as your statement')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Begin with this snapshot: for when no disk is left that holds more')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'With `-o script`: write the scripts, the order in which they are run and the plan to this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;recover;run' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('--assume-dead', '--assume-dead', [CompletionResultType]::ParameterName, 'This member is dead and will not come back: recorded as your statement')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Begin with this snapshot: for when no disk is left that holds more')
            [CompletionResult]::new('--service-timeout', '--service-timeout', [CompletionResultType]::ParameterName, 'A service that does not stop, or start, for this long has failed to')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Give a snapshot up when nothing of it comes for this long')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Look at every precondition that can be looked at now, and change nothing')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for the id of the cluster')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;recover;resume' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('--run', '--run', [CompletionResultType]::ParameterName, 'Which run [default: the only one that is not at its end]')
            [CompletionResult]::new('--service-timeout', '--service-timeout', [CompletionResultType]::ParameterName, 'A service that does not stop, or start, for this long has failed to')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Give a snapshot up when nothing of it comes for this long')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for the id of the cluster')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;recover;rollback' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'What runs at --endpoints')
            [CompletionResult]::new('--endpoints', '--endpoints', [CompletionResultType]::ParameterName, 'Client URLs of one cluster, separated by commas')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'CA bundle (PEM) that signed the servers'' certificates')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--server-name', '--server-name', [CompletionResultType]::ParameterName, 'Name to verify in the servers'' certificates instead of the host')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'File with the password, - for stdin')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with Consul''s token, - for stdin')
            [CompletionResult]::new('--run', '--run', [CompletionResultType]::ParameterName, 'Which run [default: the only one that is not at its end]')
            [CompletionResult]::new('--service-timeout', '--service-timeout', [CompletionResultType]::ParameterName, 'A service that does not stop, or start, for this long has failed to')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Give a snapshot up when nothing of it comes for this long')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every cluster of the config file')
            [CompletionResult]::new('--insecure-skip-tls-verify', '--insecure-skip-tls-verify', [CompletionResultType]::ParameterName, 'Do not verify the servers'' certificates; what is wrong with them is still reported')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for the id of the cluster')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;recover;status' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;recover;help' {
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Say what would be lost and what would be done; change nothing')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Make a plan, ask for consent, and carry it out')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Go on with, or undo, a run that did not come to its end')
            [CompletionResult]::new('rollback', 'rollback', [CompletionResultType]::ParameterValue, 'Go on with, or undo, a run that did not come to its end')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'List runs, or show one')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;recover;help;plan' {
            break
        }
        'quorate;recover;help;run' {
            break
        }
        'quorate;recover;help;resume' {
            break
        }
        'quorate;recover;help;rollback' {
            break
        }
        'quorate;recover;help;status' {
            break
        }
        'quorate;recover;help;help' {
            break
        }
        'quorate;drill' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the scenarios and the drills that are kept')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Drill: a throwaway cluster, writers, a fault, the recovery, a verdict')
            [CompletionResult]::new('due', 'due', [CompletionResultType]::ParameterValue, 'Say whether a drill is due: a gate for CI')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a drill again')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;drill;list' {
            [CompletionResult]::new('--evidence', '--evidence', [CompletionResultType]::ParameterName, 'Where the evidence of all drills is kept [default: $QUORATE_EVIDENCE, or under the state directory]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;drill;run' {
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Exactly this version of the server [default: the first found]')
            [CompletionResult]::new('--nodes', '--nodes', [CompletionResultType]::ParameterName, 'How many members [default: what the scenario needs]')
            [CompletionResult]::new('--verify-with', '--verify-with', [CompletionResultType]::ParameterName, 'A command for `sh -c`, run against the recovered cluster before the keys are read back: not 0 fails the drill')
            [CompletionResult]::new('--max-outage', '--max-outage', [CompletionResultType]::ParameterName, 'Clients must be able to write again this long after the fault')
            [CompletionResult]::new('--evidence', '--evidence', [CompletionResultType]::ParameterName, 'Where the evidence of all drills is kept [default: $QUORATE_EVIDENCE, or under the state directory]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Also write the same result in another format to a file')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'TLS between everybody')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Leave the lab as it is in the end')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;drill;due' {
            [CompletionResult]::new('--max-age', '--max-age', [CompletionResultType]::ParameterName, 'The greatest age')
            [CompletionResult]::new('--scenario', '--scenario', [CompletionResultType]::ParameterName, 'Which scenarios must have passed')
            [CompletionResult]::new('--server-version', '--server-version', [CompletionResultType]::ParameterName, 'Only drills of this version of the server count, or of this minor version')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'What makes the exit code non-zero')
            [CompletionResult]::new('--evidence', '--evidence', [CompletionResultType]::ParameterName, 'Where the evidence of all drills is kept [default: $QUORATE_EVIDENCE, or under the state directory]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;drill;show' {
            [CompletionResult]::new('--evidence', '--evidence', [CompletionResultType]::ParameterName, 'Where the evidence of all drills is kept [default: $QUORATE_EVIDENCE, or under the state directory]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Compare every file of all evidence with what was sealed')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;drill;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the scenarios and the drills that are kept')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Drill: a throwaway cluster, writers, a fault, the recovery, a verdict')
            [CompletionResult]::new('due', 'due', [CompletionResultType]::ParameterValue, 'Say whether a drill is due: a gate for CI')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a drill again')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;drill;help;list' {
            break
        }
        'quorate;drill;help;run' {
            break
        }
        'quorate;drill;help;due' {
            break
        }
        'quorate;drill;help;show' {
            break
        }
        'quorate;drill;help;help' {
            break
        }
        'quorate;runbook' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the pages, and which findings name them')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a page')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run the commands of a page one after the other')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;runbook;list' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;runbook;show' {
            [CompletionResult]::new('--set', '--set', [CompletionResultType]::ParameterName, 'What `{NAME}` stands for')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;runbook;run' {
            [CompletionResult]::new('--set', '--set', [CompletionResultType]::ParameterName, 'What `{NAME}` stands for')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be run, and run nothing')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask: each change is given --yes')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;runbook;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the pages, and which findings name them')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a page')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run the commands of a page one after the other')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;runbook;help;list' {
            break
        }
        'quorate;runbook;help;show' {
            break
        }
        'quorate;runbook;help;run' {
            break
        }
        'quorate;runbook;help;help' {
            break
        }
        'quorate;explain' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'Every check with its question')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;size' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;schema' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;completions' {
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Write the file of every shell into a directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;man' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write one page per command into a directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;doctor' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show more')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'quorate;help' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check clusters and say what is wrong')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show who is in: role, version, term, lag, revision, size, fsync, certificates, clocks')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Read a data directory, log, snapshot or database offline; a server may run on it or not')
            [CompletionResult]::new('lab', 'lab', [CompletionResultType]::ParameterValue, 'Start throwaway clusters of real servers, break them, remove them')
            [CompletionResult]::new('probe', 'probe', [CompletionResultType]::ParameterValue, 'Measure a disk''s fsync, a cluster''s commit latency, or a listener''s TLS')
            [CompletionResult]::new('member', 'member', [CompletionResultType]::ParameterValue, 'List, add, remove, promote and replace members, with a look at the quorum before every change')
            [CompletionResult]::new('snapshot', 'snapshot', [CompletionResultType]::ParameterValue, 'Save, verify, compare and keep snapshots')
            [CompletionResult]::new('recover', 'recover', [CompletionResultType]::ParameterValue, 'A stuck cluster back to full size: plan it, carry it out, resume it, roll it back')
            [CompletionResult]::new('drill', 'drill', [CompletionResultType]::ParameterValue, 'Recovery drills on throwaway clusters of real servers, with evidence')
            [CompletionResult]::new('runbook', 'runbook', [CompletionResultType]::ParameterValue, 'What to do, page by page: for the night, built in')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Say what a check looks at, its thresholds and their sources, and how to fix what it finds')
            [CompletionResult]::new('size', 'size', [CompletionResultType]::ParameterValue, 'How many failures a cluster of N voters survives, and what one more or one less does')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON schema of an output, or of the config file')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completions of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page, or write all of them')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Say what this machine has: real servers for the lab, tools, limits')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'quorate;help;check' {
            break
        }
        'quorate;help;status' {
            break
        }
        'quorate;help;inspect' {
            break
        }
        'quorate;help;lab' {
            [CompletionResult]::new('up', 'up', [CompletionResultType]::ParameterValue, 'Start a cluster and wait until every member serves')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show labs and how their members stand')
            [CompletionResult]::new('kill', 'kill', [CompletionResultType]::ParameterValue, 'Kill members')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Stop members where they are (SIGSTOP)')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Let paused members continue (SIGCONT)')
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start members that do not run, with the arguments they had')
            [CompletionResult]::new('partition', 'partition', [CompletionResultType]::ParameterValue, 'Cut the links between groups of members: ''n1,n2|n3''')
            [CompletionResult]::new('heal', 'heal', [CompletionResultType]::ParameterValue, 'Restore every link')
            [CompletionResult]::new('down', 'down', [CompletionResultType]::ParameterValue, 'Stop labs and remove what they made')
            break
        }
        'quorate;help;lab;up' {
            break
        }
        'quorate;help;lab;status' {
            break
        }
        'quorate;help;lab;kill' {
            break
        }
        'quorate;help;lab;pause' {
            break
        }
        'quorate;help;lab;resume' {
            break
        }
        'quorate;help;lab;start' {
            break
        }
        'quorate;help;lab;partition' {
            break
        }
        'quorate;help;lab;heal' {
            break
        }
        'quorate;help;lab;down' {
            break
        }
        'quorate;help;probe' {
            [CompletionResult]::new('disk', 'disk', [CompletionResultType]::ParameterValue, 'Measure how long a disk takes to make a write durable')
            [CompletionResult]::new('commit', 'commit', [CompletionResultType]::ParameterValue, 'Measure how long a cluster takes to commit a write')
            [CompletionResult]::new('tls', 'tls', [CompletionResultType]::ParameterValue, 'Show what a listener''s TLS looks like to a stranger')
            break
        }
        'quorate;help;probe;disk' {
            break
        }
        'quorate;help;probe;commit' {
            break
        }
        'quorate;help;probe;tls' {
            break
        }
        'quorate;help;member' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Show who is a member, whether it votes, ever started, and answers')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a member, as a learner')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a member for good')
            [CompletionResult]::new('promote', 'promote', [CompletionResultType]::ParameterValue, 'Give a learner a vote')
            [CompletionResult]::new('replace', 'replace', [CompletionResultType]::ParameterValue, 'Replace a dead member: remove it, then add its replacement as a learner')
            [CompletionResult]::new('lead', 'lead', [CompletionResultType]::ParameterValue, 'Let another voter lead')
            break
        }
        'quorate;help;member;list' {
            break
        }
        'quorate;help;member;add' {
            break
        }
        'quorate;help;member;remove' {
            break
        }
        'quorate;help;member;promote' {
            break
        }
        'quorate;help;member;replace' {
            break
        }
        'quorate;help;member;lead' {
            break
        }
        'quorate;help;snapshot' {
            [CompletionResult]::new('save', 'save', [CompletionResultType]::ParameterValue, 'Save a snapshot of a cluster, verified before it has its name')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Verify a snapshot: digest, every page, every record')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show what is in a snapshot: members, keys by prefix, users, alarms, Kubernetes resources')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Compare a snapshot with another, or with a running cluster')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the snapshots of a directory')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Delete old snapshots of a directory; without --yes only say which')
            break
        }
        'quorate;help;snapshot;save' {
            break
        }
        'quorate;help;snapshot;verify' {
            break
        }
        'quorate;help;snapshot;inspect' {
            break
        }
        'quorate;help;snapshot;diff' {
            break
        }
        'quorate;help;snapshot;list' {
            break
        }
        'quorate;help;snapshot;prune' {
            break
        }
        'quorate;help;recover' {
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Say what would be lost and what would be done; change nothing')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Make a plan, ask for consent, and carry it out')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Go on with, or undo, a run that did not come to its end')
            [CompletionResult]::new('rollback', 'rollback', [CompletionResultType]::ParameterValue, 'Go on with, or undo, a run that did not come to its end')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'List runs, or show one')
            break
        }
        'quorate;help;recover;plan' {
            break
        }
        'quorate;help;recover;run' {
            break
        }
        'quorate;help;recover;resume' {
            break
        }
        'quorate;help;recover;rollback' {
            break
        }
        'quorate;help;recover;status' {
            break
        }
        'quorate;help;drill' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the scenarios and the drills that are kept')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Drill: a throwaway cluster, writers, a fault, the recovery, a verdict')
            [CompletionResult]::new('due', 'due', [CompletionResultType]::ParameterValue, 'Say whether a drill is due: a gate for CI')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a drill again')
            break
        }
        'quorate;help;drill;list' {
            break
        }
        'quorate;help;drill;run' {
            break
        }
        'quorate;help;drill;due' {
            break
        }
        'quorate;help;drill;show' {
            break
        }
        'quorate;help;runbook' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the pages, and which findings name them')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a page')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run the commands of a page one after the other')
            break
        }
        'quorate;help;runbook;list' {
            break
        }
        'quorate;help;runbook;show' {
            break
        }
        'quorate;help;runbook;run' {
            break
        }
        'quorate;help;explain' {
            break
        }
        'quorate;help;size' {
            break
        }
        'quorate;help;schema' {
            break
        }
        'quorate;help;completions' {
            break
        }
        'quorate;help;man' {
            break
        }
        'quorate;help;doctor' {
            break
        }
        'quorate;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
