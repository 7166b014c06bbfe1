"""A stand-in for amazon-ssm-agent and systemctl, for the lab alone.

It behaves as version 3.3.1142 was seen to behave: what it writes, prints, returns and asks the network for.
It is no agent: it holds no real key and runs no command.

The environment that tests use:

``STANDIN_ROOT``        a directory put before every path that is read or written
``STANDIN_RESOLVE``     ``host=ip:port,host:80=ip:port,*=ip:port``: names that need no resolver, and where they lead
``STANDIN_DNS_PORT``    the port of the nameservers, 53 when it is not set
``STANDIN_HOME``        the directory of the modules, where an executable is a copy and cannot find them
``STANDIN_TIME_SCALE``  a factor on every wait (or the file /etc/ssm-lab/time-scale); 1.0 is the real agent's pace
``STANDIN_FLOOR_SCALE`` a factor on the least that a time-out is cut down to, for tests in which time-outs are the point
``STANDIN_BLOCK``       bytes that one write step takes, 64 when it is not set
``STANDIN_STOP_AT``     a number N: the process kills itself right before its N-th step that changes a file;
                        ``N:STOP`` stops it there (SIGSTOP) until it is continued
``STANDIN_STEPS_FILE``  a file that gets one line per step
"""
