// What people read: columns as a terminal shows them, tables with Chinese in them, lines for events, and that
// nothing from outside can steer the terminal.

import { describe, expect, test } from 'vitest';
import { explanationLines } from '../../src/commands/explain.ts';
import { incidentLines } from '../../src/commands/incidents.ts';
import { refusal } from '../../src/commands/operate.ts';
import { pointLines } from '../../src/commands/points.ts';
import { statusLines } from '../../src/commands/status.ts';
import { troubleWords } from '../../src/core/troubles.ts';
import type { IncidentState, Language } from '../../src/core/types.ts';
import { cut, pad, plain, widthOf } from '../../src/lib/width.ts';
import { eventLine, eventLines } from '../../src/terminal/lines.ts';
import { screenOf, table } from '../../src/terminal/paint.ts';
import { troubleHint } from '../../src/terminal/trouble-hints.ts';
import { bannerLines, startView } from '../../src/terminal/view.ts';
import { languageOf, momentIn, span, stateText } from '../../src/terminal/words.ts';
import { event, incident, status } from '../control/host.ts';

const piped = { colours: false };
const coloured = { colours: true };

describe('width', () => {
  test.each([
    ['', 0],
    ['siren', 5],
    ['火灾', 4],
    ['火灾 · 中庭', 11],
    ['ﾊﾝｶｸ', 4],
    ['ＡＢ', 4],
    ['，。', 4],
    ['e\u0301', 1],
    ['a\u200bb', 2],
    ['한국', 4],
    ['𠮷', 2],
    ['🔥', 2],
    ['▲■◆✓', 4],
  ])('%s', (text, columns) => expect(widthOf(text)).toBe(columns));

  test('pad and cut count columns', () => {
    expect(pad('中庭', 6)).toBe('中庭  ');
    expect(pad('中庭', 6, 'left')).toBe('  中庭');
    expect(pad('中庭', 2)).toBe('中庭');
    expect(cut('中庭烟感', 5)).toBe('中庭…');
    expect(cut('中庭烟感', 6)).toBe('中庭…');
    expect(cut('中庭烟感', 8)).toBe('中庭烟感');
    expect(cut('smoke', 0)).toBe('');
  });

  test('a text from outside is one line without control characters', () => {
    expect(plain('a\n\tb\u001b[2Jc\u202e')).toBe('a b\ufffd[2Jc\ufffd');
  });
});

describe('tables', () => {
  const columns = [
    { title: 'zone' },
    { title: 'value', side: 'left' as const },
    { title: 'what', flexible: true },
  ];
  const rows = [
    ['中庭', '3', '烟感报警'],
    ['plant', '12.5', 'smoke'],
  ];

  /** Columns at which the cells of a line begin. */
  function starts(line: string, cells: readonly string[]): number[] {
    return cells.map((cell) => widthOf(line.slice(0, line.indexOf(cell))));
  }

  test('are aligned where characters are two columns wide', () => {
    const lines = table(piped, columns, rows);
    expect(lines).toEqual(['zone   value  what', '中庭       3  烟感报警', 'plant   12.5  smoke']);
    expect(starts(lines[1]!, ['中庭', '烟感'])).toEqual([0, 14]);
    expect(starts(lines[2]!, ['plant', 'smoke'])).toEqual([0, 14]);
  });

  test('fit the terminal, in the flexible column', () => {
    const wide = rows.map((row) => [...row.slice(0, 2), `${row[2]}，${'很长的说明'.repeat(10)}`]);
    for (const most of [40, 41, 60]) {
      const lines = table({ colours: false, columns: most }, columns, wide);
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(most);
      expect(lines[1]).toContain('…');
    }
    expect(table(piped, columns, wide)[1]).not.toContain('…');
  });

  test('colours do not count as columns', () => {
    const painted = table(coloured, columns, [[{ text: '中庭', colour: 'red' }, '3', 'x'], rows[1]!]);
    const bare = painted.map((line) => line.replace(/\u001b\[\d+m/g, ''));
    expect(painted[1]).toContain('\u001b[31m');
    expect(bare[1]).toBe('中庭       3  x');
  });

  test('a cell cannot steer the terminal', () => {
    expect(table(piped, [{ title: 'a' }], [['x\u001b]0;title\u0007']]).join('')).not.toMatch(
      /[\u0007\u001b]/,
    );
  });

  test('colours only at a terminal, never with NO_COLOR', () => {
    const terminal = { isTTY: true, columns: 90 } as NodeJS.WriteStream;
    expect(screenOf(terminal, {}).colours).toBe(true);
    expect(screenOf(terminal, {}).columns).toBe(90);
    expect(screenOf(terminal, { NO_COLOR: '1' }).colours).toBe(false);
    expect(screenOf(terminal, { NO_COLOR: '' }).colours).toBe(true);
    expect(screenOf(terminal, { TERM: 'dumb' }).colours).toBe(false);
    expect(screenOf({ columns: 90 } as NodeJS.WriteStream, {})).toMatchObject({ colours: false });
  });
});

describe('what commands print', () => {
  test('status, in both languages', () => {
    const english = statusLines(piped, status, 'en');
    expect(english.slice(0, 5)).toEqual([
      'Renmin Road (store_0042)  keepwatch 0.1.0  up 1 h 2 min',
      'open: ALARM 1, TROUBLE 2',
      'broker: mqtt://127.0.0.1:1883 ✗ not connected: refused; 3 events waiting',
      'storage: good',
      'clock: synced',
    ]);
    const text = english.join('\n');
    expect(text).toMatch(/line1 +modbus-rtu +up +1200 +3 +42% +900 ms/);
    expect(text).toMatch(/gas1 +line1 +✗ down +设备无应答/);
    expect(text).toMatch(/siren +on +≠ off +fire in atrium/);
    expect(text).toMatch(/gas_valve +as it is +✗ unknown +no answer/);
    expect(text).toMatch(/⊘ atrium +— +lina +焊接作业/);
    expect(english.at(-1)).toBe('! warning: the site file has faults');
    expect(statusLines(piped, status, 'zh')[1]).toBe('未关闭: 报警 1, 故障 2');
  });

  test('points: what is unknown is shown as that', () => {
    const lines = pointLines(
      piped,
      [
        { id: 'meter.voltage', value: 229.8, quality: 'good', unit: 'V', at: '2026-11-22T01:02:03.456Z' },
        { id: 'inputs.smoke', value: null, quality: 'stale', at: '2026-11-22T01:02:03.456Z' },
        { id: 'inputs.door', value: true, quality: 'good', at: '2026-11-22T01:02:03.456Z' },
      ],
      'zh',
      'Asia/Shanghai',
    );
    expect(lines[1]).toMatch(/^meter\.voltage +229\.8 +V +正常 +09:02:03$/);
    expect(lines[2]).toMatch(/^inputs\.smoke +— +过时 +09:02:03$/);
    expect(lines[3]).toMatch(/^inputs\.door +是 +正常/);
    expect(pointLines(piped, [], 'en', 'UTC')).toEqual(['no points']);
  });

  test('incidents', () => {
    const closed = { ...incident, id: 'i0_abcd', state: 'closed' as const, active: false };
    const lines = incidentLines(piped, [incident, closed], 'en', 'Asia/Shanghai');
    expect(lines[1]).toMatch(
      /^▲ ALARM +urgent +Fire · Atrium +unacknowledged +active +2026-11-22 09:02:03 +i1_abcd$/,
    );
    expect(lines[2]).toMatch(/closed +2026-11-22 09:02:03 +i0_abcd$/);
    expect(incidentLines(piped, [], 'zh', 'UTC')).toEqual(['无未关闭事件']);
  });

  test('a state says whether it was acknowledged, and whether the cause is over', () => {
    const text = (state: IncidentState, acknowledged: boolean, active: boolean, language: Language = 'en') =>
      stateText({ state, acknowledged, active }, language);
    expect(text('returned', true, false)).toBe('returned, acknowledged');
    expect(text('returned', false, false)).toBe('returned, unacknowledged');
    expect(text('returned', true, false, 'zh')).toBe('已恢复，已确认');
    expect(text('shelved', true, false)).toBe('shelved, acknowledged, returned');
    expect(text('shelved', false, true)).toBe('shelved, unacknowledged');
    expect(text('acknowledged', true, true)).toBe('acknowledged');
    expect(text('closed', true, false)).toBe('closed');
    const back = { ...incident, state: 'returned' as const, active: false, acknowledged: true };
    expect(incidentLines(piped, [back], 'zh', 'UTC')[1]).toMatch(/ 已恢复，已确认 /);
  });

  test('explain: a trouble in words, with what to do about this one, and points by their names', () => {
    const reading = { language: 'zh' as const, timezone: 'Asia/Shanghai' };
    const damaged = {
      ...incident,
      plan: 'gateway-trouble',
      category: 'trouble' as const,
      cause: { rule: 'health_state', subject: 'health:state', value: null },
    };
    const because =
      'the stored state was damaged and set aside as keepwatch.db.damaged-1; a new one was begun; open then: i3_abcd (Fire · Atrium / 火灾 · 中庭)';
    const explained = { incident: damaged, events: [{ ...event, because, incident: damaged }] };
    const lines = explanationLines(piped, explained, reading);
    expect(lines).toContain(
      '  原因: 存储的运行记录受损，已另存为 keepwatch.db.damaged-1，并重新开始记录；当时未关闭：i3_abcd（火灾 · 中庭）',
    );
    expect(lines.join('\n')).toMatch(/^ {2}怎么办: 到现场查看当时未关闭的事件/m);
    expect(lines.join('\n')).not.toMatch(/health:|—/);
    const english = explanationLines(piped, explained, { ...reading, language: 'en' });
    expect(english.join('\n')).toMatch(/^ {2}what to do: look on the spot at what was open then/m);
    const closed = { ...explained, incident: { ...damaged, state: 'closed' as const } };
    expect(explanationLines(piped, closed, reading).join('\n')).not.toContain('怎么办');
    const names = { 'inputs.smoke_atrium': { zh: '中庭烟感', en: 'Atrium smoke' } };
    expect(explanationLines(piped, { incident, events: [event], names }, reading)).toContain(
      '  原因: 中庭烟感动作',
    );
  });

  test.each(Object.keys(troubleWords))('%s has a word on what to do', (rule) => {
    const hint = troubleHint(rule.replace(/^health_(channel|stuck)$/, '$&_x')) as { zh: string; en: string };
    expect(hint.zh).toMatch(/\p{Script=Han}/u);
    expect(hint.en).toMatch(/^[a-z]/);
  });

  test('explain: cause, what happened in order, by whom', () => {
    const acknowledged = {
      ...event,
      seq: 8,
      type: 'incident.acknowledged' as const,
      at: '2026-11-22T01:02:06.000Z',
      because: 'acknowledged by lina',
      by: 'lina',
      clock: 'unsynced' as const,
    };
    const lines = explanationLines(
      piped,
      { incident, events: [event, acknowledged] },
      { language: 'en', timezone: 'Asia/Shanghai' },
    );
    expect(lines[0]).toBe('▲ ALARM Fire · Atrium');
    expect(lines).toContain('  because: inputs.smoke_atrium active');
    expect(lines.join('\n')).toMatch(/09:02:03 +\+0 ms +opened +inputs\.smoke_atrium active/);
    expect(lines.join('\n')).toMatch(/09:02:06~ +\+2\.5 s +acknowledged +acknowledged by lina$/m);
    expect(lines).toContain('  ~: the clock is not synchronised, so this time may be wrong');
  });
});

test('a refusal is in one language', () => {
  const reply = { id: 'c1', ok: false, code: 'refused' };
  expect(refusal({ ...reply, message: 'i1：尚未恢复' })).toBe('拒绝：i1：尚未恢复（refused）');
  expect(refusal({ ...reply, message: 'not yet returned' })).toBe('refused: not yet returned (refused)');
  expect(refusal({ ...reply, message: '' })).toBe('refused: no reason given (refused)');
});

describe('lines for events', () => {
  const reading = { language: 'zh' as const, timezone: 'Asia/Shanghai' };

  test('say time, symbol, word, title in both languages, cause and who', () => {
    expect(eventLine(piped, { ...event, by: 'lina' }, reading)).toBe(
      '09:02:03  ▲ 报警 发生 火灾 · 中庭 / Fire · Atrium [紧急] — inputs.smoke_atrium 动作 · 操作人 lina i1_abcd',
    );
  });

  test('name a person once', () => {
    const line = eventLine(piped, { ...event, because: 'acknowledged by wang', by: 'wang' }, reading);
    expect(line.match(/wang/g)).toHaveLength(1);
    const noted = { ...event, because: 'reset by wang: alone', by: 'wang' };
    expect(eventLine(piped, noted, reading)).not.toContain('操作人');
  });

  test('explain the tilde once', () => {
    const lineOf = eventLines(piped);
    const unsynced = { ...event, clock: 'unsynced' as const };
    const text = [event, unsynced, unsynced].map((each) => lineOf(each, reading)).join('\n');
    expect(text.split('\n')).toHaveLength(4);
    expect(text.match(/时钟未同步/g)).toHaveLength(1);
  });

  test('say the same without colours as with', () => {
    const painted = eventLine(coloured, event, reading);
    expect(painted).toContain('\u001b[31m');
    expect(painted.replace(/\u001b\[\d+m/g, '')).toBe(eventLine(piped, event, reading));
  });

  test('mark a moment that may be wrong, outputs and the gateway itself', () => {
    const { incident: _, ...bare } = event;
    expect(
      eventLine(piped, { ...bare, clock: 'unsynced', type: 'gateway.started', because: '' }, reading),
    ).toBe('09:02:03~ ○ 网关启动');
    const output = { ...bare, type: 'output.changed' as const, output: { id: 'siren', value: true } };
    expect(eventLine(piped, output, { ...reading, language: 'en' })).toContain('● output siren on');
  });
});

describe('the view of a run', () => {
  const reach = {
    premises: status.premises,
    socket: '/tmp/x/keepwatch.sock',
    data: '/tmp/x',
    broker: { host: '127.0.0.1', port: 1884 },
    prefix: 'keepwatch',
    scenarios: ['smoke', 'day'],
  };

  test('the banner of the demo says how to watch, act and play again', () => {
    const text = bannerLines(piped, reach, '', 'keepwatch').join('\n');
    expect(text).toContain("mosquitto_sub -p 1884 -t 'keepwatch/#' -v");
    expect(text).toContain('keepwatch ack INCIDENT');
    expect(text).toContain('keepwatch demo smoke');
    expect(bannerLines(piped, reach, '--socket /a/b', 'keepwatch').join('\n')).toContain(
      'keepwatch status --socket /a/b',
    );
  });

  test('shows links, what the demo does, and the log in words', () => {
    const written: string[] = [];
    const view = startView({ colours: false, write: (text) => written.push(text) });
    view.event(event); // before the banner, shown after it
    view.banner(reach, '');
    expect(written.at(-1)).toContain('09:02:03  ▲ 报警');
    view.link('device', 'meter', false, 'no answer');
    view.tell({ zh: '即将起烟', en: 'smoke comes' });
    view.log.write('{"level":"warn","time":"2026-11-22T01:02:03.456Z","code":"X","message":"careful"}\n');
    view.log.write('not JSON\u001b[2J\n');
    const shown = written.join('');
    expect(shown).toMatch(/⇣ down device meter — no answer\n/);
    expect(shown).toContain('» 即将起烟 / smoke comes');
    expect(shown).toMatch(/! careful code=X\n/);
    expect(shown).toContain('not JSON\ufffd[2J');
  });
});

describe('words', () => {
  test('language: what is asked for, the premises, the locale', () => {
    expect(languageOf('en', 'zh', {})).toBe('en');
    expect(languageOf(undefined, 'zh', { LANG: 'en_US.UTF-8' })).toBe('zh');
    expect(languageOf(undefined, undefined, { LANG: 'zh_CN.UTF-8' })).toBe('zh');
    expect(languageOf(undefined, undefined, {})).toBe('en');
  });

  test('moments are the clocks of the premises', () => {
    expect(momentIn('Asia/Shanghai', '2026-11-22T16:02:03.456Z')).toBe('2026-11-23 00:02:03');
    expect(momentIn('Mars/Olympus', '2026-11-22T16:02:03.456Z')).toBe('2026-11-22 16:02:03');
    expect(momentIn('UTC', 'never')).toBe('never');
  });

  test.each([
    [40, '40 ms'],
    [2540, '2.5 s'],
    [59_900, '60 s'],
    [720_000, '12 min'],
    [3_600_000, '1 h'],
    [273_600_000, '3 d 4 h'],
  ])('%d ms', (ms, text) => expect(span(ms)).toBe(text));
});
