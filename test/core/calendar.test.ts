// What day and hour it is at the premises: zones of time and their changes, days off and make-up days, windows
// past midnight, limits, and a clock that nobody has set.

import { describe, expect, it } from 'vitest';
import {
  isNight,
  isPlausible,
  isWithin,
  isWorkday,
  isWorkingHour,
  limitMs,
  localOf,
  startOfDate,
} from '../../src/core/calendar.ts';
import { calendar, hours } from '../support/site.ts';

const china = calendar({
  holidays: ['2026-10-01', '2026-10-02'],
  makeUpDays: ['2026-10-10'],
});
const at = (text: string): number => Date.parse(`${text}+08:00`);
const local = (text: string) => localOf(china, at(text));

describe('the local day', () => {
  it('is that of the premises', () => {
    expect(localOf(china, Date.parse('2026-11-22T16:30:00Z'))).toMatchObject({
      date: '2026-11-23',
      minute: 30,
      weekday: 'mon',
    });
    expect(localOf(calendar({ offsets: [] }), Date.parse('2026-11-22T16:30:00Z'))).toMatchObject({
      date: '2026-11-22',
      minute: 990,
      weekday: 'sun',
    });
    expect(localOf(calendar({ offsets: [[0, -300]] }), Date.parse('2026-03-01T02:00:00Z')).date).toBe(
      '2026-02-28',
    );
  });

  it('follows a change to summer time, and back', () => {
    const changing = calendar({
      offsets: [
        [0, 60],
        [Date.parse('2026-03-29T01:00:00Z'), 120],
        [Date.parse('2026-10-25T01:00:00Z'), 60],
      ],
    });
    expect(localOf(changing, Date.parse('2026-03-29T00:59:00Z')).minute).toBe(119);
    expect(localOf(changing, Date.parse('2026-03-29T01:00:00Z')).minute).toBe(180);
    expect(localOf(changing, Date.parse('2026-10-25T01:00:00Z')).minute).toBe(120);
    expect(startOfDate(changing, '2026-07-01')).toBe(Date.parse('2026-06-30T22:00:00Z'));
    expect(startOfDate(changing, '2026-12-01')).toBe(Date.parse('2026-11-30T23:00:00Z'));
  });

  it('begins at its own midnight', () => {
    expect(startOfDate(china, '2026-10-01')).toBe(at('2026-10-01T00:00:00'));
    expect(startOfDate(undefined, '2026-10-01')).toBe(Date.parse('2026-10-01T00:00:00Z'));
  });
});

describe('workdays', () => {
  it.each([
    ['2026-09-30', true],
    ['2026-10-01', false],
    ['2026-10-03', false],
    ['2026-10-08', true],
    ['2026-10-10', true],
    ['2026-10-11', false],
  ])('%s: %s', (date, expected) => {
    expect(isWorkday(china, local(`${date}T12:00:00`))).toBe(expected);
  });

  it('a day that is both off and made up for is worked on', () => {
    const both = calendar({ holidays: ['2026-10-10'], makeUpDays: ['2026-10-10'] });
    expect(isWorkday(both, local('2026-10-10T12:00:00'))).toBe(true);
  });
});

describe('windows', () => {
  it.each([
    ['2026-11-23T08:59:59', false],
    ['2026-11-23T09:00:00', true],
    ['2026-11-23T17:59:59', true],
    ['2026-11-23T18:00:00', false],
    ['2026-10-01T12:00:00', false],
    ['2026-10-10T12:00:00', true],
  ])('working hours at %s: %s', (text, expected) => {
    expect(isWorkingHour(china, local(text))).toBe(expected);
  });

  it('one past midnight belongs to the day on which it began', () => {
    const late = [hours('22:00', '06:00', 'fri')];
    expect(isWithin(china, late, local('2026-11-27T23:00:00'))).toBe(true);
    expect(isWithin(china, late, local('2026-11-28T05:59:00'))).toBe(true);
    expect(isWithin(china, late, local('2026-11-28T06:00:00'))).toBe(false);
    expect(isWithin(china, late, local('2026-11-28T23:00:00'))).toBe(false);
    expect(isWithin(china, late, local('2026-11-27T05:00:00'))).toBe(false);
  });

  it('of a whole day, and of one that is made up for', () => {
    expect(isWithin(china, [hours('00:00', '24:00', 'holiday')], local('2026-10-02T23:59:00'))).toBe(true);
    expect(isWithin(china, [hours('00:00', '24:00', 'holiday')], local('2026-10-10T12:00:00'))).toBe(false);
    expect(isWithin(china, [hours('00:00', '24:00', 'sat')], local('2026-10-10T12:00:00'))).toBe(true);
  });
});

describe('limits', () => {
  const limit = { workday: 15, holiday: 45, night: 90 };

  it.each([
    ['2026-11-23T12:00:00', 15],
    ['2026-11-22T12:00:00', 45],
    ['2026-11-23T22:00:00', 90],
    ['2026-11-22T06:59:00', 90],
    ['2026-11-23T07:00:00', 15],
  ])('at %s: %d', (text, expected) => {
    expect(limitMs(limit, china, at(text))).toBe(expected);
  });

  it('what is left out is as on a workday', () => {
    expect(limitMs({ workday: 15, night: 5 }, china, at('2026-11-22T12:00:00'))).toBe(15);
    expect(limitMs({ workday: 15, holiday: 45 }, china, at('2026-11-23T23:00:00'))).toBe(15);
    expect(limitMs(7, undefined, 0)).toBe(7);
  });

  it('are the shortest where nobody knows the day', () => {
    expect(limitMs(limit, undefined, at('2026-11-22T12:00:00'))).toBe(15);
    expect(limitMs(limit, china, 0)).toBe(15);
    expect(limitMs({ workday: 15, night: 5 }, china, 0)).toBe(5);
  });

  it('night may be within one day', () => {
    const siesta = calendar({ night: { fromMinute: 60, toMinute: 300 } });
    expect(isNight(siesta, localOf(siesta, at('2026-11-23T00:59:00')))).toBe(false);
    expect(isNight(siesta, localOf(siesta, at('2026-11-23T04:59:00')))).toBe(true);
    expect(isNight(siesta, localOf(siesta, at('2026-11-23T05:00:00')))).toBe(false);
  });
});

it('a clock that lost its battery is not believed', () => {
  expect(isPlausible(0)).toBe(false);
  expect(isPlausible(Date.parse('2023-12-31T23:59:59Z'))).toBe(false);
  expect(isPlausible(Date.parse('2024-01-01T00:00:00Z'))).toBe(true);
});
