// The list of targets. Adding one is its file and a line here.

import type { Target } from '../target.ts';
import { adamAscii } from './adam-ascii.ts';
import { afp2800 } from './afp-2800.ts';
import { command } from './command.ts';
import { consoleHeaders } from './console-headers.ts';
import { consoleUsers } from './console-users.ts';
import { contacts } from './contacts.ts';
import { controlSocket } from './control.ts';
import { engineStep } from './engine-step.ts';
import { expressions } from './expressions.ts';
import { floor } from './floor.ts';
import { gst9000 } from './gst9000.ts';
import { holidays } from './holidays.ts';
import { journalRow } from './journal-row.ts';
import { lineText } from './line-text.ts';
import { lines } from './lines.ts';
import { linesPattern } from './lines-pattern.ts';
import { loadConfigTarget } from './load-config.ts';
import { megatec } from './megatec.ts';
import { modbusAddress } from './modbus-address.ts';
import { modbusRtu } from './modbus-rtu.ts';
import { modbusTcp } from './modbus-tcp.ts';
import { modbusValues } from './modbus-values.ts';
import { modemInbox } from './modem-inbox.ts';
import { modemPdu } from './modem-pdu.ts';
import { modemSaid } from './modem-said.ts';
import { nut } from './nut.ts';
import { plan } from './plan.ts';
import { profile } from './profile.ts';
import { recording } from './recording.ts';
import { settingsText } from './settings-text.ts';
import { signedCommand } from './signed-command.ts';
import { simulatorScript } from './simulator-script.ts';
import { simulatorStage } from './simulator-stage.ts';
import { siteYaml } from './site-yaml.ts';
import { smsReplies } from './sms-replies.ts';
import { smsWords } from './sms-words.ts';
import { statusTopic } from './status-topic.ts';
import { telemetryBlock } from './telemetry-block.ts';
import { values } from './values.ts';
import { voltronic } from './voltronic.ts';
import { webhookAnswer } from './webhook-answer.ts';
import { winsen } from './winsen.ts';

export const targets: readonly Target[] = [
  modbusAddress,
  modbusValues,
  modbusRtu,
  modbusTcp,
  megatec,
  voltronic,
  nut,
  winsen,
  adamAscii,
  gst9000,
  afp2800,
  modemSaid,
  modemPdu,
  modemInbox,
  lines,
  lineText,
  linesPattern,
  recording,
  simulatorScript,
  values,
  siteYaml,
  expressions,
  plan,
  profile,
  contacts,
  holidays,
  loadConfigTarget,
  command,
  statusTopic,
  controlSocket,
  smsWords,
  smsReplies,
  webhookAnswer,
  journalRow,
  engineStep,
  signedCommand,
  telemetryBlock,
  simulatorStage,
  consoleUsers,
  consoleHeaders,
  floor,
  settingsText,
];
