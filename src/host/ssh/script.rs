//! What runs on the other side: POSIX `sh`, its utilities, GNU coreutils, and for processes GNU grep and find. None has a hole to be filled: what varies
//! comes as `$1`, `$2` … Errors are the last line on standard error, in the C locale, and end like the system's own.

/// Ends standard error when the command itself ended with 255, which otherwise means that ssh failed.
pub(super) const MARK_255: &[u8] = b"quorate: the command ended with 255\n";

/// Runs its arguments.
pub(super) const RUN: &str = r#"
"$@"
code=$?
[ "$code" -ne 255 ] || echo 'quorate: the command ended with 255' >&2
exit "$code"
"#;

/// Says `absent` only when `stat` itself found nothing: no other failure may look like that.
pub(super) const STAT: &str = r#"
said=$(stat -c '%f %s %u %g %d %i %.9Y' -- "$1" 2>&1) && { echo "$said"; exit 0; }
case $said in
*': No such file or directory') echo absent ;;
*) printf '%s\n' "$said" >&2; exit 1 ;;
esac
"#;

/// `ls` goes first because it says why not. Names come from the shell: those are NUL-safe on every release.
pub(super) const LIST: &str = r#"
ls -A -- "$1/" >/dev/null || exit 1
cd -- "$1" || exit 1
for name in * .[!.]* ..?*; do
    if [ -e "./$name" ] || [ -L "./$name" ]; then printf '%s\0' "$name"; fi
done
exit 0
"#;

pub(super) const REAL: &str = r#"realpath -ez -- "$1""#;

pub(super) const READ: &str = r#"
if [ -e "$1" ] && [ ! -f "$1" ]; then echo "$1: not a regular file" >&2; exit 1; fi
exec head -c "$2" -- "$1"
"#;

pub(super) const FETCH: &str = r#"
if [ -e "$1" ] && [ ! -f "$1" ]; then echo "$1: not a regular file" >&2; exit 1; fi
exec cat -- "$1"
"#;

pub(super) const SPACE: &str = r#"stat -f -c '%a %S' -- "$1""#;

pub(super) const HASH: &str = r#"
if [ -e "$1" ] && [ ! -f "$1" ]; then echo "$1: not a regular file" >&2; exit 1; fi
exec sha256sum -- "$1"
"#;

pub(super) const SAME: &str = r#"
stat -L -c %d -- "$1" "$2" && realpath -ez -- "$1" "$2" && cat /proc/self/mountinfo
"#;

pub(super) const LOCKS: &str = r#"stat -L -c '%d %i' -- "$1" && cat /proc/locks"#;

/// $1 path, $2 its directory, $3 mode, $4 length. `ln` gives the name only if it is free.
pub(super) const WRITE: &str = r#"
umask 077
if [ -e "$1" ] || [ -L "$1" ]; then echo "$1: File exists" >&2; exit 1; fi
temporary=$(mktemp -- "$2/.quorate-XXXXXXXXXX") || exit 1
trap 'rm -f -- "$temporary"' EXIT
trap 'exit 1' HUP INT TERM
cat >"$temporary" || exit 1
if [ "$(wc -c <"$temporary")" -ne "$4" ]; then echo "$1: not all of it arrived" >&2; exit 1; fi
chmod -- "$3" "$temporary" && sync -- "$temporary" && ln -T -- "$temporary" "$1" || exit 1
rm -f -- "$temporary"
sync -- "$2"
"#;

/// $1 from, $2 to, $3 and $4 their directories. `mv -n` skips in silence, so what is there afterwards decides.
pub(super) const RENAME: &str = r#"
before=$(stat -c %d:%i -- "$1") || exit 1
if [ -e "$2" ] || [ -L "$2" ]; then echo "$2: File exists" >&2; exit 1; fi
mv -nT -- "$1" "$2" || exit 1
after=$(stat -c %d:%i -- "$2") || exit 1
if [ "$after" != "$before" ]; then echo "$2: File exists" >&2; exit 1; fi
sync -- "$3" "$4"
"#;

/// $1 from, $2 to, $3 the directory of `to`. Without root, `cp` gives all files to whoever copies and says nothing.
pub(super) const COPY: &str = r#"
stat -- "$1" >/dev/null || exit 1
if [ -L "$1" ]; then echo "$1: it is a symbolic link: name what it points to" >&2; exit 1; fi
if [ -e "$2" ] || [ -L "$2" ]; then echo "$2: File exists" >&2; exit 1; fi
odd=$(find "$1" ! -type f ! -type d ! -type l -print | head -n 1)
if [ -n "$odd" ]; then echo "$odd: it is neither a file, a directory nor a link" >&2; exit 1; fi
user=$(id -u)
if [ "$user" -ne 0 ] && [ -n "$(find "$1" ! -user "$user" -print | head -n 1)" ]; then
    echo "$1: files of another user: Operation not permitted" >&2
    exit 1
fi
whole=$(realpath -e -- "$1" && echo .) && target=$(realpath -e -- "$3" && echo .) || exit 1
case ${target%??}/ in
"${whole%??}"/*) echo "$1: a directory cannot be copied into itself" >&2; exit 1 ;;
esac
if [ -d "$1" ]; then mkdir -m 700 -- "$2" || exit 1; fi
cp -aT -- "$1" "$2" && sync -f -- "$2" && sync -- "$3"
"#;

/// $1 path, $2 mode, $3 its directory.
pub(super) const MAKE_DIR: &str = r#"mkdir -m "$2" -- "$1" && sync -- "$1" "$3""#;

/// $1 path, $2 owner, $3 its directory.
pub(super) const CHOWN: &str =
    r#"chown -hR -- "$2" "$1" && sync -f -- "$3" && { [ -L "$1" ] || sync -f -- "$1"; }"#;

/// $1 path, $2 mode. `chmod` would follow a link.
pub(super) const CHMOD: &str = r#"
if [ -L "$1" ]; then echo "$1: it is a symbolic link" >&2; exit 1; fi
chmod -- "$2" "$1" && sync -- "$1"
"#;

/// $1 pid, $2 its start time, $3 signal. After the bracket that ends the name come the state (field 3) … start time (22).
pub(super) const SIGNAL: &str = r#"
pid=$1 ticks=$2 signal=$3
stat=$(cat "/proc/$pid/stat") || exit 1
set -f
set -- ${stat##*)}
case $1 in Z | X | x) echo "$pid: No such process" >&2; exit 1 ;; esac
if [ "${20}" != "$ticks" ]; then echo "$pid: No such process" >&2; exit 1; fi
kill -s "$signal" "$pid"
"#;

/// Pairs of a file's path and what is in it, each ended by a NUL; of files with NULs inside, a pair for each piece. The
/// arguments are patterns of `grep` for variables. Four processes in all, however many there are to list.
pub(super) const PROCESSES: &str = r#"
exec 2>/dev/null
grep -zZHa '' /proc/[0-9]*/stat /proc/[0-9]*/status /proc/[0-9]*/cmdline
[ "$#" -eq 0 ] || grep -zZHa "$@" /proc/[0-9]*/environ
find /proc/[0-9]*/cwd /proc/[0-9]*/exe -maxdepth 0 -printf '%p\0%l\0'
exit 0
"#;
