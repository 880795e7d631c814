// The built-in demo: a stage of imitated devices on real protocols, and the site file that watches it. Begins
// with an empty data folder each time, so that the day always unfolds the same way.

import {
  cpSync,
  existsSync,
  mkdtempSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import path from 'node:path';
import { type Stage, startStage } from '../drivers/simulator/scenario.ts';
import { demoFolder } from './control/socket.ts';
import type { Text } from './core/types.ts';
import type { Log } from './driver.ts';
import { shippedConfig } from './lib/assets.ts';

export interface Demo {
  readonly file: string;
  readonly overrides: Readonly<Record<string, unknown>>;
  readonly scenarios: readonly string[];
  play(scenario: string): Promise<void>;
  /** Begins a scene and comes back at once: it plays for many seconds. Rejects for one that there is none of. */
  begin(scenario: string): Promise<void>;
  /** plays the scripted day, telling what comes */
  unfold(tell: (text: Text) => void): void;
  stop(): Promise<void>;
}

const dayInWords: Text = {
  zh: '演示日开始：3 秒后中庭烟感报警，约 40 秒后停电，约 70 秒后收银台按下紧急按钮',
  en: 'the day begins: smoke in the atrium in 3 s, a power cut at about 40 s, a panic button at about 70 s',
};

export async function prepareDemo(log: Log): Promise<Demo> {
  const stage: Stage = await startStage({ modbusPort: 0, upsPort: 0 });
  const folder = freshFolder();
  let stopped = false;
  return {
    file: path.join(shippedConfig, 'demo', 'site.yaml'),
    overrides: {
      data: folder.data,
      // a copy, because whoever tries the demo may move things on it
      'console.floors': floorsIn(folder.data),
      'buses.io.port': stage.modbusPort,
      'buses.ups.port': stage.upsPort,
    },
    scenarios: stage.scenarios,
    play: (scenario) => stage.play(scenario),
    async begin(scenario) {
      if (!stage.scenarios.includes(scenario)) {
        throw Object.assign(
          new Error(`no scene is called ${scenario}; there are: ${stage.scenarios.join(', ')}`),
          { code: 'notFound' },
        );
      }
      void stage.play(scenario);
    },
    unfold(tell) {
      tell(dayInWords);
      stage.play('day').then(
        () => {
          if (stopped) return;
          tell({
            zh: '演示日结束；可再次播放：keepwatch demo smoke',
            en: 'the day is over; play again with: keepwatch demo smoke',
          });
        },
        (error: Error) => log.error({ code: 'DEMO_FAILED' }, error.message),
      );
    },
    async stop() {
      stopped = true;
      await stage.stop();
      folder.remove();
    },
  };
}

function floorsIn(data: string): string {
  const floors = path.join(data, 'floors');
  const shipped = path.join(shippedConfig, 'demo', 'floors');
  if (existsSync(shipped)) cpSync(shipped, floors, { recursive: true });
  return floors;
}

/** A folder of this demo alone. The usual name leads to the latest one, so that commands find it untold. */
function freshFolder(): { data: string; remove(): void } {
  const usual = demoFolder();
  const data = mkdtempSync(`${usual}-`);
  const link = `${data}.link`;
  symlinkSync(data, link);
  renameSync(link, usual);
  return {
    data,
    remove() {
      rmSync(data, { recursive: true, force: true });
      try {
        if (readlinkSync(usual) === data) unlinkSync(usual);
      } catch {
        // another demo's by now
      }
    },
  };
}
