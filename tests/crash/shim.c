/* Stands between a process and the C library: numbers the calls that touch files below a folder, or the network, and
   lets the Nth kill the process, fail, fail with all that follow, or be torn in half before the kill. */
#define _GNU_SOURCE
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { OFF, KILL, FAIL, STAY, TEAR };
enum { NONE, DISK, NET };
#define MOST 4096

static int mode, told_fd = -1, fired;
static long at, count, fired_at;
static int fired_kind;
static char root[PATH_MAX];
static char watched[MOST];

#define REAL(type, name, ...)                                      \
    static type (*real)(__VA_ARGS__);                              \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static ssize_t raw_write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return real(fd, data, size);
}

/* 1: this call must fail; 2: it must be torn. */
static int hit(int kind, const char *name, const char *detail) {
    if (mode == OFF) return 0;
    long number = __sync_add_and_fetch(&count, 1);
    if (number != at) return mode == STAY && fired && number > fired_at && kind == fired_kind;
    fired_kind = kind;
    fired_at = number;
    fired = 1;
    char text[PATH_MAX + 64];
    int size = snprintf(text, sizeof text, "%s %s %s", kind == DISK ? "disk" : "network", name, detail);
    if (size > 0) raw_write(told_fd, text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
    if (mode == KILL) kill(getpid(), SIGKILL);
    return mode == TEAR ? 2 : 1;
}

static int ours(const char *path) {
    if (mode == OFF || !path) return 0;
    return path[0] != '/' || strncmp(path, root, strlen(root)) == 0;
}
static int kind_of(int fd) { return mode != OFF && fd > 2 && fd < MOST ? watched[fd] : NONE; }
static void watch(int fd, int kind) { if (fd > 2 && fd < MOST) watched[fd] = (char)kind; }
static void torn(void) { kill(getpid(), SIGKILL); }

void crash_arm(long number, int what, const char *folder, int told) {
    at = number; count = 0; fired = 0; told_fd = told;
    strncpy(root, folder, sizeof root - 1);
    memset(watched, NONE, sizeof watched);
    mode = what;
}
long crash_disarm(void) { mode = OFF; return count; }

#define OPEN(name)                                                                   \
    int name(const char *path, int flags, ...) {                                     \
        va_list more; va_start(more, flags); mode_t bits = va_arg(more, mode_t); va_end(more); \
        REAL(int, #name, const char *, int, ...);                                    \
        if (!ours(path)) return real(path, flags, bits);                             \
        if (hit(DISK, "open", path)) { errno = flags & O_CREAT ? ENOSPC : EIO; return -1; } \
        int fd = real(path, flags, bits); watch(fd, DISK); return fd;                \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                 \
    int name(int folder, const char *path, int flags, ...) {                         \
        va_list more; va_start(more, flags); mode_t bits = va_arg(more, mode_t); va_end(more); \
        REAL(int, #name, int, const char *, int, ...);                               \
        if (!ours(path)) return real(folder, path, flags, bits);                     \
        if (hit(DISK, "open", path)) { errno = flags & O_CREAT ? ENOSPC : EIO; return -1; } \
        int fd = real(folder, path, flags, bits); watch(fd, DISK); return fd;        \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
    REAL(int, "close", int);
    watch(fd, NONE);
    return real(fd);
}

ssize_t write(int fd, const void *data, size_t size) {
    int kind = kind_of(fd);
    int what = kind ? hit(kind, "write", "") : 0;
    if (what == 2) { raw_write(fd, data, size / 2); torn(); }
    if (what) { errno = kind == DISK ? ENOSPC : ECONNRESET; return -1; }
    return raw_write(fd, data, size);
}
#define PWRITE(name)                                                                 \
    ssize_t name(int fd, const void *data, size_t size, off_t place) {               \
        REAL(ssize_t, #name, int, const void *, size_t, off_t);                      \
        int what = kind_of(fd) ? hit(DISK, "pwrite", "") : 0;                        \
        if (what == 2) { real(fd, data, size / 2, place); torn(); }                  \
        if (what) { errno = ENOSPC; return -1; }                                     \
        return real(fd, data, size, place);                                          \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define ON_FILE(type, name, parameters, arguments, fails, number, ...)               \
    type name parameters {                                                           \
        REAL(type, #name, __VA_ARGS__);                                              \
        if (kind_of(fd) && hit(kind_of(fd), #name, "")) { errno = number; return fails; } \
        return real arguments;                                                       \
    }
ON_FILE(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size), -1, EIO, int, void *, size_t)
ON_FILE(ssize_t, pread, (int fd, void *data, size_t size, off_t place), (fd, data, size, place), -1, EIO, int, void *, size_t, off_t)
ON_FILE(ssize_t, pread64, (int fd, void *data, size_t size, off_t place), (fd, data, size, place), -1, EIO, int, void *, size_t, off_t)
ON_FILE(int, fsync, (int fd), (fd), -1, EIO, int)
ON_FILE(int, fdatasync, (int fd), (fd), -1, EIO, int)
ON_FILE(int, ftruncate, (int fd, off_t size), (fd, size), -1, EIO, int, off_t)
ON_FILE(int, ftruncate64, (int fd, off_t size), (fd, size), -1, EIO, int, off_t)
ON_FILE(int, flock, (int fd, int how), (fd, how), -1, EIO, int, int)
ON_FILE(int, fchmod, (int fd, mode_t bits), (fd, bits), -1, EIO, int, mode_t)
ON_FILE(ssize_t, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags), -1, ECONNRESET, int, const void *, size_t, int)
ON_FILE(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags), -1, ECONNRESET, int, const struct msghdr *, int)
ON_FILE(ssize_t, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags), -1, ECONNRESET, int, void *, size_t, int)

int connect(int fd, const struct sockaddr *address, socklen_t size) {
    REAL(int, "connect", int, const struct sockaddr *, socklen_t);
    if (mode != OFF && address->sa_family == AF_INET) {
        watch(fd, NET);
        if (hit(NET, "connect", "")) { errno = ECONNREFUSED; return -1; }
    }
    return real(fd, address, size);
}

#define ON_PATH(name, parameters, arguments, path, number, ...)                      \
    int name parameters {                                                            \
        REAL(int, #name, __VA_ARGS__);                                               \
        if (ours(path) && hit(DISK, #name, path)) { errno = number; return -1; }     \
        return real arguments;                                                       \
    }
ON_PATH(mkdir, (const char *one, mode_t bits), (one, bits), one, ENOSPC, const char *, mode_t)
ON_PATH(unlink, (const char *one), (one), one, EIO, const char *)
ON_PATH(rename, (const char *one, const char *two), (one, two), two, ENOSPC, const char *, const char *)
ON_PATH(link, (const char *one, const char *two), (one, two), two, ENOSPC, const char *, const char *)
ON_PATH(linkat, (int a, const char *one, int b, const char *two, int flags), (a, one, b, two, flags), two, ENOSPC, int, const char *, int, const char *, int)
