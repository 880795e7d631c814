#!/bin/bash
# The least that turns a contact into a siren through the character device: gpiomon and gpioset of libgpiod 1 alone. The
# peer that contact-to-output times are held against. `gpio-bare.sh CHIP INPUT OUTPUT`, offsets on the chip.
set -u
holder=
gpiomon --line-buffered --format=%e "$1" "$2" | while read -r level; do
  [[ -z $holder ]] || { kill "$holder"; wait "$holder" 2>/dev/null; }
  gpioset --mode=signal "$1" "$3=$level" &
  holder=$!
done
