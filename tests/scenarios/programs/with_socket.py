"""Hand a listening socket on as systemd does: `with_socket.py FD COMMAND …`.

The socket stays open in whoever started this, over any number of restarts: that is
what socket activation is for. sd_listen_fds(3): the descriptor is 3, and the process
id must be that of the program itself, so this one becomes it.
"""

import os
import sys

FIRST_FD = 3

if __name__ == "__main__":
    fd, *command = sys.argv[1:]
    if int(fd) != FIRST_FD:
        os.dup2(int(fd), FIRST_FD)
    os.set_inheritable(FIRST_FD, True)
    os.environ |= {
        "LISTEN_FDS": "1",
        "LISTEN_PID": str(os.getpid()),
        "LISTEN_FDNAMES": "http",
    }
    os.execvp(command[0], command)
