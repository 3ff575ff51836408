"""Stops one thread of a process (ptrace) until its own standard input ends: stop_thread.py TID

Prints "stopped", or "refused" where this system does not permit it.
"""
import ctypes
import os
import sys

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
thread = int(sys.argv[1])
if libc.ptrace(PTRACE_SEIZE, thread, None, None) != 0 or libc.ptrace(PTRACE_INTERRUPT, thread, None, None) != 0:
    print("refused", flush=True)
    sys.exit(0)
os.waitpid(thread, WALL)
print("stopped", flush=True)
sys.stdin.read()
libc.ptrace(PTRACE_DETACH, thread, None, None)
