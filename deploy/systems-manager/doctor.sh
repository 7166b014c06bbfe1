# What the document SsmBootstrap-Doctor runs on a node, as root, with sh. Its parameters become these four lines:
capabilities='{{ Capabilities }}'
wait='{{ Wait }}'
inventory='{{ Inventory }}'
format='{{ Format }}'

# `install` puts the program into /usr/local/bin, the packages into /usr/bin; the agent's own PATH may have neither.
program=''
for place in /usr/local/bin /usr/bin /usr/sbin /opt/ssm-bootstrap/bin; do
    if [ -x "$place/ssm-bootstrap" ]; then
        program="$place/ssm-bootstrap"
        break
    fi
done
if [ -z "$program" ]; then
    program=$(command -v ssm-bootstrap) || {
        echo "ssm-bootstrap is not installed on this node: not in /usr/local/bin, /usr/bin, /usr/sbin or /opt/ssm-bootstrap/bin" >&2
        exit 127
    }
fi

# The whole report as JSON is what `ssm-bootstrap fleet report` reads; Systems Manager keeps it whole in a bucket alone.
if [ "$format" = json ]; then
    set -- doctor --json
else
    set -- doctor --short --width 100
fi
[ -z "$capabilities" ] || set -- "$@" --for "$capabilities"
[ -z "$wait" ] || set -- "$@" --wait "$wait"
# An inventory of some capabilities would take the place of one of all.
[ "$inventory" != yes ] || [ -n "$capabilities" ] || set -- "$@" --inventory
# Its exit status is the command's: 1 where it found an error. Run Command and State Manager call that Failed.
exec "$program" "$@"
