# Looks, on an instance of the image, whether it is a machine of its own and knows nothing of the one that the image was made on.
set -eu
/usr/local/bin/ssm-bootstrap --version
machine=$(sha256sum </etc/machine-id)
if [ ! -s /etc/machine-id ] || [ "$machine" = "$(cat /usr/local/share/ssm-bootstrap/made-on)" ]; then
    echo "/etc/machine-id: that of the machine the image was made on, or empty: prepare-image did not run before it was shut down" >&2
    exit 1
fi
if [ -s /var/lib/amazon/ssm/registration ]; then
    echo "/var/lib/amazon/ssm/registration: there; expected an image without an identity" >&2
    exit 1
fi
for directory in /var/lib/amazon/ssm/mi-*; do
    if [ -e "$directory" ]; then
        echo "$directory: data of another node; expected an image without an identity" >&2
        exit 1
    fi
done
if [ -e /etc/ssm-bootstrap/activation-code ]; then
    echo "/etc/ssm-bootstrap/activation-code: there; expected an image without an activation code" >&2
    exit 1
fi
