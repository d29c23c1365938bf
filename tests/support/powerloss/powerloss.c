/* Makes a power cut simulable without root: an LD_PRELOAD library that keeps an undo log of every write that was not synced.
 *
 * POWERLOSS_DIR is the folder whose files are watched, POWERLOSS_LOG the folder of the undo logs; both absolute and resolved.
 * Before a write, the bytes it replaces and the file's size are appended to the file's log. fsync and fdatasync empty the log. After
 * the process is killed, undoing the logs newest first brings every file back to what a disk would hold: see __init__.py.
 *
 * A log is named after the file's inode, so that renaming needs nothing. Whatever a record describes may not have happened yet, never
 * the other way round: the record is in the page cache, which outlives a SIGKILL, before the write begins. A record that the kill
 * tore apart is the last of its log, and its write never began.
 *
 * System calls are made directly: looking the originals up could call back into this library while it loads.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* As struct.Struct("<QQQQQ") reads it. */
struct record {
    uint64_t magic;
    uint64_t sequence;  /* counts the writes of all files and processes */
    uint64_t size;      /* of the file before the write */
    uint64_t offset;    /* of the bytes that follow */
    uint64_t length;    /* of the bytes that follow */
};

#define MAGIC 0x31534f4c52574f50ULL /* "POWRLOS1" */

static char watched[PATH_MAX];
static size_t watched_length;
static dev_t watched_device;
static char logs[PATH_MAX - 64];
static uint64_t *next_sequence;
/* One write at a time: a record and its write must not be parted by a sync or by another write to the same bytes. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void give_up(const char *what) {
    /* Going on would make the simulation lie. */
    dprintf(2, "powerloss: %s: %s\n", what, strerror(errno));
    abort();
}

static void lock(void) { pthread_mutex_lock(&turn); }
static void unlock(void) { pthread_mutex_unlock(&turn); }

static int raw_open(int folder, const char *path, int flags, mode_t mode) {
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

static int raw_truncate(int fd, off_t size) { return (int)syscall(SYS_ftruncate, fd, size); }

__attribute__((constructor)) static void start(void) {
    const char *folder = getenv("POWERLOSS_DIR"), *log = getenv("POWERLOSS_LOG");
    if (folder == NULL || log == NULL) return;
    if (strlen(folder) + 2 > sizeof watched || strlen(log) + 1 > sizeof logs) give_up("POWERLOSS_DIR or POWERLOSS_LOG is too long");
    char path[PATH_MAX];
    strcpy(logs, log);
    snprintf(path, sizeof path, "%s/sequence", logs);
    int fd = raw_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || raw_truncate(fd, sizeof *next_sequence)) give_up("cannot make the file of the sequence number");
    /* Shared memory, so that a second process on the same folder goes on counting. */
    next_sequence = mmap(NULL, sizeof *next_sequence, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (next_sequence == MAP_FAILED) give_up("cannot map the sequence number");
    close(fd);
    struct stat facts;
    if (stat(folder, &facts) != 0) give_up("POWERLOSS_DIR is not there");
    watched_device = facts.st_dev;
    pthread_atfork(lock, unlock, unlock);
    snprintf(watched, sizeof watched, "%s/", folder);
    watched_length = strlen(watched);
}

/* Whether fd is a regular file of the watched folder; fills in its facts. SQLite's -shm file is memory, not disk. */
static int is_watched(int fd, struct stat *facts) {
    if (watched_length == 0) return 0;
    int kept = errno, found = 0;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > (ssize_t)watched_length && memcmp(path, watched, watched_length) == 0) {
        path[length] = 0;
        found = (length < 4 || strcmp(path + length - 4, "-shm") != 0) && fstat(fd, facts) == 0 && S_ISREG(facts->st_mode) &&
                facts->st_nlink > 0;
    }
    errno = kept;
    return found;
}

static void log_path(char *path, size_t size, const struct stat *facts) {
    snprintf(path, size, "%s/%llu.undo", logs, (unsigned long long)facts->st_ino);
}

/* A file that is only open for writing is opened again: SQLite's never are, whose locks a second close would drop. */
static void read_old(int fd, char *bytes, size_t length, off_t offset) {
    int again = -1;
    for (size_t done = 0; done < length;) {
        ssize_t got = pread64(again < 0 ? fd : again, bytes + done, length - done, offset + (off_t)done);
        if (got > 0) {
            done += (size_t)got;
        } else if (got < 0 && errno == EBADF && again < 0) {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
            again = raw_open(AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
            if (again < 0) give_up("cannot read what a write replaces");
        } else if (!(got < 0 && errno == EINTR)) {
            give_up("cannot read what a write replaces");
        }
    }
    if (again >= 0) close(again);
}

/* Append the record that undoes a change to [offset, offset + length) of fd. */
static void record(int fd, off_t offset, size_t length, const struct stat *facts) {
    int kept = errno;
    struct record head = {.magic = MAGIC, .size = (uint64_t)facts->st_size, .offset = (uint64_t)offset};
    if (offset < facts->st_size) head.length = (uint64_t)(facts->st_size - offset);
    if (head.length > length) head.length = length;
    char *bytes = malloc(head.length + 1), path[PATH_MAX];
    if (bytes == NULL) give_up("out of memory");
    read_old(fd, bytes, head.length, offset);
    head.sequence = __atomic_fetch_add(next_sequence, 1, __ATOMIC_SEQ_CST);
    log_path(path, sizeof path, facts);
    int log = raw_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct iovec parts[2] = {{&head, sizeof head}, {bytes, head.length}};
    ssize_t written = log < 0 ? -1 : syscall(SYS_writev, log, parts, 2);
    if (written != (ssize_t)(sizeof head + head.length)) give_up("cannot append to the undo log");
    close(log);
    free(bytes);
    errno = kept;
}

static void forget(const struct stat *facts) {
    int kept = errno;
    char path[PATH_MAX];
    log_path(path, sizeof path, facts);
    if (syscall(SYS_unlinkat, AT_FDCWD, path, 0) != 0 && errno != ENOENT) give_up("cannot drop an undo log");
    errno = kept;
}

static size_t total(const struct iovec *parts, int count) {
    size_t length = 0;
    for (int i = 0; i < count; i++) length += parts[i].iov_len;
    return length;
}

/* Where a write() to fd begins. */
static off_t position(int fd, const struct stat *facts) {
    return fcntl(fd, F_GETFL) & O_APPEND ? facts->st_size : lseek(fd, 0, SEEK_CUR);
}

/* Do `call` after recording what it changes from `offset` on; the facts are read again under the lock. */
#define RECORDED(fd, offset, length, call)            \
    do {                                              \
        struct stat facts;                            \
        if (!is_watched(fd, &facts)) return call;     \
        lock();                                       \
        if (fstat(fd, &facts) != 0) give_up("fstat"); \
        record(fd, offset, length, &facts);           \
        ssize_t result = call;                        \
        unlock();                                     \
        return result;                                \
    } while (0)

ssize_t write(int fd, const void *bytes, size_t length) {
    RECORDED(fd, position(fd, &facts), length, syscall(SYS_write, fd, bytes, length));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    RECORDED(fd, position(fd, &facts), total(parts, count), syscall(SYS_writev, fd, parts, count));
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    RECORDED(fd, offset, length, syscall(SYS_pwrite64, fd, bytes, length, offset));
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return pwrite64(fd, bytes, length, offset); }

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    RECORDED(fd, offset, total(parts, count), syscall(SYS_pwritev, fd, parts, count, offset, 0L));
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return pwritev64(fd, parts, count, offset); }

/* Python's os.pwritev calls this one. */
ssize_t pwritev64v2(int fd, const struct iovec *parts, int count, off64_t offset, int flags) {
    RECORDED(fd, offset == -1 ? position(fd, &facts) : offset, total(parts, count),
             syscall(SYS_pwritev2, fd, parts, count, offset, 0L, flags));
}

ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t offset, int flags) {
    return pwritev64v2(fd, parts, count, offset, flags);
}

static ssize_t recorded_truncate(int fd, off_t size) {
    RECORDED(fd, size, SIZE_MAX, raw_truncate(fd, size));
}

int ftruncate64(int fd, off64_t size) { return size < 0 ? raw_truncate(fd, size) : (int)recorded_truncate(fd, size); }

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

/* The real disk is not asked: nothing happens to it, and the tests are faster for it. */
static int synced(int fd, long call) {
    struct stat facts;
    if (!is_watched(fd, &facts)) return (int)syscall(call, fd);
    lock();
    forget(&facts);
    unlock();
    return 0;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }

int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

/* Emptying a file by opening it is a truncation like any other. */
static int open_at(int folder, const char *path, int flags, mode_t mode) {
    struct stat facts;
    int empties = watched_length != 0 && (flags & O_TRUNC) && (flags & O_ACCMODE) != O_RDONLY;
    int kept = errno;
    if (!empties || fstatat(folder, path, &facts, 0) != 0 || !S_ISREG(facts.st_mode)) {
        errno = kept;
        return raw_open(folder, path, flags, mode);
    }
    int fd = raw_open(folder, path, flags & ~O_TRUNC, mode);
    if (fd >= 0 && ftruncate(fd, 0) != 0) {
        kept = errno;
        close(fd);
        errno = kept;
        return -1;
    }
    return fd;
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

int openat(int folder, const char *path, int flags, ...) {
    MODE_OF(flags, flags)
    return open_at(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
    MODE_OF(flags, flags)
    return open_at(folder, path, flags, mode);
}

int creat(const char *path, mode_t mode) { return open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

int creat64(const char *path, mode_t mode) { return creat(path, mode); }

/* A file that goes takes its log along: its inode number may be given again. Of other folders' files there is no log. */
static void gone(const struct stat *before) {
    if (before->st_nlink <= 1 && S_ISREG(before->st_mode) && before->st_dev == watched_device) forget(before);
}

static int remove_at(int folder, const char *path, int flags) {
    struct stat before;
    int kept = errno, known = watched_length != 0 && fstatat(folder, path, &before, AT_SYMLINK_NOFOLLOW) == 0;
    errno = kept;
    lock();
    int result = (int)syscall(SYS_unlinkat, folder, path, flags);
    if (known && result == 0) gone(&before);
    unlock();
    return result;
}

int unlink(const char *path) { return remove_at(AT_FDCWD, path, 0); }

int unlinkat(int folder, const char *path, int flags) { return remove_at(folder, path, flags); }

static int move(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    struct stat before, moved;
    int kept = errno;
    int replaces = watched_length != 0 && flags == 0 && fstatat(to_folder, to, &before, AT_SYMLINK_NOFOLLOW) == 0 &&
                   fstatat(from_folder, from, &moved, AT_SYMLINK_NOFOLLOW) == 0 && moved.st_ino != before.st_ino;
    errno = kept;
    lock();
    int result = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    if (replaces && result == 0) gone(&before);
    unlock();
    return result;
}

int rename(const char *from, const char *to) { return move(AT_FDCWD, from, AT_FDCWD, to, 0); }

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return move(from_folder, from, to_folder, to, 0);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    return move(from_folder, from, to_folder, to, flags);
}
