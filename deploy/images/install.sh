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
"$directory/ssm-bootstrap" install --no-enable
rm -f "$file"

# By this hash an instance of the image shows that its machine-id is not that of the machine the image was made on.
mkdir -p /usr/local/share/ssm-bootstrap
sha256sum </etc/machine-id >/usr/local/share/ssm-bootstrap/made-on
