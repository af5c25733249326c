/*
 * Preloaded into a program, writes down in $RECORD_LOG what the program does to the files in $RECORD_FOLDER, in order: what a
 * power cut leaves of them can be made of that (crash-states.ts). A record is: operation (1 byte: W write, T truncate,
 * S sync, U unlink), length of the path (2), offset or new length (8), length of the data (4), path, data; little-endian.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void put(const void *bytes, size_t count) {
  static int log = -1;
  if (log < 0) log = syscall(SYS_openat, AT_FDCWD, getenv("RECORD_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0644);
  while (count > 0) {
    ssize_t done = syscall(SYS_write, log, bytes, count);
    if (done <= 0) abort();
    bytes = (const char *)bytes + done;
    count -= done;
  }
}

static void record_path(char operation, const char *path, uint64_t at, const void *data, uint32_t length) {
  const char *folder = getenv("RECORD_FOLDER");
  if (folder == NULL || strncmp(path, folder, strlen(folder)) != 0) return;
  uint16_t path_length = strlen(path);
  pthread_mutex_lock(&lock);
  put(&operation, 1);
  put(&path_length, 2);
  put(&at, 8);
  put(&length, 4);
  put(path, path_length);
  put(data, length);
  pthread_mutex_unlock(&lock);
}

static void record(char operation, int fd, uint64_t at, const void *data, uint32_t length) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t count = readlink(link, path, sizeof path - 1);
  if (count < 0) return;
  path[count] = 0;
  record_path(operation, path, at, data, length);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t at) {
  ssize_t done = REAL(pwrite64)(fd, data, count, at);
  if (done > 0) record('W', fd, at, data, done);
  return done;
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t at) {
  ssize_t done = REAL(pwrite)(fd, data, count, at);
  if (done > 0) record('W', fd, at, data, done);
  return done;
}

/* Appends, as far as the test's programs write without an offset. */
ssize_t write(int fd, const void *data, size_t count) {
  ssize_t done = REAL(write)(fd, data, count);
  if (done > 0) record('W', fd, UINT64_MAX, data, done);
  return done;
}

int ftruncate64(int fd, off64_t length) {
  int failed = REAL(ftruncate64)(fd, length);
  if (!failed) record('T', fd, length, "", 0);
  return failed;
}

int ftruncate(int fd, off_t length) {
  int failed = REAL(ftruncate)(fd, length);
  if (!failed) record('T', fd, length, "", 0);
  return failed;
}

int fsync(int fd) {
  record('S', fd, 0, "", 0);
  return REAL(fsync)(fd);
}

int fdatasync(int fd) {
  record('S', fd, 0, "", 0);
  return REAL(fdatasync)(fd);
}

int unlink(const char *path) {
  int failed = REAL(unlink)(path);
  if (!failed) record_path('U', path, 0, "", 0);
  return failed;
}
