/*
 * What a C program would serve: libmodbus and a select loop over all clients, holding registers 0…99,
 * of which register N contains 257 * N. Takes any free port of 127.0.0.1 and prints {"port":N}.
 */
#include <arpa/inet.h>
#include <modbus/modbus.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REGISTERS = 100, BACKLOG = 128 };

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/** Answers one request. Returns false when the client is gone. */
static int answer(modbus_t *ctx, modbus_mapping_t *mapping, int client) {
  uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
  modbus_set_socket(ctx, client);
  int length = modbus_receive(ctx, query);
  return length > 0 && modbus_reply(ctx, query, length, mapping) >= 0;
}

int main(void) {
  modbus_t *ctx = modbus_new_tcp("127.0.0.1", 0);
  modbus_mapping_t *mapping = modbus_mapping_new(0, 0, REGISTERS, 0);
  if (ctx == NULL || mapping == NULL) fail("modbus_new_tcp");
  for (int i = 0; i < REGISTERS; i++) mapping->tab_registers[i] = (uint16_t)(257 * i);
  int listener = modbus_tcp_listen(ctx, BACKLOG);
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  if (listener < 0 || getsockname(listener, (struct sockaddr *)&address, &size) < 0) fail("modbus_tcp_listen");
  printf("{\"port\":%d}\n", ntohs(address.sin_port));
  fflush(stdout);

  fd_set open;
  FD_ZERO(&open);
  FD_SET(listener, &open);
  int highest = listener;
  for (;;) {
    fd_set ready = open;
    if (select(highest + 1, &ready, NULL, NULL, NULL) < 0) fail("select");
    for (int fd = 0; fd <= highest; fd++) {
      if (!FD_ISSET(fd, &ready)) continue;
      if (fd != listener) {
        if (answer(ctx, mapping, fd)) continue;
        close(fd);
        FD_CLR(fd, &open);
        continue;
      }
      int client = accept(listener, NULL, NULL);
      if (client < 0 || client >= FD_SETSIZE) fail("accept");
      int yes = 1;
      setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      FD_SET(client, &open);
      if (client > highest) highest = client;
    }
  }
}
