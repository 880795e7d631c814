/* A Modbus slave on libmodbus, TCP or RTU, whose cells are set and read by lines on stdin. An independent
 * counterpart for tests: it shares no code with the gateway.
 *
 *   slave tcp                 prints "ready PORT"
 *   slave rtu PATH UNIT       prints "ready 0"
 *
 *   set TABLE ADDRESS VALUE   TABLE: coil discrete input holding; answers "ok"
 *   get TABLE ADDRESS         answers the value
 *   delay MS                  before each reply
 *   count                     answers the number of requests since start
 */
#include <arpa/inet.h>
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static modbus_mapping_t *map;
static int delay_ms = 0;
static long requests = 0;

static void command(const char *line) {
  char table[16];
  int address, value;
  if (sscanf(line, "set %15s %d %d", table, &address, &value) == 3 && address >= 0 && address < 1024) {
    if (!strcmp(table, "coil")) map->tab_bits[address] = value;
    else if (!strcmp(table, "discrete")) map->tab_input_bits[address] = value;
    else if (!strcmp(table, "input")) map->tab_input_registers[address] = value;
    else map->tab_registers[address] = value;
    puts("ok");
  } else if (sscanf(line, "get %15s %d", table, &address) == 2 && address >= 0 && address < 1024) {
    if (!strcmp(table, "coil")) value = map->tab_bits[address];
    else if (!strcmp(table, "discrete")) value = map->tab_input_bits[address];
    else if (!strcmp(table, "input")) value = map->tab_input_registers[address];
    else value = map->tab_registers[address];
    printf("%d\n", value);
  } else if (sscanf(line, "delay %d", &value) == 1) {
    delay_ms = value;
    puts("ok");
  } else if (!strncmp(line, "count", 5)) {
    printf("%ld\n", requests);
  } else {
    puts("what?");
  }
  fflush(stdout);
}

/* 0 at end of input */
static int commands(void) {
  static char buffer[4096];
  static size_t used = 0;
  ssize_t got = read(0, buffer + used, sizeof buffer - used - 1);
  if (got <= 0) return 0;
  used += (size_t)got;
  buffer[used] = 0;
  char *start = buffer, *end;
  while ((end = strchr(start, '\n'))) {
    *end = 0;
    command(start);
    start = end + 1;
  }
  used = strlen(start);
  memmove(buffer, start, used + 1);
  return 1;
}

/* -1 where the peer is gone */
static int serve(modbus_t *modbus) {
  uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
  int length = modbus_receive(modbus, query);
  if (length == 0) return 0; /* for another unit */
  if (length < 0) return errno == EMBBADCRC || errno == ETIMEDOUT ? 0 : -1;
  requests += 1;
  if (delay_ms > 0) usleep((useconds_t)delay_ms * 1000);
  return modbus_reply(modbus, query, length, map) < 0 ? -1 : 0;
}

int main(int argc, char **argv) {
  map = modbus_mapping_new(1024, 1024, 1024, 1024);
  if (!map || argc < 2) return 2;
  int rtu = !strcmp(argv[1], "rtu");
  int listener = -1, port = 0;
  modbus_t *modbus;
  fd_set known;
  FD_ZERO(&known);
  FD_SET(0, &known);
  int highest = 0;
  if (rtu) {
    if (argc < 4) return 2;
    modbus = modbus_new_rtu(argv[2], 115200, 'N', 8, 1);
    if (!modbus || modbus_set_slave(modbus, atoi(argv[3])) || modbus_connect(modbus)) {
      perror("rtu");
      return 1;
    }
    highest = modbus_get_socket(modbus);
    FD_SET(highest, &known);
  } else {
    modbus = modbus_new_tcp("127.0.0.1", 0);
    listener = modbus_tcp_listen(modbus, 64);
    if (listener < 0) {
      perror("tcp");
      return 1;
    }
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    getsockname(listener, (struct sockaddr *)&name, &size);
    port = ntohs(name.sin_port);
    FD_SET(listener, &known);
    highest = listener;
  }
  printf("ready %d\n", port);
  fflush(stdout);
  for (;;) {
    fd_set ready = known;
    if (select(highest + 1, &ready, NULL, NULL, NULL) < 0) return 1;
    for (int fd = 0; fd <= highest; fd += 1) {
      if (!FD_ISSET(fd, &ready)) continue;
      if (fd == 0) {
        if (!commands()) return 0;
      } else if (fd == listener) {
        int peer = accept(listener, NULL, NULL);
        if (peer >= 0 && peer < FD_SETSIZE) {
          FD_SET(peer, &known);
          if (peer > highest) highest = peer;
        }
      } else {
        if (!rtu) modbus_set_socket(modbus, fd);
        if (serve(modbus) < 0) {
          if (rtu) return 0;
          close(fd);
          FD_CLR(fd, &known);
        }
      }
    }
  }
}
