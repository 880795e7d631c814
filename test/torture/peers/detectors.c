/* A Modbus TCP slave on libmodbus that is the truth of a run: it writes down what it answered, to whom and when.
 * It shares no code with the gateway and knows nothing of alarms.
 *
 *   detectors tcp             prints "ready PORT"
 *   detectors rtu PATH UNIT   prints "ready 0"; there is one connection, number 0
 *
 *   set ADDRESS VALUE   on stdin: a holding and an input register
 *
 *   answered CONNECTION ADDRESS VALUE MS   a connection was told a value that it was not told last
 *   sure CONNECTION ADDRESS VALUE MS       it has asked twice more since: nobody does who has not dealt with it
 *   opened CONNECTION MS, closed CONNECTION MS
 *
 * MS: the monotonic clock.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { cells = 64, most_pending = 256, questions_to_be_sure = 2 };

struct pending {
  int address, value, questions;
};

struct peer {
  int number;
  int told[cells]; /* -1: nothing so far */
  struct pending pending[most_pending];
  int waiting;
};

static modbus_mapping_t *map;
static struct peer peers[FD_SETSIZE];
static int numbers = 0;

static double now_ms(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static void begin(struct peer *peer, int number) {
  peer->number = number;
  peer->waiting = 0;
  for (int at = 0; at < cells; at += 1) peer->told[at] = -1;
  printf("opened %d %.3f\n", number, now_ms());
  fflush(stdout);
}

static void asked(struct peer *peer) {
  int kept = 0;
  for (int at = 0; at < peer->waiting; at += 1) {
    struct pending each = peer->pending[at];
    each.questions += 1;
    if (each.questions >= questions_to_be_sure)
      printf("sure %d %d %d %.3f\n", peer->number, each.address, each.value, now_ms());
    else
      peer->pending[kept++] = each;
  }
  peer->waiting = kept;
}

/* `late`: the next question was there already, so that nobody waited for this answer any more */
static void told(struct peer *peer, int address, int value, int late) {
  if (address >= cells || peer->told[address] == value) return;
  peer->told[address] = late ? -1 : value;
  printf("answered %d %d %d %.3f\n", peer->number, address, value, now_ms());
  if (!late && peer->waiting < most_pending) peer->pending[peer->waiting++] = (struct pending){address, value, 0};
}

/* -1 where the peer is gone */
static int serve(modbus_t *modbus, struct peer *peer) {
  uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
  int length = modbus_receive(modbus, query);
  if (length == 0) return 0; /* for another unit */
  if (length < 0) return errno >= EMBXILFUN || errno == ETIMEDOUT ? 0 : -1;
  asked(peer);
  const uint8_t *body = query + modbus_get_header_length(modbus);
  int code = body[0], from = body[1] << 8 | body[2], count = body[3] << 8 | body[4];
  int gone = modbus_reply(modbus, query, length, map) < 0 ? -1 : 0;
  int waiting = 0;
  ioctl(modbus_get_socket(modbus), FIONREAD, &waiting);
  if (!gone && (code == 3 || code == 4) && count <= cells)
    for (int at = from; at < from + count && at < cells; at += 1)
      told(peer, at, code == 3 ? map->tab_registers[at] : map->tab_input_registers[at], waiting > 0);
  fflush(stdout);
  return gone;
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
    int address, value;
    *end = 0;
    if (sscanf(start, "set %d %d", &address, &value) == 2 && address >= 0 && address < cells)
      map->tab_registers[address] = map->tab_input_registers[address] = (uint16_t)value;
    start = end + 1;
  }
  used = strlen(start);
  memmove(buffer, start, used + 1);
  return 1;
}

int main(int argc, char **argv) {
  map = modbus_mapping_new(cells, cells, cells, cells);
  if (!map || argc < 2) return 2;
  int rtu = !strcmp(argv[1], "rtu");
  int listener = -1, port = 0, highest = 0;
  modbus_t *modbus;
  fd_set known;
  FD_ZERO(&known);
  FD_SET(0, &known);
  if (rtu) {
    if (argc < 4) return 2;
    modbus = modbus_new_rtu(argv[2], 115200, 'N', 8, 1);
    if (!modbus || modbus_set_slave(modbus, atoi(argv[3])) || modbus_connect(modbus)) {
      perror("rtu");
      return 1;
    }
    /* after a spoilt question: a short silence, and on */
    modbus_set_error_recovery(modbus, MODBUS_ERROR_RECOVERY_PROTOCOL);
    modbus_set_response_timeout(modbus, 0, 20000);
    modbus_set_byte_timeout(modbus, 0, 50000);
    highest = modbus_get_socket(modbus);
    FD_SET(highest, &known);
    begin(&peers[highest], numbers++);
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
        if (peer < 0 || peer >= FD_SETSIZE) continue;
        int on = 1;
        setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        FD_SET(peer, &known);
        if (peer > highest) highest = peer;
        begin(&peers[peer], numbers++);
      } else {
        if (!rtu) modbus_set_socket(modbus, fd);
        if (serve(modbus, &peers[fd]) < 0) {
          if (rtu) return 0;
          close(fd);
          FD_CLR(fd, &known);
          printf("closed %d %.3f\n", peers[fd].number, now_ms());
          fflush(stdout);
        }
      }
    }
  }
}
