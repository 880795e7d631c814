// The kinds of channel: a new one is its file and one line here. Each is loaded when a site first uses it, because
// most gateways use one or two, and the libraries behind them cost memory. Knows no configuration.

import type { ChannelConfig } from '../../config/types.ts';
import type { ChannelKind } from './channel.ts';

type Kinds = { readonly [T in ChannelConfig['type']]: ChannelKind<Extract<ChannelConfig, { type: T }>> };

const kinds: Kinds = {
  webhook: { atOnce: 4, standing: false, load: async () => (await import('./webhook.ts')).openWebhook },
  email: { atOnce: 4, standing: false, load: async () => (await import('./email.ts')).openEmail },
  sms: { atOnce: 1, standing: true, load: async () => (await import('./sms.ts')).openSms },
};

/** The kind that this configuration is of. */
export function kindOf(config: ChannelConfig): ChannelKind<ChannelConfig> {
  // each kind is only ever given the configuration of its own type
  return kinds[config.type] as ChannelKind<ChannelConfig>;
}
