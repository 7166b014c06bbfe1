"""Sweeps over every moment at which a change of identity can be cut short, and over many runs at once.

python -m tests.sweep kill        SIGKILL, SIGTERM and Ctrl-C at every point where a file changes, each followed by a start
python -m tests.sweep inject      an error of the disk, or SIGKILL, at a call by which a command changes the node, then once more
python -m tests.sweep together    a hundred registrations started at once on one node

The product runs as it is: what counts its changes and kills it is an audit hook of the interpreter, set by ``aim``, or
strace(1), by ``strace``.
"""
