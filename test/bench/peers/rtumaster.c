// A Modbus RTU master in plain C: asks for eight registers, waits for the answer and 3.5 characters more, and asks
// again. As good as a program without a kernel driver gets. Ends when it is killed.
// Build: gcc -O2 -o rtumaster rtumaster.c    Run: rtumaster TTY BAUD
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int count, char **words) {
  if (count != 3) return 2;
  int tty = open(words[1], O_RDWR | O_NOCTTY);
  if (tty < 0) return 1;
  struct termios settings;
  tcgetattr(tty, &settings);
  cfmakeraw(&settings);
  tcsetattr(tty, TCSANOW, &settings);
  double silence = 3.5 * 1e10 / atof(words[2]);
  const uint8_t question[] = {1, 3, 0, 0, 0, 8, 0x44, 0x0c};
  for (;;) {
    if (write(tty, question, sizeof question) != sizeof question) return 1;
    uint8_t answer[256];
    for (int have = 0; have < 21;) {
      int bytes = read(tty, answer, sizeof answer);
      if (bytes <= 0) return 1;
      have += bytes;
    }
    int64_t next = now() + (int64_t)silence;
    // sleeps most of the way and spins the last tenth of a millisecond
    struct timespec early = {(next - 100000) / 1000000000LL, (next - 100000) % 1000000000LL};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &early, NULL);
    while (now() < next) {}
  }
}
