"""``aws`` of the tests: gives arguments, environment, directory and streams to tests/aws/standby.py, and ends as that says."""

import json
import os
import socket
import struct
import sys

connection = socket.socket(socket.AF_UNIX)
connection.connect("\0" + sys.argv[1])
asked = {"words": sys.argv[2:], "directory": os.getcwd(), "environment": dict(os.environ)}
text = json.dumps(asked).encode()
socket.send_fds(connection, [struct.pack("!Q", len(text))], [0, 1, 2])
connection.sendall(text)
status = connection.recv(1)
sys.exit(status[0] if status else 255)
