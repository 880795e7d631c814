/* Modbus units on libmodbus, as strict as real devices: an address that was not filled is refused. An independent
 * counterpart for scans: it shares no code with the gateway.
 *
 *   units tcp                 a gateway to several units; prints "ready PORT"
 *   units rtu PATH UNIT       one unit on a serial line; prints "ready 0"
 *
 *   unit N                    the unit that is filled from now on; a gateway has those that were named
 *   set TABLE ADDRESS VALUE   TABLE: coil discrete input holding
 *   delay MS                  before each reply
 *   count | writes            the number of requests, and of those that write, since start
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

enum { cells = 65536, tables = 4 };
static const char *names[tables] = {"coil", "discrete", "holding", "input"};

typedef struct {
  modbus_mapping_t *map;
  uint8_t *there[tables];
} unit_t;

static unit_t units[256];
static int chosen = 1;
static int delay_ms = 0;
static long requests = 0, writes = 0;

static void make(int number) {
  unit_t *unit = &units[number];
  if (unit->map) return;
  unit->map = modbus_mapping_new(cells, cells, cells, cells);
  for (int table = 0; table < tables; table += 1) unit->there[table] = calloc(cells, 1);
}

static void command(const char *line) {
  char table[16];
  int address, value;
  if (sscanf(line, "set %15s %d %d", table, &address, &value) == 3 && address >= 0 && address < cells) {
    unit_t *unit = &units[chosen];
    make(chosen);
    for (int at = 0; at < tables; at += 1) {
      if (strcmp(table, names[at])) continue;
      unit->there[at][address] = 1;
      if (at == 0) unit->map->tab_bits[address] = value;
      if (at == 1) unit->map->tab_input_bits[address] = value;
      if (at == 2) unit->map->tab_registers[address] = value;
      if (at == 3) unit->map->tab_input_registers[address] = value;
    }
    puts("ok");
  } else if (sscanf(line, "unit %d", &value) == 1 && value >= 0 && value < 256) {
    chosen = value;
    make(chosen);
    puts("ok");
  } else if (sscanf(line, "delay %d", &value) == 1) {
    delay_ms = value;
    puts("ok");
  } else if (!strncmp(line, "count", 5)) {
    printf("%ld\n", requests);
  } else if (!strncmp(line, "writes", 6)) {
    printf("%ld\n", writes);
  } else {
    puts("what?");
  }
  fflush(stdout);
}

/* 0 at end of input */
static int commands(void) {
  static char buffer[65536];
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
static int serve(modbus_t *modbus, int rtu, int own) {
  uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
  int length = modbus_receive(modbus, query);
  if (length == 0) return 0; /* for another unit */
  if (length < 0) return errno == EMBBADCRC || errno == ETIMEDOUT || errno == EMBBADDATA ? 0 : -1;
  requests += 1;
  int head = modbus_get_header_length(modbus);
  int number = rtu ? own : query[head - 1];
  int code = query[head], address = query[head + 1] << 8 | query[head + 2];
  int count = query[head + 3] << 8 | query[head + 4];
  if (code > 4) writes += 1;
  if (delay_ms > 0) usleep((useconds_t)delay_ms * 1000);
  unit_t *unit = &units[number];
  if (!unit->map)
    return modbus_reply_exception(modbus, query, MODBUS_EXCEPTION_GATEWAY_TARGET) < 0 ? -1 : 0;
  if (code >= 1 && code <= 4) {
    const uint8_t *there = unit->there[code - 1];
    for (int at = address; at < address + count; at += 1) {
      if (at < cells && there[at]) continue;
      return modbus_reply_exception(modbus, query, MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS) < 0 ? -1 : 0;
    }
  }
  return modbus_reply(modbus, query, length, unit->map) < 0 ? -1 : 0;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  int rtu = !strcmp(argv[1], "rtu");
  int listener = -1, port = 0, own = 1;
  modbus_t *modbus;
  fd_set known;
  FD_ZERO(&known);
  FD_SET(0, &known);
  int highest = 0;
  if (rtu) {
    if (argc < 4) return 2;
    own = chosen = atoi(argv[3]);
    make(own);
    modbus = modbus_new_rtu(argv[2], 115200, 'N', 8, 1);
    if (!modbus || modbus_set_slave(modbus, own) || modbus_connect(modbus)) {
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
        if (serve(modbus, rtu, own) < 0) {
          if (rtu) return 0;
          close(fd);
          FD_CLR(fd, &known);
        }
      }
    }
  }
}
