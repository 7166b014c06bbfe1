# The last thing before the image is made, as root: takes out identity, keys, codes, logs and machine-id, and stops the agent.
set -eu
/usr/local/bin/ssm-bootstrap prepare-image --yes --logs
for path in /var/lib/amazon/ssm/Vault /var/lib/amazon/ssm/registration /etc/ssm-bootstrap/activation-code; do
    if [ -e "$path" ]; then
        echo "$path: still there after prepare-image" >&2
        exit 1
    fi
done
if [ -s /etc/machine-id ]; then
    echo "/etc/machine-id: not empty after prepare-image" >&2
    exit 1
fi
