// The mqtt package behind one static import, so that it can be loaded late and still be bundled: it is in
// the older module form, of which a late import would only see the default export.

import mqtt from 'mqtt';

export const connect: typeof mqtt.connect = mqtt.connect;
