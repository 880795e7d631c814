/* A serial line with many stations that keeps the pace of a real one: a pseudo terminal for the master and one for
 * each station; a byte takes its time on the wire before it is heard. Bytes that come while the wire is busy wait
 * (there are no collisions). Ten bits to a character. A station hears only the questions to its own unit, its
 * number: libmodbus's slave takes the question after one for another unit for that one's answer, and pymodbus's an
 * answer for a question, so that on two wires either would go deaf by itself.
 *
 *   paced BAUD STATIONS       prints "ready MASTER STATION1 STATION2 …"
 *
 *   stats                     answers "FRAMES HASTY BUSY_US": the master's frames, those that began before 3.5
 *                             characters of silence, and how long the wire carried bytes
 *   echo                      from now on the master hears itself
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { most_stations = 32, room = 65536 };
static struct { int64_t at; uint8_t byte; int from, to; } queue[room];
static unsigned head = 0, tail = 0;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int count, char **words) {
  if (count != 3) return 2;
  int64_t character = (int64_t)(1e10 / atof(words[1]));
  int stations = atoi(words[2]);
  if (stations < 1 || stations > most_stations) return 2;
  struct pollfd fds[most_stations + 2];
  printf("ready");
  for (int each = 0; each <= stations; each++) {
    int far;
    char name[64];
    struct termios raw;
    if (openpty(&fds[each].fd, &far, name, NULL, NULL)) return 1;
    tcgetattr(far, &raw);
    cfmakeraw(&raw);
    tcsetattr(far, TCSANOW, &raw);
    fcntl(fds[each].fd, F_SETFL, O_NONBLOCK);
    fds[each].events = POLLIN;
    /* the far end stays open here: a station that dies is silence, not a broken line */
    printf(" %s", name);
  }
  puts("");
  fflush(stdout);
  fds[stations + 1].fd = 0;
  fds[stations + 1].events = POLLIN;
  int64_t free_at = 0, busy = 0;
  long frames = 0, hasty = 0;
  int echo = 0, last_from = -1, asked = 0;
  for (;;) {
    struct timespec wait = {1, 0};
    if (head != tail) {
      int64_t left = queue[head % room].at - now();
      if (left < 0) left = 0;
      wait.tv_sec = left / 1000000000LL;
      wait.tv_nsec = left % 1000000000LL;
    }
    if (ppoll(fds, stations + 2, &wait, NULL) < 0) return 1;
    if (fds[stations + 1].revents) {
      char line[256];
      ssize_t got = read(0, line, sizeof line - 1);
      if (got <= 0) return 0;
      line[got] = 0;
      if (!strncmp(line, "echo", 4)) echo = 1;
      printf("%ld %ld %lld\n", frames, hasty, (long long)(busy / 1000));
      fflush(stdout);
    }
    for (int each = 0; each <= stations; each++) {
      uint8_t bytes[512];
      ssize_t got = fds[each].revents ? read(fds[each].fd, bytes, sizeof bytes) : 0;
      if (got <= 0) continue;
      int64_t at = now();
      if (each == 0) {
        frames++;
        asked = bytes[0];
        if (last_from > 0 && at - free_at < 3.5 * character) hasty++;
      }
      last_from = each;
      if (at < free_at) at = free_at;
      for (ssize_t i = 0; i < got && tail - head < room; i++) {
        at += character;
        queue[tail % room].at = at;
        queue[tail % room].byte = bytes[i];
        queue[tail % room].from = each;
        queue[tail % room].to = each == 0 ? asked : 0;
        tail++;
      }
      busy += got * character;
      free_at = at;
    }
    while (head != tail && queue[head % room].at <= now()) {
      for (int each = 0; each <= stations; each++) {
        int heard = each == queue[head % room].to || (each == 0 && queue[head % room].from == 0 && echo);
        if (!heard || (each == 0 && queue[head % room].from == 0 && !echo)) continue;
        if (write(fds[each].fd, &queue[head % room].byte, 1) != 1) continue;
      }
      head++;
    }
  }
}
