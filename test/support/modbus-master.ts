// A Modbus TCP master for tests: modbus-serial's client, which shares nothing with our driver. The caller
// closes it.

import modbus from 'modbus-serial';

export type Master = InstanceType<typeof modbus.default>;

export async function openMaster(port: number, unit: number): Promise<Master> {
  const made = new modbus.default();
  await made.connectTCP('127.0.0.1', { port });
  made.setID(unit);
  made.setTimeout(300);
  return made;
}
