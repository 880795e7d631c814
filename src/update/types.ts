// What the parts of an update hand to each other. Data only.

/** Nothing was changed. */
export class Refused extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** How the daemon was at one moment. */
export interface Look {
  /** as systemd says: active, activating, failed, … */
  readonly state: string;
  /** 0: none runs */
  readonly pid: number;
  /** how often systemd has started it again by itself */
  readonly restarts: number;
  /** of the daemon that answers; absent: none answers */
  readonly version?: string;
  /** ids of devices that answer */
  readonly devices: readonly string[];
  /** ids of all incidents that are open */
  readonly open: readonly string[];
  /** ids of all incidents that are known, the closed ones among them */
  readonly known: readonly string[];
  /** rules of the troubles of the gateway itself that are open */
  readonly ill: readonly string[];
}

/** What dpkg says of the package. */
export interface Installed {
  /** unpacked and configured: nothing was interrupted */
  readonly whole: boolean;
  /** absent: none is known */
  readonly version?: string;
}

export type Outcome =
  | { readonly result: 'updated'; readonly from: string; readonly to: string; readonly signer: string }
  | {
      readonly result: 'rolledBack' | 'notHealthy';
      readonly from: string;
      readonly to: string;
      readonly because: string;
      /** what became of the state */
      readonly state: 'kept' | 'restored';
      /** what is wrong with what was gone back to */
      readonly still?: string;
    };

/** How going on after an interruption ended. */
export type Resumed =
  | Outcome
  /** no update was interrupted */
  | { readonly result: 'nothing' }
  /** somebody has installed a third version since */
  | {
      readonly result: 'superseded';
      readonly from: string;
      readonly to: string;
      readonly installed: string;
    };
