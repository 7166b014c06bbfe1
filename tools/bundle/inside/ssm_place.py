"""Where the bundle unpacks itself: chosen, looked at for who else could write there, and filled in one step.

A place is used only where no other user could have put a file: it belongs to who runs this, and nobody else can write to it
or exchange a directory above it. Else the next is taken; after the last one the modules are loaded out of the archive.
"""

import errno
import os
import stat

NAME = "ssm-bootstrap"
FOR_ROOT = ("/var/cache", "/run")
BUILD_LETTERS = 32  # of a SHA-256 in hexadecimal
MARK = ".boot"
USED = []
"""Descriptors of the directory in use; its lock keeps it from being swept."""


class Unsafe(Exception):
    """Somebody else could have written there, or still can; the text says where and how."""


def find(archive, build):
    """(directory with the unpacked modules, or None; what is to be said of places that another user could write to)."""
    remarks = []
    for base in in_order(candidates(os.geteuid(), os.environ)):
        try:
            look_at(base, os.geteuid())
            home = os.path.join(base, build)
            for _ in range(3):
                if hold(home):
                    if is_whole(archive, home):
                        return home, remarks
                    os.close(USED.pop())
                fill(archive, base, home)
        except Unsafe as error:
            remarks.append(f"{base} is not used: {error}")
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                remarks.append(f"could not be unpacked to {base}: {error.strerror}")
    return None, remarks


def candidates(user, environment):
    """The places to try, best first. Root's do not follow the environment: sudo may keep another's HOME."""
    if user == 0:
        return [os.path.join(parent, NAME) for parent in FOR_ROOT]
    parents = [environment.get("XDG_CACHE_HOME", "")]
    home = environment.get("HOME", "")
    if not home:
        try:
            import pwd

            home = pwd.getpwuid(user).pw_dir
        except (ImportError, KeyError):
            home = ""
    parents.append(os.path.join(home, ".cache") if home else "")
    found = [os.path.join(os.path.normpath(parent), NAME) for parent in parents if os.path.isabs(parent)]
    return list(dict.fromkeys(found))


def in_order(bases):
    """Those where compiled code may be executed come first."""
    return sorted(bases, key=is_noexec)


def is_noexec(path):
    """Whether the file system of a path, or of what is above it and exists, is mounted noexec."""
    while not os.path.isdir(path) and path != "/":
        path = os.path.dirname(path)
    return bool(os.statvfs(path).f_flag & os.ST_NOEXEC)


def look_at(base, user):
    """Make the directory where it is missing (0700). Raises Unsafe, or OSError where it cannot be made."""
    check_above(base, user)
    for path in (os.path.dirname(base), base):  # but never the home itself
        if not os.path.isdir(path):
            make(path)
    found = os.lstat(os.path.realpath(base))
    if not stat.S_ISDIR(found.st_mode):
        raise Unsafe("it is not a directory")
    if found.st_uid != user:
        raise Unsafe(f"it belongs to uid {found.st_uid}, not to {user}")
    if found.st_mode & 0o022:
        raise Unsafe(f"others may write to it (mode {stat.S_IMODE(found.st_mode):04o})")
    if found.st_mode & 0o077:
        close(base)


def check_above(base, user):
    """Raises Unsafe where another user could exchange a directory on the way, or has put a link there."""
    path = base
    while path != "/":
        if os.path.islink(path) and os.lstat(path).st_uid not in (0, user):
            raise Unsafe(f"{path} is a link of uid {os.lstat(path).st_uid}")
        path = os.path.dirname(path)
    path = os.path.dirname(os.path.realpath(base))
    while True:
        if os.path.lexists(path):
            found = os.lstat(path)
            if found.st_uid not in (0, user):
                raise Unsafe(f"{path} belongs to uid {found.st_uid}")
            # In a directory with the sticky bit nobody moves what is ours; one of the user's own group is the user's decision.
            group_decides = found.st_gid != 0 and (user == 0 or found.st_uid != user)
            if not found.st_mode & stat.S_ISVTX and found.st_mode & (0o022 if group_decides else 0o002):
                raise Unsafe(f"others may write to {path} (mode {stat.S_IMODE(found.st_mode):04o})")
        if path == "/":
            return
        path = os.path.dirname(path)


def make(path):
    """Make one directory, for its owner alone; another run may have made it at this moment."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return


def close(base):
    """Make it readable for its owner alone, where it can still be changed: others could only read."""
    try:
        os.chmod(base, 0o700)
    except OSError:
        return


def hold(home):
    """Whether it is there; if so it is not swept before this process ends."""
    import fcntl

    try:
        number = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:  # being swept at this moment
        os.close(number)
        return False
    except OSError:  # a file system without locks
        pass
    if not os.path.isdir(home):
        os.close(number)
        return False
    USED.append(number)
    return True


def fill(archive, base, home):
    """Unpack the modules; ``home`` appears in one step. Two runs at once wait for each other."""
    import pathlib
    import shutil
    import zipfile

    from _bootstrap import extract_site_packages
    from _bootstrap.filelock import FileLock

    part = home + ".part"
    old = os.umask(0o077)
    try:
        with FileLock(os.path.join(base, ".lock")):
            if os.path.isdir(home):
                if is_whole(archive, home):
                    return
                shutil.rmtree(home)
            leftovers = (part, part + ".tmp")
            try:
                for path in leftovers:
                    shutil.rmtree(path, ignore_errors=True)
                with zipfile.ZipFile(archive) as opened:
                    extract_site_packages(opened, pathlib.Path(part))
                note(os.path.join(part, MARK), this_boot())
                os.rename(part, home)
            except BaseException:
                for path in leftovers:
                    shutil.rmtree(path, ignore_errors=True)
                raise
            os.unlink(os.path.join(base, f".{os.path.basename(part)}_lock"))  # shiv's own, which nobody waits for in here
            sweep(base, home)
    finally:
        os.umask(old)


def is_whole(archive, home):
    """Whether nothing is missing or half-written, as a cut of the power may leave it.

    What was looked at since the machine's start is not looked at again; the first time after it all is compared with the archive.
    """
    mark = os.path.join(home, MARK)
    boot = this_boot()
    try:
        with open(mark) as stream:
            if boot and stream.read() == boot:
                return True
    except (OSError, ValueError):
        pass
    import zipfile
    import zlib

    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            if not member.filename.startswith("site-packages/"):
                continue
            try:
                with open(os.path.join(home, member.filename), "rb") as stream:
                    if zlib.crc32(stream.read()) != member.CRC:
                        return False
            except OSError:
                return False
    note(mark, boot)
    return True


def this_boot():
    """What names the time since the machine's start: another after each; empty where the kernel does not tell."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as stream:
            return stream.read()
    except OSError:
        return ""


def note(mark, boot):
    """Write down that all was there in this boot; not where it cannot be written."""
    try:
        with open(mark, "w") as stream:
            stream.write(boot)
    except OSError:
        return


def sweep(base, home):
    """Take away what other versions had unpacked and no process uses."""
    import fcntl
    import shutil

    for entry in os.scandir(base):
        name = entry.name.partition(".")[0]
        is_ours = len(name) == BUILD_LETTERS and not name.strip("0123456789abcdef") and entry.is_dir(follow_symlinks=False)
        if not is_ours or entry.path == home:
            continue
        number = os.open(entry.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(entry.path, ignore_errors=True)
        except OSError:
            pass
        finally:
            os.close(number)
