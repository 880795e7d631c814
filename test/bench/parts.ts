// What the benchmarks of parts take from the program; bundled by stage.mjs.

export { drivers } from '../../drivers/index.ts';
export { loadConfig } from '../../src/config/load.ts';
export { createState, step, wakeAt } from '../../src/core/engine.ts';
export { compile } from '../../src/core/model.ts';
export { replayFacts } from '../../src/loop.ts';
export { openStore } from '../../src/store/store.ts';
export { makeBacklog } from '../telemetry/backlog.ts';
