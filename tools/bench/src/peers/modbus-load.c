/*
 * A Modbus TCP client that is faster than any server: FC 3 of 40 registers at address 0 of unit 1.
 * Arguments: PORT CONNECTIONS DEPTH SECONDS; each connection has DEPTH requests on their way at all times.
 * Every answer is compared, byte by byte, with what a server has whose register N contains 257 * N.
 * Prints {"requests":N,"seconds":T}; ends with status 1 at a wrong answer or at five seconds' silence.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REGISTERS = 40, REQUEST = 12, ANSWER = 9 + 2 * REGISTERS, MOST_DEPTH = 64, MOST_EVENTS = 64, SILENCE_MS = 5000 };

struct connection {
  int fd;
  uint16_t next_sent, next_expected;
  size_t filled;
  uint8_t buffer[ANSWER * MOST_DEPTH];
};

static uint8_t registers[2 * REGISTERS];

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "wrong answer");
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

/** Sends `count` requests in one segment. */
static void ask(struct connection *c, int count) {
  uint8_t out[REQUEST * MOST_DEPTH];
  for (int i = 0; i < count; i++) {
    uint16_t id = c->next_sent++;
    const uint8_t request[REQUEST] = {id >> 8, id & 0xff, 0, 0, 0, 6, 1, 3, 0, 0, 0, REGISTERS};
    memcpy(out + i * REQUEST, request, REQUEST);
  }
  /* So few bytes always fit into the kernel's buffer. */
  if (write(c->fd, out, count * REQUEST) != count * REQUEST) fail("write");
}

/** Takes what has come. Returns how many whole answers that were. */
static int take(struct connection *c) {
  ssize_t got = read(c->fd, c->buffer + c->filled, sizeof c->buffer - c->filled);
  if (got <= 0) fail("the server has closed a connection");
  c->filled += got;
  int answers = 0;
  for (; (size_t)(answers + 1) * ANSWER <= c->filled; answers++) {
    const uint8_t *a = c->buffer + answers * ANSWER;
    uint16_t id = c->next_expected++;
    const uint8_t head[9] = {id >> 8, id & 0xff, 0, 0, 0, 3 + 2 * REGISTERS, 1, 3, 2 * REGISTERS};
    errno = 0;
    if (memcmp(a, head, sizeof head) || memcmp(a + sizeof head, registers, sizeof registers)) fail("FC 3");
  }
  c->filled -= answers * ANSWER;
  memmove(c->buffer, c->buffer + answers * ANSWER, c->filled);
  return answers;
}

static void open_connection(struct connection *c, int port, int epoll) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int yes = 1;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) < 0) fail("epoll_ctl");
}

int main(int count, char **words) {
  if (count != 5) return 2;
  int port = atoi(words[1]), connections = atoi(words[2]), depth = atoi(words[3]);
  double length = atof(words[4]);
  struct connection *all = calloc(connections, sizeof *all);
  int epoll = epoll_create1(0);
  if (all == NULL || epoll < 0 || depth < 1 || depth > MOST_DEPTH) fail("arguments");
  for (int i = 0; i < REGISTERS; i++) registers[2 * i] = 257 * i >> 8, registers[2 * i + 1] = 257 * i & 0xff;
  for (int i = 0; i < connections; i++) open_connection(&all[i], port, epoll);

  double begin = now(), end = begin;
  for (int i = 0; i < connections; i++) ask(&all[i], depth);
  long requests = 0;
  while ((end = now()) - begin < length) {
    struct epoll_event events[MOST_EVENTS];
    int ready = epoll_wait(epoll, events, MOST_EVENTS, SILENCE_MS);
    if (ready == 0) errno = ETIMEDOUT;
    if (ready <= 0) fail("epoll_wait");
    for (int i = 0; i < ready; i++) {
      int answers = take(events[i].data.ptr);
      if (answers > 0) ask(events[i].data.ptr, answers);
      requests += answers;
    }
  }
  printf("{\"requests\":%ld,\"seconds\":%.6f}\n", requests, end - begin);
  return 0;
}
