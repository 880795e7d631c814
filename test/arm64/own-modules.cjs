// Loaded before everything in arm64 Node: the rig would put compiled modules of its own in the place of the program's; here
// those that the package brings are what is tried. Also tells children where arm64 libraries are.
'use strict';
const path = require('node:path');

const rig = process.env.GATEWAY_ARM64_MODULES;
if (rig !== undefined && path.basename(rig) === 'node_modules') {
  process.env.QEMU_LD_PREFIX = path.join(path.dirname(rig), 'lib');
  process.env.GATEWAY_ARM64_MODULES = path.join(rig, 'none');
}
