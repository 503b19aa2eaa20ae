/*
 * A disk that forgets what was not synced. Loaded into a process with LD_PRELOAD, it keeps, beside each file in the directory
 * LOSSY_DISK, what a power cut would leave: in LOSSY_DISK_KEPT the bytes as they were at the last sync, and in a second file,
 * with the ending `.unsynced`, every write and truncation since. lossy-disk.ts puts the directory together again after a cut.
 *
 * Files that SQLite itself forgets are left alone: shared memory and locks.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FD 4096
enum { WRITE, TRUNCATE };
struct record { uint64_t kind, offset, length; };

static char names[MAX_FD][NAME_MAX + 1];

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static int real_open(const char *path, int flags, mode_t mode) {
  REAL(open64);
  return real(path, flags, mode);
}
static int real_close(int fd) {
  REAL(close);
  return real(fd);
}
static ssize_t real_pwrite(int fd, const void *bytes, size_t length, off64_t offset) {
  REAL(pwrite64);
  return real(fd, bytes, length, offset);
}
static int real_truncate(int fd, off64_t length) {
  REAL(ftruncate64);
  return real(fd, length);
}

static int ends_with(const char *text, const char *end) {
  size_t length = strlen(text), ending = strlen(end);
  return length >= ending && strcmp(text + length - ending, end) == 0;
}

/* The name of a file of the lossy directory, or NULL. */
static const char *name_in_directory(const char *path) {
  const char *directory = getenv("LOSSY_DISK");
  if (!directory) return NULL;
  size_t length = strlen(directory);
  if (strncmp(path, directory, length) != 0 || path[length] != '/') return NULL;
  const char *name = path + length + 1;
  if (strchr(name, '/') || ends_with(name, "-shm") || strstr(name, "lock")) return NULL;
  return name;
}

static void kept_path(char *path, const char *name, const char *ending) {
  snprintf(path, PATH_MAX, "%s/%s%s", getenv("LOSSY_DISK_KEPT"), name, ending);
}

static int open_kept(const char *name, const char *ending) {
  char path[PATH_MAX];
  kept_path(path, name, ending);
  return real_open(path, O_RDWR | O_CREAT, 0600);
}

static const char *name_of(int fd) { return fd >= 0 && fd < MAX_FD && names[fd][0] ? names[fd] : NULL; }

static void note(int fd, uint64_t kind, const void *bytes, uint64_t length, uint64_t offset) {
  const char *name = name_of(fd);
  if (!name) return;
  int failed = errno;
  struct record record = {kind, offset, length};
  struct iovec parts[] = {{&record, sizeof record}, {(void *)bytes, bytes ? length : 0}};
  int log = open_kept(name, ".unsynced");
  flock(log, LOCK_EX);
  lseek(log, 0, SEEK_END);
  if (writev(log, parts, bytes ? 2 : 1) < 0) abort();
  real_close(log);
  errno = failed;
}

/* Takes over what was written since the last sync. */
static void keep(int fd) {
  const char *name = name_of(fd);
  if (!name) return;
  int failed = errno;
  int log = open_kept(name, ".unsynced");
  flock(log, LOCK_EX);
  int kept = open_kept(name, "");
  struct record record;
  while (read(log, &record, sizeof record) == sizeof record) {
    if (record.kind == TRUNCATE) {
      if (real_truncate(kept, record.length) != 0) abort();
      continue;
    }
    char *bytes = malloc(record.length);
    if (read(log, bytes, record.length) != (ssize_t)record.length) abort();
    if (real_pwrite(kept, bytes, record.length, record.offset) != (ssize_t)record.length) abort();
    free(bytes);
  }
  if (real_truncate(log, 0) != 0) abort();
  real_close(kept);
  real_close(log);
  errno = failed;
}

static int opened(int fd, const char *path) {
  if (fd >= 0 && fd < MAX_FD) {
    const char *name = name_in_directory(path);
    snprintf(names[fd], sizeof names[fd], "%s", name ? name : "");
  }
  return fd;
}

#define OPENS(function) \
  int function(const char *path, int flags, ...) { \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = va_arg(more, mode_t); \
    va_end(more); \
    return opened(real_open(path, flags, mode), path); \
  }
OPENS(open)
OPENS(open64)

int close(int fd) {
  if (fd >= 0 && fd < MAX_FD) names[fd][0] = 0;
  return real_close(fd);
}

#define WRITES_AT(function, offset_type) \
  ssize_t function(int fd, const void *bytes, size_t length, offset_type offset) { \
    ssize_t written = real_pwrite(fd, bytes, length, offset); \
    if (written > 0) note(fd, WRITE, bytes, written, offset); \
    return written; \
  }
WRITES_AT(pwrite, off_t)
WRITES_AT(pwrite64, off64_t)

ssize_t write(int fd, const void *bytes, size_t length) {
  REAL(write);
  off64_t offset = name_of(fd) ? lseek64(fd, 0, SEEK_CUR) : 0;
  ssize_t written = real(fd, bytes, length);
  if (written > 0) note(fd, WRITE, bytes, written, offset);
  return written;
}

#define TRUNCATES(function, length_type) \
  int function(int fd, length_type length) { \
    int result = real_truncate(fd, length); \
    if (result == 0) note(fd, TRUNCATE, NULL, length, 0); \
    return result; \
  }
TRUNCATES(ftruncate, off_t)
TRUNCATES(ftruncate64, off64_t)

int fsync(int fd) {
  keep(fd);
  return 0;
}
int fdatasync(int fd) {
  keep(fd);
  return 0;
}

int unlink(const char *path) {
  REAL(unlink);
  const char *name = name_in_directory(path);
  if (name) {
    char kept[PATH_MAX];
    kept_path(kept, name, "");
    real(kept);
    kept_path(kept, name, ".unsynced");
    real(kept);
  }
  return real(path);
}
