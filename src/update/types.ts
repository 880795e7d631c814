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
