/* Makes a full disk simulable without root: an LD_PRELOAD library under which files of a folder do not grow.
 *
 * FULLDISK_DIR is the folder, absolute and resolved; FULLDISK_FLAG a file: the disk is full while it is there. What is on the disk
 * already can be overwritten, as on a real one; what would make a file longer fails with ENOSPC, and so does making a file.
 *
 * System calls are made directly: looking the originals up could call back into this library while it loads.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[PATH_MAX];
static char flag[PATH_MAX];

__attribute__((constructor)) static void start(void) {
    const char *given = getenv("FULLDISK_DIR"), *when = getenv("FULLDISK_FLAG");
    if (given == NULL || when == NULL || strlen(given) + 2 > sizeof folder || strlen(when) + 1 > sizeof flag) return;
    snprintf(folder, sizeof folder, "%s/", given);
    strcpy(flag, when);
}

static int is_full(void) {
    int kept = errno, full = folder[0] != 0 && faccessat(AT_FDCWD, flag, F_OK, 0) == 0;
    errno = kept;
    return full;
}

static int is_here(const char *path) { return strncmp(path, folder, strlen(folder)) == 0; }

/* Whether [.., end) of fd lies beyond what the disk holds of it. */
static int grows(int fd, off_t end) {
    if (!is_full()) return 0;
    int kept = errno, found = 0;
    char link[64], path[PATH_MAX];
    struct stat facts;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > 0) {
        path[length] = 0;
        found = is_here(path) && fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && end > facts.st_size;
    }
    errno = kept;
    return found;
}

static size_t total(const struct iovec *parts, int count) {
    size_t length = 0;
    for (int i = 0; i < count; i++) length += parts[i].iov_len;
    return length;
}

/* Where a write() of so many bytes ends. */
static off_t end_of(int fd, size_t length) {
    struct stat facts;
    if (fcntl(fd, F_GETFL) & O_APPEND) return fstat(fd, &facts) == 0 ? facts.st_size + (off_t)length : 0;
    return lseek(fd, 0, SEEK_CUR) + (off_t)length;
}

#define UNLESS_FULL(fd, end, call)        \
    do {                                  \
        if (is_full() && grows(fd, end)) { \
            errno = ENOSPC;               \
            return -1;                    \
        }                                 \
        return call;                      \
    } while (0)

ssize_t write(int fd, const void *bytes, size_t length) {
    UNLESS_FULL(fd, end_of(fd, length), syscall(SYS_write, fd, bytes, length));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    UNLESS_FULL(fd, end_of(fd, total(parts, count)), syscall(SYS_writev, fd, parts, count));
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    UNLESS_FULL(fd, offset + (off64_t)length, syscall(SYS_pwrite64, fd, bytes, length, offset));
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return pwrite64(fd, bytes, length, offset); }

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    UNLESS_FULL(fd, offset + (off64_t)total(parts, count), syscall(SYS_pwritev, fd, parts, count, offset, 0L));
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return pwritev64(fd, parts, count, offset); }

int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
    UNLESS_FULL(fd, offset + length, (int)syscall(SYS_fallocate, fd, mode, offset, length));
}

int fallocate(int fd, int mode, off_t offset, off_t length) { return fallocate64(fd, mode, offset, length); }

/* This one returns its error. */
int posix_fallocate64(int fd, off64_t offset, off64_t length) {
    if (grows(fd, offset + length)) return ENOSPC;
    return syscall(SYS_fallocate, fd, 0, offset, length) == 0 ? 0 : errno;
}

int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

static int open_at(int at, const char *path, int flags, mode_t mode) {
    char resolved[PATH_MAX];
    if ((flags & O_CREAT) && is_full() && faccessat(at, path, F_OK, 0) != 0) {
        /* PostgreSQL names its files relative to its folder, where it is. */
        int here = path[0] == '/' ? is_here(path) : at == AT_FDCWD && getcwd(resolved, sizeof resolved - 1) != NULL &&
                                                        is_here(strcat(resolved, "/"));
        if (here) {
            errno = ENOSPC;
            return -1;
        }
    }
    return (int)syscall(SYS_openat, at, path, flags, mode);
}

#define MODE_OF(flags, last)                                   \
    mode_t mode = 0;                                           \
    if ((flags) & O_CREAT || ((flags) & O_TMPFILE) == O_TMPFILE) { \
        va_list more;                                          \
        va_start(more, last);                                  \
        mode = (mode_t)va_arg(more, int);                      \
        va_end(more);                                          \
    }

int open(const char *path, int flags, ...) {
    MODE_OF(flags, flags)
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE_OF(flags, flags)
    return open_at(AT_FDCWD, path, flags, mode);
}
