// A Modbus RTU slave that keeps the pace of a real line: it lets the question take its time on the wire, waits
// 3.5 characters, and gives its answer byte by byte at the baud rate. Judges the silence before each question.
// Build: gcc -O2 -o rtuslave rtuslave.c    Run: rtuslave TTY BAUD SECONDS    8N1, ten bits to a character.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { most_gaps = 1000000 };
static double gaps[most_gaps];

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// sleeps most of the way and spins the last tenth of a millisecond
static void wait_until(int64_t ns) {
  if (ns - now() > 150000) {
    int64_t early = ns - 100000;
    struct timespec t = {early / 1000000000LL, early % 1000000000LL};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
  }
  while (now() < ns) {}
}

static uint16_t crc16(const uint8_t *bytes, int length) {
  uint16_t crc = 0xffff;
  for (int i = 0; i < length; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int count, char **words) {
  if (count != 4) return 2;
  int tty = open(words[1], O_RDWR | O_NOCTTY);
  if (tty < 0) return 1;
  struct termios settings;
  tcgetattr(tty, &settings);
  cfmakeraw(&settings);
  tcsetattr(tty, TCSANOW, &settings);
  double character = 1e10 / atof(words[2]);
  int64_t end = now() + (int64_t)(atof(words[3]) * 1e9), first = 0, answered = 0;
  uint8_t question[256], answer[256];
  int have = 0, judged = 0;
  long answers = 0, hasty = 0;
  double carried = 0;

  while (now() < end) {
    struct pollfd wait = {tty, POLLIN, 0};
    if (poll(&wait, 1, 100) <= 0) continue;
    int64_t came = now();
    int bytes = read(tty, question + have, sizeof question - have);
    if (bytes <= 0) continue;
    if (have == 0 && answered) {
      if (judged < most_gaps) gaps[judged++] = (came - answered) / 1e3;
      if (came - answered < 3.5 * character) hasty++;
    }
    have += bytes;
    if (have < 8) continue;
    have = 0;
    if (question[1] != 3 && question[1] != 4) continue;
    int cells = question[4] << 8 | question[5], length = 5 + 2 * cells;
    if (cells < 1 || cells > 125) continue;
    answer[0] = question[0];
    answer[1] = question[1];
    answer[2] = 2 * cells;
    for (int i = 0; i < 2 * cells; i++) answer[3 + i] = i;
    uint16_t crc = crc16(answer, length - 2);
    answer[length - 2] = crc & 255;
    answer[length - 1] = crc >> 8;
    if (!first) first = came;
    // a pseudo-terminal hands the question over at once; on a wire its eight characters take their time
    double begin = came + (8 + 3.5) * character;
    for (int i = 0; i < length; i++) {
      wait_until(begin + (i + 1) * character);
      if (write(tty, answer + i, 1) != 1) return 1;
    }
    answered = begin + length * character;
    answers++;
    // question, silence, answer, silence: what such a turn takes at best
    carried += (8 + 3.5 + length + 3.5) * character;
  }
  qsort(gaps, judged, sizeof *gaps, by_size);
  // the last turn's second silence lies past the end
  double took = answered - first + 3.5 * character;
  printf("{\"answers\":%ld,\"used\":%.5f,\"hasty\":%.5f,\"gapP50Us\":%.0f,\"gapP99Us\":%.0f}\n", answers,
         answers ? carried / took : 0, judged ? (double)hasty / judged : 0, judged ? gaps[judged / 2] : 0,
         judged ? gaps[(int)(judged * .99)] : 0);
  return 0;
}
