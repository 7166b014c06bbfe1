# Looks whether all is in place on the machine that the image is made on; changes nothing.
set -eu
/usr/local/bin/ssm-bootstrap --version
for unit in ssm-bootstrap.service ssm-bootstrap-doctor.service ssm-bootstrap-doctor.timer ssm-bootstrap-restart.service; do
    if [ ! -f "/etc/systemd/system/$unit" ]; then
        echo "/etc/systemd/system/$unit: missing; expected what ssm-bootstrap install puts there" >&2
        exit 1
    fi
    if systemctl is-enabled --quiet "$unit" 2>/dev/null; then
        echo "$unit: enabled; expected an image that registers nobody by itself" >&2
        exit 1
    fi
done
if [ -e /etc/ssm-bootstrap/activation-code ]; then
    echo "/etc/ssm-bootstrap/activation-code: there; expected an image without an activation code" >&2
    exit 1
fi
