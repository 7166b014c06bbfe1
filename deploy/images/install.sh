# Puts ssm-bootstrap into an image, as root: SSM_BOOTSTRAP_FILE is the executable or the bundle, SSM_BOOTSTRAP_SHA256 its hash.
# Nothing is enabled: an instance of the image enables it by its own user-data, with an activation of its own.
set -eu
file=${SSM_BOOTSTRAP_FILE:?the file of the program}
wanted=${SSM_BOOTSTRAP_SHA256:?the SHA-256 of that file}
umask 022

# Checked where no other user can write, and run from there.
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cp "$file" "$directory/ssm-bootstrap"
found=$(sha256sum "$directory/ssm-bootstrap")
if [ "${found%% *}" != "$wanted" ]; then
    echo "$file: SHA-256 is ${found%% *}; expected $wanted" >&2
    exit 78
fi
chmod 0755 "$directory/ssm-bootstrap"
newest() {  # >= 3.9; RHEL's own may be in /usr/libexec
    for place in $(echo "$PATH:/usr/libexec" | tr : " "); do
        for name in "$place"/python3 "$place"/python3.[0-9] "$place"/python3.[0-9][0-9] "$place"/platform-python; do
            [ -x "$name" ] && "$name" -I -c "$asked" "$name" 2>/dev/null
        done
    done | sort -rn | head -n 1 | cut -d " " -f 2
}
asked='import sys, ssl, zlib; sys.version_info >= (3, 9) and print(sys.version_info[1], sys.argv[1])'
set -- "$directory/ssm-bootstrap"
# The first four bytes of what Linux executes by itself; all else is the archive, which any Python 3.9 or newer runs.
if [ "$(head -c 4 "$1" | tr -d '\177')" != ELF ]; then
    python=$(newest)
    if [ -z "$python" ]; then
        echo "there is no Python 3.9 or newer here: use the file ssm-bootstrap-$(uname -m)" >&2
        exit 78
    fi
    set -- "$python" -I "$1"
fi
"$@" install --no-enable
rm -f "$file"

# By this hash an instance of the image shows that its machine-id is not that of the machine the image was made on.
mkdir -p /usr/local/share/ssm-bootstrap
sha256sum </etc/machine-id >/usr/local/share/ssm-bootstrap/made-on
