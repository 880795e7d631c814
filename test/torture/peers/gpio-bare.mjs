// The least that turns a contact into a siren through sysfs: onoff alone, without rules, journal or a second look. The
// peer that contact-to-output times are held against. `node gpio-bare.mjs LABEL INPUT OUTPUT`, offsets on the chip.

import { readdirSync, readFileSync } from 'node:fs';
import { Gpio } from 'onoff';

const [label, input, output] = process.argv.slice(2);
const sysfs = '/sys/class/gpio';
const chip = readdirSync(sysfs).find(
  (name) => name.startsWith('gpiochip') && readFileSync(`${sysfs}/${name}/label`, 'utf8').trim() === label,
);
const base = Number(readFileSync(`${sysfs}/${chip}/base`, 'utf8'));
const siren = new Gpio(base + Number(output), 'out');
const contact = new Gpio(base + Number(input), 'in', 'both');
contact.watch((error, level) => {
  if (error) throw error;
  siren.writeSync(level);
});
