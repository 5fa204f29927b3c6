"""Who the embedded database server runs as: PostgreSQL refuses to run as root, and the demo may be started by root.

Root gives the server to an account without rights (``postgres`` if the machine has one, else ``nobody``). Where that
account may not walk, because the checkout or the data lies in somebody's closed home folder, the server gets one Linux
capability, to pass through folders, and no folder's permissions are touched.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys
from dataclasses import dataclass
from pathlib import Path

from clinic.core.processes import CannotStart, die_with_parent

ACCOUNTS = ("postgres", "nobody")

# linux/capability.h and linux/prctl.h
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SETPCAP = 1, 2, 8
CAPABILITY_VERSION_3 = 0x20080522
PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 4  # capabilities stay when the user changes, and access(2) counts them


class NoAccount(CannotStart):
    """Nobody on this machine may run the server on this data; says what to do."""


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Data(ctypes.Structure):
    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


@dataclass(frozen=True)
class Account:
    """The user and group to become, and the capability to keep (None: no need to)."""

    uid: int
    gid: int
    change: bool
    capability: int | None = None

    def own(self, path: Path, mode: int) -> None:
        """Give *path* to the account."""
        if self.change:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)

    def enter(self, parent: int, death_signal: int) -> None:
        """Become the account. Runs in the child between fork and exec; *parent* is the pid that must not die first."""
        if self.change:
            if self.capability is not None:
                _libc().prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)
            if self.capability is not None:
                _keep(self.capability)
        die_with_parent(parent, death_signal)  # after the change: it is forgotten when the user changes


def account_for(data: Path, *needed: Path) -> Account:
    """The account for a server on *data* (which may not exist yet) that must also reach the *needed* paths.

    Raises ``NoAccount`` if there is none.
    """
    owner = data.stat() if data.exists() else None
    me = os.geteuid()
    if me != 0:
        if owner is not None and owner.st_uid != me:
            raise NoAccount(
                f"{data} belongs to another user. Start as that user, or choose another DATA_DIR."
            )
        return Account(me, os.getegid(), change=False)
    if owner is not None and owner.st_uid != 0:
        uid, gid = owner.st_uid, owner.st_gid
    else:
        entry = next((found for name in ACCOUNTS if (found := _entry(name)) is not None), None)
        if entry is None:
            raise NoAccount(
                f"The embedded PostgreSQL cannot run as root, and there is no user {ACCOUNTS[-1]}."
            )
        uid, gid = entry.pw_uid, entry.pw_gid
    closed = next((folder for path in (data, *needed) if (folder := _closed_above(path)) is not None), None)
    if closed is None:
        return Account(uid, gid, change=True)
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        if {capability, CAP_SETPCAP} <= _permitted():
            return Account(uid, gid, change=True, capability=capability)
    raise NoAccount(
        f"The embedded PostgreSQL cannot run as root, and its user may not enter {closed}. "
        "Choose another DATA_DIR, start as another user, or set DATABASE_URL."
    )


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _closed_above(path: Path) -> Path | None:
    """The first folder above *path* that a stranger may not walk through."""
    folders = [folder for folder in path.resolve().parents if folder.exists()]
    return next((folder for folder in reversed(folders) if not folder.stat().st_mode & 0o001), None)


def _permitted() -> set[int]:
    """The capabilities of this process that it may pass on."""
    if sys.platform != "linux":
        return set()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapPrm:"):
            mask = int(line.split()[1], 16)
            return {bit for bit in range(64) if mask >> bit & 1}
    return set()


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _keep(capability: int) -> None:
    """Have *capability* and no other, here and in all that is executed from here."""
    libc, mask = _libc(), 1 << capability
    header, data = _Header(CAPABILITY_VERSION_3, 0), (_Data * 2)()
    data[0] = _Data(mask, mask, mask)
    if libc.capset(ctypes.byref(header), data) or libc.prctl(
        PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0
    ):
        raise OSError(ctypes.get_errno(), "the server's user could not be allowed to pass through folders")
