// A Modbus TCP server with a register image that its owner sets: the devices of the demo, and a counterpart
// for tests and trials. Serves what it is told and knows no product; it is no part of the Modbus driver.

import type { AddressInfo, Server } from 'node:net';
import modbus from 'modbus-serial';

/** One unit's registers and bits. An address that was never set is answered with exception 2. */
export interface UnitImage {
  readonly coils: Map<number, boolean>;
  readonly discrete: Map<number, boolean>;
  readonly input: Map<number, number>;
  readonly holding: Map<number, number>;
  /** as a device without power: nothing is answered */
  silent: boolean;
}

export interface ModbusServer {
  readonly host: string;
  readonly port: number;
  /** The unit's image; made at the first call, and silent before it. */
  unit(id: number): UnitImage;
  /** Ends the connections as well. */
  close(): Promise<void>;
}

/** Sets a float32 over two registers, high word first. */
export function setFloat(registers: Map<number, number>, address: number, value: number): void {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setFloat32(0, value);
  registers.set(address, bytes.getUint16(0));
  registers.set(address + 1, bytes.getUint16(2));
}

const illegalAddress = { modbusErrorCode: 2, message: 'no such address' };

/** Rejects where the address is taken. Port 0 takes a free one. */
export async function startModbusServer(options: { host?: string; port: number }): Promise<ModbusServer> {
  const host = options.host ?? '127.0.0.1';
  const units = new Map<number, UnitImage>();

  function unit(id: number): UnitImage {
    let image = units.get(id);
    if (!image) {
      image = { coils: new Map(), discrete: new Map(), input: new Map(), holding: new Map(), silent: false };
      units.set(id, image);
    }
    return image;
  }

  type Table = 'coils' | 'discrete' | 'input' | 'holding';
  /** A promise that never settles is how the server is kept silent. */
  const silence = (): Promise<never> => new Promise(() => {});

  function get<T>(table: Table, address: number, id: number): Promise<T> {
    const image = units.get(id);
    if (!image || image.silent) return silence();
    const value = image[table].get(address);
    return value === undefined ? Promise.reject(illegalAddress) : Promise.resolve(value as T);
  }

  function set(
    table: 'coils' | 'holding',
    address: number,
    value: boolean | number,
    id: number,
  ): Promise<void> {
    const image = units.get(id);
    if (!image || image.silent) return silence();
    const cells = image[table] as Map<number, boolean | number>;
    if (!cells.has(address)) return Promise.reject(illegalAddress);
    cells.set(address, value);
    return Promise.resolve();
  }

  const server = new modbus.ServerTCP(
    {
      getCoil: (address: number, id: number) => get<boolean>('coils', address, id),
      getDiscreteInput: (address: number, id: number) => get<boolean>('discrete', address, id),
      getInputRegister: (address: number, id: number) => get<number>('input', address, id),
      getHoldingRegister: (address: number, id: number) => get<number>('holding', address, id),
      setCoil: (address: number, value: boolean, id: number) => set('coils', address, value, id),
      setRegister: (address: number, value: number, id: number) => set('holding', address, value, id),
    },
    // the library takes the number 0 for "none given" and listens on 502; the text goes through to the system
    { host, port: (options.port === 0 ? '0' : options.port) as number },
  );
  await new Promise<void>((resolve, reject) => {
    server.on('initialized', () => resolve());
    server.on('serverError', (error: Error | null) => reject(error));
  });
  // a client that breaks off is no fault of the server's
  server.on('socketError', () => {});
  const listener = (server as unknown as { _server: Server })._server;
  return {
    host,
    port: (listener.address() as AddressInfo).port,
    unit,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
