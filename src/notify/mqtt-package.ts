// The mqtt package behind one static import, so that it can be loaded late and still be bundled: it is in
// the older module form, of which a late import would only see the default export.

import type { Duplex } from 'node:stream';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { writeToStream } from 'mqtt-packet';

// Its documented switch: otherwise the first packet makes 65,536 small buffers, 7 MB for a gateway's whole life.
writeToStream.cacheNumbers = false;

export const connect: typeof mqtt.connect = mqtt.connect;

/** Speaks MQTT over a connection that is there already. */
export function connectOver(stream: Duplex, options: IClientOptions): MqttClient {
  return new mqtt.MqttClient(() => stream, options);
}
